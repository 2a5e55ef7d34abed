"""The history of a study over HTTP, the comparison with the forecast before, updates, and forecasts that grow old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import JobKind
from forecast.store import StudyRepository, utc_now
from forecast.timeline.ledger import score_due
from tests.api.test_explanations import explain, made_forecast
from tests.coin import coin_document, coin_study
from tests.installation import Installation, forecast_row


def test_each_forecast_says_how_far_it_moved(client: TestClient, installation: Installation) -> None:
    first, second = (made_forecast(client, installation) for _ in range(2))
    newest, oldest = client.get("/v1/studies/coin/forecasts").json()["items"]
    assert (newest["forecast_id"], newest["previous"], oldest["previous"]) == (second, first, None)
    move = newest["outcomes"]["heads"]
    assert (move["probability"], move["change"], move["log_odds_change"], move["beyond_noise"]) == (0.5, 0, 0, False)
    assert oldest["outcomes"]["heads"]["change"] is None
    assert newest["triage"] is None


def test_a_comparison_is_asked_for_as_an_explanation(client: TestClient, installation: Installation) -> None:
    first = made_forecast(client, installation)
    alone = client.post("/v1/jobs", json={"forecast": first, "kind": "triage"})
    assert (alone.status_code, alone.json()["code"]) == (409, "no_previous_forecast")
    second = made_forecast(client, installation)
    job_id = explain(client, installation, second, JobKind.TRIAGE)
    assert client.get(f"/v1/jobs/{job_id}").json()["forecast_id"] == second
    assert client.get(f"/v1/forecasts/{second}").json()["triage"]["steps"][0]["cause"] == "method"


def test_an_update_begins_from_a_forecast_that_is_fixed_when_it_is_accepted(
    client: TestClient, installation: Installation
) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    first = client.post("/v1/jobs", json={"study": "coin", "kind": "update"}).json()
    assert (first["kind"], first["target_forecast_id"]) == ("update", None)
    made = made_forecast(client, installation)
    second = client.post("/v1/jobs", json={"study": "coin", "kind": "update"}).json()
    assert (second["target_forecast_id"], second["forecast_id"]) == (made, None)
    made_forecast(client, installation, verdict="degraded")
    third = client.post("/v1/jobs", json={"study": "coin", "kind": "update"}).json()
    assert third["target_forecast_id"] == made


def test_a_document_has_no_forecast_to_update(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json={"document": coin_document(), "kind": "update"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "document"


@pytest.mark.parametrize("path", ["/v1/studies/coin/latest", "/v1/forecasts/{}"])
def test_a_forecast_past_its_time_says_so(
    client: TestClient, installation: Installation, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """To a client, too, that has it already and asks whether it is still the same."""
    path = path.format(made_forecast(client, installation))
    fresh = client.get(path)
    assert fresh.json()["stale"] is False
    known = {"If-None-Match": fresh.headers["etag"]}
    assert client.get(path, headers=known).status_code == 304
    later = utc_now() + timedelta(seconds=installation.settings.fresh_seconds + 60)
    monkeypatch.setattr("api.routes.forecasts.utc_now", lambda: later)
    stale = client.get(path, headers=known)
    assert stale.status_code == 200
    assert stale.json()["stale"] is True
    assert stale.json()["age_seconds"] > installation.settings.fresh_seconds


def test_the_latest_is_of_the_latest_day_not_the_last_one_made(client: TestClient, installation: Installation) -> None:
    newest = made_forecast(client, installation)
    client.put("/v1/studies/coin", json=coin_document(as_of="2020-12-01"))
    job = client.post("/v1/jobs", json={"study": "coin"}).json()
    claim = installation.claim(job["id"], now=utc_now())
    row = forecast_row(claim, coin_study(as_of="2020-12-01"), now=utc_now())
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    assert client.get("/v1/studies/coin/latest").json()["forecast_id"] == newest


def test_the_ledger_of_an_unresolved_study_is_empty(client: TestClient) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    assert client.get("/v1/studies/coin/ledger").json() == {
        "study": "coin",
        "resolutions": [],
        "scores": [],
        "standings": [],
    }
    assert client.get("/v1/studies/dice/ledger").status_code == 404


def test_a_resolution_is_in_the_ledger_at_once_and_its_score_when_it_is_due(
    client: TestClient, installation: Installation
) -> None:
    made = made_forecast(client, installation)
    with installation.database.write() as session:
        # As if the study had been stored before its resolution was known.
        version = StudyRepository(session).version("coin", coin_study().digest)
        assert version is not None
        version.created_at = datetime(2021, 1, 1, tzinfo=UTC)
    row = {"outcome": "heads", "resolution": "yes", "on": "2021-12-01", "known_at": "2021-12-02"}
    assert client.post("/v1/studies/coin/resolutions", json=row).status_code == 201
    found = client.get("/v1/studies/coin/ledger").json()
    assert [(said["resolution"], said["current"]) for said in found["resolutions"]] == [("yes", True)]
    assert found["scores"] == []
    score_due(installation.database, utc_now())
    (score,) = client.get("/v1/studies/coin/ledger").json()["scores"]
    assert (score["forecast_id"], score["forecaster"], score["brier"], score["happened"]) == (
        made,
        "published",
        0.25,
        True,
    )
