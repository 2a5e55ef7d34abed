"""Jobs that explain a forecast, over HTTP, and the forecast that then shows what they found."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import JobKind
from forecast.store import utc_now
from tests.api.shared import Shared
from tests.coin import coin_document, coin_study
from tests.explanations import KINDS, explanation_of, explanation_row
from tests.installation import UNKNOWN_ID, Installation, forecast_row


def made_forecast(client: TestClient, installation: Installation, verdict: str = "published", **job: object) -> str:
    """A forecast of the stored coin, as a worker would have left it."""
    client.put("/v1/studies/coin", json=coin_document())
    posted = client.post("/v1/jobs", json={"study": "coin", **job}).json()
    claim = installation.claim(posted["id"], now=utc_now())
    row = forecast_row(claim, now=utc_now(), verdict=verdict)
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    return row.id


def explain(client: TestClient, installation: Installation, forecast_id: str, kind: JobKind) -> str:
    job = client.post("/v1/jobs", json={"forecast": forecast_id, "kind": kind.value}).json()
    claim = installation.claim(job["id"], now=utc_now())
    with installation.database.write() as session:
        complete_job(session, claim, explanation_row(claim, utc_now()), {})
    return claim.job_id


@pytest.mark.parametrize("kind", KINDS)
def test_an_explanation_of_a_forecast_is_accepted(shared: Shared, kind: JobKind) -> None:
    client, forecast_id = shared.client, made_forecast(shared.client, shared.installation)
    answer = client.post("/v1/jobs", json={"forecast": forecast_id, "kind": kind.value})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["kind"], job["target_forecast_id"], job["forecast_id"]) == (kind, forecast_id, None)
    assert (job["study"], job["study_digest"], job["state"]) == ("coin", coin_study().digest, "queued")


def test_a_study_stands_for_the_newest_forecast_of_its_current_version(
    client: TestClient, installation: Installation
) -> None:
    made_forecast(client, installation)
    newest = made_forecast(client, installation)
    body = {"study": "coin", "kind": "attribution"}
    assert client.post("/v1/jobs", json=body).json()["target_forecast_id"] == newest
    client.put("/v1/studies/coin", json=coin_document(title="Another"))
    answer = client.post("/v1/jobs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "submit a job of kind forecast" in answer.json()["detail"]


def test_a_forecast_shows_what_explains_it(client: TestClient, installation: Installation) -> None:
    forecast_id = made_forecast(client, installation)
    found = client.get(f"/v1/forecasts/{forecast_id}").json()
    assert [found[kind.value] for kind in KINDS] == [None, None, None]
    for kind in KINDS:
        explain(client, installation, forecast_id, kind)
    for path in (f"/v1/forecasts/{forecast_id}", "/v1/studies/coin/latest"):
        found = client.get(path).json()
        assert {kind: found[kind.value] for kind in KINDS} == {
            kind: explanation_of(kind).model_dump(mode="json") for kind in KINDS
        }


def test_a_forecast_that_got_an_explanation_is_read_again(client: TestClient, installation: Installation) -> None:
    path = f"/v1/forecasts/{made_forecast(client, installation)}"
    tags = [client.get(path).headers["etag"]]
    for kind in (JobKind.ATTRIBUTION, JobKind.ATTRIBUTION, JobKind.INFLUENCE):
        explain(client, installation, path.rpartition("/")[2], kind)
        changed = client.get(path, headers={"If-None-Match": tags[-1]})
        assert changed.status_code == 200
        tags.append(changed.headers["etag"])
        assert client.get(path, headers={"If-None-Match": tags[-1]}).status_code == 304
    assert len(set(tags)) == 4


def test_an_ended_job_leads_to_the_forecast(client: TestClient, installation: Installation) -> None:
    forecast_id = made_forecast(client, installation)
    job_id = explain(client, installation, forecast_id, JobKind.INFLUENCE)
    job = client.get(f"/v1/jobs/{job_id}").json()
    assert (job["kind"], job["state"], job["forecast_id"]) == ("influence", "succeeded", forecast_id)
    listed = {item["id"]: item for item in client.get("/v1/jobs").json()["items"]}
    assert listed[job_id]["forecast_id"] == forecast_id
    events = client.get(f"/v1/jobs/{job_id}/events").text
    assert events.startswith("event: done")
    assert forecast_id in events


def test_a_refused_forecast_is_not_explained(client: TestClient, installation: Installation) -> None:
    forecast_id = made_forecast(client, installation, verdict="refused")
    for body in ({"forecast": forecast_id}, {"study": "coin"}):
        answer = client.post("/v1/jobs", json={**body, "kind": "attribution"})
        assert (answer.status_code, answer.json()["code"]) == (409, "forecast_refused")
        assert forecast_id in answer.json()["detail"]


def test_a_repeated_request_makes_no_second_job(client: TestClient, installation: Installation) -> None:
    made_forecast(client, installation)
    body, headers = {"study": "coin", "kind": "sensitivity"}, {"Idempotency-Key": "a-key"}
    first = client.post("/v1/jobs", json=body, headers=headers).json()
    # Another forecast has come in the meantime: it is still the same request.
    made_forecast(client, installation)
    assert client.post("/v1/jobs", json=body, headers=headers).json()["id"] == first["id"]
    other = client.post("/v1/jobs", json={**body, "kind": "influence"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_waiting_explanation_is_cancelled(client: TestClient, installation: Installation) -> None:
    forecast_id = made_forecast(client, installation)
    job = client.post("/v1/jobs", json={"forecast": forecast_id, "kind": "influence"}).json()
    assert client.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        pytest.param({"kind": "attribution"}, "forecast", id="neither"),
        pytest.param({"kind": "attribution", "study": "coin", "forecast": "{}"}, "forecast", id="both"),
        pytest.param({"kind": "attribution", "forecast": "{}", "document": {}}, "document", id="document"),
        pytest.param({"kind": "influence", "forecast": "{}", "as_of": "2021-03-01"}, "as_of", id="as_of"),
        pytest.param({"kind": "sensitivity", "forecast": "{}", "sampler": {"draws": 500}}, "sampler", id="sampler"),
        pytest.param({"kind": "forecast", "study": "coin", "forecast": "{}"}, "forecast", id="forecast_of_forecast"),
        pytest.param({"kind": "attribution", "forecast": 5}, "forecast", id="no_text"),
    ],
)
def test_a_bad_request_is_refused_with_its_path(shared: Shared, body: dict[str, object], path: str) -> None:
    client, forecast_id = shared.client, made_forecast(shared.client, shared.installation)
    given = {key: forecast_id if value == "{}" else value for key, value in body.items()}
    answer = client.post("/v1/jobs", json=given)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), answer.text
    assert path in [error["path"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("name", ["1", "not-a-uuid", "' or 1=1 --", UNKNOWN_ID])
def test_an_unknown_forecast_is_not_found(shared: Shared, name: str) -> None:
    answer = shared.client.post("/v1/jobs", json={"forecast": name, "kind": "attribution"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_schema_of_the_interface_names_the_kinds(shared: Shared) -> None:
    schema = shared.client.get("/openapi.json").json()
    schemas = schema["components"]["schemas"]
    body = schemas["JobRequest"]
    assert body["properties"]["kind"]["enum"] == [
        "forecast",
        "update",
        "attribution",
        "influence",
        "sensitivity",
        "triage",
    ]
    assert {"Attribution", "InfluenceReport", "SensitivityReport", "StoredForecast"} <= set(schemas)
