"""Evidence over HTTP: appended, read back as it stood, used by jobs as of a day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from forecast.study import resolve_observations, study_from_document
from tests.api.shared import Shared
from tests.documents import event_outcome
from tests.installation import Installation
from tests.living import living_document

ROW = {"indicator": "incidents", "period": "2020-03", "value": 9, "known_at": "2020-04-02"}
NOW = datetime.now(UTC)


@pytest.fixture
def study(client: TestClient) -> str:
    return put_study(client)


def put_study(client: TestClient) -> str:
    assert client.put("/v1/studies/small", json=living_document()).is_success
    return "/v1/studies/small"


def counts(installation: Installation, job: str) -> dict[str, int]:
    """What the document of a job says of the incidents."""
    with installation.database.read() as session:
        from forecast.store import StudyRepository

        document = StudyRepository(session).document(installation.job(job).digest)
    found = resolve_observations(study_from_document(json.loads(str(document))))["incidents"]
    return {f"{item.period:%Y-%m}": item.value for item in found}


@pytest.mark.parametrize("body", [ROW, [ROW], {"rows": [ROW]}], ids=["row", "list", "rows"])
def test_a_row_is_stored_once_with_both_its_times(client: TestClient, study: str, body: Any) -> None:
    answer = client.post(f"{study}/observations", json=body)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert (found["added"], found["duplicates"]) == (1, 0)
    (item,) = found["items"]
    assert (item["subject"], item["known_at"], item["origin"]) == ("incidents", "2020-04-02", "api")
    assert item["recorded_at"] == found["recorded_at"]
    again = client.post(f"{study}/observations", json=body)
    assert again.status_code == 200
    assert (again.json()["added"], again.json()["duplicates"]) == (0, 1)
    assert [row["id"] for row in client.get(f"{study}/evidence").json()["items"]] == [item["id"]]


def test_csv_is_rows_as_well(client: TestClient, study: str) -> None:
    body = "indicator,period,value,known_at\nincidents,2020-03,9,2020-04-02\nmeetings,2020-03,,2020-04-02\n"
    answer = client.post(f"{study}/observations", content=body, headers={"Content-Type": "text/csv"})
    assert answer.json()["added"] == 2
    assert [item["cells"]["value"] for item in answer.json()["items"]] == [9, None]


def test_judgments_and_resolutions_are_evidence_too(client: TestClient, study: str) -> None:
    said = {"expert": "y", "outcome": "exit", "probability": 0.4, "on": "2020-05-01"}
    turned_out = {"outcome": "agreement", "resolution": "yes", "on": "2020-06-01"}
    assert client.post(f"{study}/judgments", json=said).status_code == 201
    assert client.post(f"{study}/resolutions", json=turned_out).status_code == 201
    items = client.get(f"{study}/evidence").json()["items"]
    assert [(item["kind"], item["subject"]) for item in items] == [("resolutions", "agreement"), ("judgments", "exit")]
    only = client.get(f"{study}/evidence", params={"kind": "judgments"}).json()["items"]
    assert [item["kind"] for item in only] == ["judgments"]


def test_a_judgment_that_contradicts_another_is_taken_and_asked_about(client: TestClient, study: str) -> None:
    """As of the day on which it is known; what was asked before is not asked again."""
    first = {"expert": "y", "outcome": "exit", "by": "2022-01-01", "probability": 0.4, "on": "2020-05-01"}
    first["known_at"] = "2020-05-02"
    answer = client.post(f"{study}/judgments", json=first)
    assert answer.json()["questions"] == []
    later = {**first, "by": "2024-01-01", "probability": 0.2}
    answer = client.post(f"{study}/judgments", json=later)
    assert (answer.status_code, answer.json()["added"]) == (201, 1)
    (asked,) = answer.json()["questions"]
    assert asked.startswith("'y' says exit by 2022-01-01 0.4 (judgments.rows[1]), but only exit by 2024-01-01 0.2 (")
    (asked,) = client.post(f"{study}/judgments", json={**first, "expert": "Y"}).json()["questions"]
    assert "one person?" in asked


def test_a_study_that_refuses_contradictions_takes_no_row_that_makes_one(client: TestClient) -> None:
    document = living_document()
    document["judgments"]["incoherent"] = "refuse"
    assert client.put("/v1/studies/small", json=document).is_success
    said = {"expert": "y", "outcome": "exit", "on": "2020-05-01", "known_at": "2020-05-01"}
    rows = [{**said, "by": "2022-01-01", "probability": 0.4}, {**said, "by": "2024-01-01", "probability": 0.2}]
    assert client.post("/v1/studies/small/judgments", json=rows[:1]).status_code == 201
    answer = client.post("/v1/studies/small/judgments", json=rows[1:])
    assert answer.status_code == 422
    assert "incoherent" in {error["code"] for error in answer.json()["errors"]}
    assert len(client.get("/v1/studies/small/evidence").json()["items"]) == 1


def test_a_job_uses_what_was_known_and_recorded_by_its_day(
    client: TestClient, installation: Installation, study: str
) -> None:
    document = {**living_document(), "outcomes": [event_outcome()]}  # nothing resolves before today
    assert client.put(study, json=document).status_code == 200
    assert client.post(f"{study}/observations", json=ROW).status_code == 201

    def submit(**options: Any) -> dict[str, int]:
        answer = client.post("/v1/jobs", json={"study": "small", **options})
        assert answer.status_code == 202, answer.text
        return counts(installation, answer.json()["id"])

    without, together = {"2020-01": 4, "2020-02": 6}, {"2020-01": 4, "2020-02": 6, "2020-03": 9}
    assert submit() == without
    assert submit(as_of="2020-04-02") == without  # it was recorded today, long after
    assert submit(as_of="2020-04-02", hindsight=True) == together
    assert submit(as_of="2020-04-01", hindsight=True) == without
    assert submit(as_of=NOW.date().isoformat()) == together
    before = (NOW - timedelta(days=1)).isoformat()
    assert submit(as_of=NOW.date().isoformat(), recorded_by=before) == without


def test_a_job_may_name_a_version_that_the_study_has_had(
    client: TestClient, installation: Installation, study: str
) -> None:
    first = client.get(study).json()["digest"]
    assert client.put(study, json=living_document(title="Another")).status_code == 200
    answer = client.post("/v1/jobs", json={"study": "small", "version": first})
    assert answer.status_code == 202, answer.text
    assert installation.job(answer.json()["id"]).version == first
    assert client.get(f"/v1/jobs/{answer.json()['id']}").json()["title"] != "Another"
    for unknown in ("0" * 64, "x"):
        assert client.post("/v1/jobs", json={"study": "small", "version": unknown}).status_code == 404


def test_reading_as_of_a_day_gives_what_was_known_then(client: TestClient, study: str) -> None:
    client.post(f"{study}/observations", json=ROW)

    def seen(**options: Any) -> int:
        return len(client.get(f"{study}/evidence", params=options).json()["items"])

    assert seen() == seen(as_of=NOW.date().isoformat()) == 1
    assert seen(as_of="2020-04-02") == 0
    assert seen(as_of="2020-04-02", hindsight=True) == 1
    assert seen(as_of="2020-04-01", hindsight=True) == 0
    assert seen(recorded_by=(NOW - timedelta(days=1)).isoformat()) == 0


BAD: dict[str, tuple[Any, str]] = {
    "unknown indicator": ({**ROW, "indicator": "x"}, "rows[0].indicator"),
    "future": ({**ROW, "known_at": "2999-01-01"}, "rows[0].known_at"),
    "period to come": ({**ROW, "period": "2999-01"}, "rows[0].period"),
    "unknown column": ({**ROW, "vaule": 1}, "rows[0].vaule"),
    "second of two": ([ROW, {**ROW, "period": "2020-04", "value": -1, "known_at": "2020-05-01"}], "rows[1].value"),
}


@pytest.mark.parametrize(("body", "path"), BAD.values(), ids=BAD)
def test_a_bad_row_is_named_and_nothing_is_stored(shared: Shared, body: Any, path: str) -> None:
    client, study = shared.client, put_study(shared.client)
    answer = client.post(f"{study}/observations", json=body)
    assert answer.status_code == 422, answer.text
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert client.get(f"{study}/evidence").json()["items"] == []


def test_bodies_that_are_no_rows_and_studies_that_are_none(shared: Shared) -> None:
    client, study = shared.client, put_study(shared.client)
    for body, status in ((b"[1]", 422), (b"{", 400), (b"[]", 422), (b'{"rows": [], "more": 1}', 422), (b"null", 422)):
        answer = client.post(f"{study}/observations", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status, (body, answer.text)
    assert client.post(f"{study}/observations", content=b"x", headers={"Content-Type": "text/html"}).status_code == 415
    assert client.post("/v1/studies/nobody/observations", json=ROW).status_code == 404
    assert client.get("/v1/studies/nobody/evidence").status_code == 404


def test_far_too_many_rows_are_one_clear_error(shared: Shared) -> None:
    client, study = shared.client, put_study(shared.client)
    rows = "indicator,period,value\n" + "incidents,2020-03,1\n" * 1_000_000
    answer = client.post(f"{study}/observations", content=rows, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 413, answer.text
    fewer = "indicator,period,value\n" + "incidents,2020-03,1\n" * 15_000
    answer = client.post(f"{study}/observations", content=fewer, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    assert "at most 5,000 at once" in answer.json()["detail"]


def test_a_moment_needs_its_zone(shared: Shared) -> None:
    client, study = shared.client, put_study(shared.client)
    answer = client.get(f"{study}/evidence", params={"recorded_by": "2020-04-02T10:00:00"})
    assert answer.status_code == 422
    assert "time zone" in answer.json()["detail"]


def test_a_new_version_that_no_longer_fits_the_evidence_is_named(client: TestClient, study: str) -> None:
    client.post(f"{study}/observations", json=ROW)
    client.post(f"{study}/resolutions", json={"outcome": "agreement", "resolution": "yes", "on": "2020-06-01"})
    document = living_document()
    document["outcomes"] = document["outcomes"][:1]
    assert client.put("/v1/studies/small", json=document).status_code == 200
    answer = client.post("/v1/jobs", json={"study": "small", "as_of": NOW.date().isoformat()})
    assert answer.status_code == 422
    assert "no longer fits evidence" in answer.json()["detail"]


@pytest.mark.parametrize("option", [{"hindsight": True}, {"recorded_by": "2020-04-02T10:00:00Z"}])
def test_which_evidence_to_use_is_asked_of_stored_studies_alone(shared: Shared, option: dict[str, Any]) -> None:
    answer = shared.client.post("/v1/jobs", json={"document": living_document(), **option})
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == list(option)


@pytest.mark.parametrize("option", [{"hindsight": True}, {"version": "0" * 64}, {"as_of": "2020-04-02"}])
def test_an_explanation_takes_its_forecast_as_it_is(shared: Shared, option: dict[str, Any]) -> None:
    unknown = "01980000-0000-7000-8000-00000000000a"
    answer = shared.client.post("/v1/jobs", json={"kind": "attribution", "forecast": unknown, **option})
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == list(option)
