"""Jobs over HTTP; nothing runs them here, and no Redis is there: they are accepted all the same."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from api.routes import events
from forecast.jobs.lifecycle import complete_job
from forecast.store import compress_figure, utc_now
from tests.api.shared import Shared
from tests.coin import coin_document, coin_study
from tests.installation import UNKNOWN_ID, Installation, forecast_row


def submit(client: TestClient, **headers: str) -> dict[str, object]:
    answer = client.post("/v1/jobs", json={"document": coin_document()}, headers=headers)
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def finish(installation: Installation, job_id: str) -> str:
    """Complete a job as a worker would, and return the forecast's id."""
    claim = installation.claim(job_id, now=utc_now())
    file = installation.artifacts.write(f"2026-01/{job_id}.nc", lambda path: path.write_bytes(b"draws") and None)
    row = forecast_row(
        claim,
        now=utc_now(),
        artifact_path=file.path,
        artifact_sha256=file.sha256,
        artifact_bytes=file.size_bytes,
    )
    with installation.database.write() as session:
        complete_job(session, claim, row, {"horizon": compress_figure({"data": [1]})})
    return row.id


def test_a_job_is_accepted_without_a_queue(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json={"document": coin_document(), "kind": "forecast"})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["state"], job["study"], job["study_version"]) == ("queued", "coin", None)
    assert client.get(f"/v1/jobs/{job['id']}").json()["id"] == job["id"]


def test_a_job_of_a_stored_study_names_its_version(client: TestClient) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    job = client.post("/v1/jobs", json={"study": "coin"}).json()
    assert job["study_version"] == job["study_digest"] == coin_study().digest


def test_a_job_may_have_its_own_date_and_sampler(client: TestClient) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    body = {"study": "coin", "as_of": "2021-03-01", "sampler": {"draws": 500, "seed": 9}}
    job = client.post("/v1/jobs", json=body).json()
    assert (job["as_of"], job["seed"], job["study_version"]) == ("2021-03-01", 9, coin_study().digest)
    assert job["study_digest"] != coin_study().digest


def test_what_guards_a_job_does_not_leave_the_house(client: TestClient, installation: Installation) -> None:
    job_id = str(submit(client)["id"])
    installation.claim(job_id, worker="secret-host:1:2", now=utc_now())
    for path in (f"/v1/jobs/{job_id}", "/v1/jobs"):
        text = client.get(path).text
        assert "fence" not in text
        assert "secret-host" not in text


def test_a_repeated_request_makes_no_second_job(client: TestClient) -> None:
    key = {"Idempotency-Key": "a-key"}
    assert submit(client, **key)["id"] == submit(client, **key)["id"]
    assert len(client.get("/v1/jobs").json()["items"]) == 1


def test_a_key_with_another_request_is_refused(client: TestClient) -> None:
    submit(client, **{"Idempotency-Key": "a-key"})
    body = {"document": coin_document(title="Another")}
    answer = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "a-key"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")


def test_waiting_ends_after_the_seconds_asked_for(client: TestClient) -> None:
    began = time.monotonic()
    answer = client.post("/v1/jobs", json={"document": coin_document()}, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=1"
    assert 1.0 <= time.monotonic() - began < 10.0


def test_waiting_for_an_ended_job_answers_at_once_with_200(client: TestClient, installation: Installation) -> None:
    headers = {"Idempotency-Key": "a-key"}
    job_id = str(submit(client, **headers)["id"])
    forecast_id = finish(installation, job_id)
    answer = client.post("/v1/jobs", json={"document": coin_document()}, headers={**headers, "Prefer": "wait=60"})
    assert (answer.status_code, answer.json()["forecast_id"]) == (200, forecast_id)


def test_a_waiting_job_is_cancelled(client: TestClient) -> None:
    job_id = submit(client)["id"]
    answer = client.post(f"/v1/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_a_running_job_is_asked_to_stop(client: TestClient, installation: Installation) -> None:
    job_id = str(submit(client)["id"])
    installation.claim(job_id, now=utc_now())
    answer = client.post(f"/v1/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["state"], answer.json()["cancel_requested"]) == (202, "running", True)


def test_an_ended_job_cannot_be_cancelled(client: TestClient, installation: Installation) -> None:
    job_id = str(submit(client)["id"])
    finish(installation, job_id)
    answer = client.post(f"/v1/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_finished")


def test_jobs_are_listed_newest_first_and_by_state(client: TestClient) -> None:
    jobs = [submit(client)["id"] for _ in range(3)]
    client.post(f"/v1/jobs/{jobs[0]}/cancel")
    assert [job["id"] for job in client.get("/v1/jobs").json()["items"]] == jobs[::-1]
    queued = client.get("/v1/jobs", params={"state": "queued", "limit": 1}).json()
    more = client.get("/v1/jobs", params={"state": "queued", "limit": 1, "cursor": queued["next_cursor"]}).json()
    assert [job["id"] for job in queued["items"] + more["items"]] == [jobs[2], jobs[1]]
    assert more["next_cursor"] is None


def test_a_full_queue_says_when_to_come_back(client: TestClient, installation: Installation) -> None:
    for _ in range(installation.settings.max_queued):
        installation.submit()
    answer = client.post("/v1/jobs", json={"document": coin_document()})
    assert (answer.status_code, answer.json()["code"]) == (503, "backlog_full")
    assert answer.headers["retry-after"] == str(answer.json()["retry_after"])


@pytest.mark.parametrize("last_id", [None, "1"])
def test_a_watcher_of_an_ended_job_gets_its_end(
    client: TestClient, installation: Installation, last_id: str | None
) -> None:
    job_id = str(submit(client)["id"])
    forecast_id = finish(installation, job_id)
    headers = {"Last-Event-ID": last_id} if last_id else {}
    answer = client.get(f"/v1/jobs/{job_id}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    event, data, *_ = answer.text.splitlines()
    assert event == "event: done"
    assert json.loads(data.removeprefix("data: "))["forecast_id"] == forecast_id


def test_a_watcher_sees_the_queue_before_a_job_grow_shorter(
    client: TestClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing happens to the job itself meanwhile."""
    monkeypatch.setattr(events, "POLL_SECONDS", 0.01)
    before, behind = installation.submit(), installation.submit()
    with ThreadPoolExecutor(1) as threads:
        watching = threads.submit(client.get, f"/v1/jobs/{behind}/events")
        for job_id in (before, behind):
            time.sleep(0.5)
            client.post(f"/v1/jobs/{job_id}/cancel")
        text = watching.result(timeout=30).text
    seen = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    assert [event.get("queue_position") for event in seen] == [1, 0, None]
    ids = [line for line in text.splitlines() if line.startswith("id: ")]
    assert len(set(ids)) == 3, "who reconnects is told what has changed since"


def test_a_stored_forecast_is_handed_out_with_its_age(client: TestClient, installation: Installation) -> None:
    forecast_id = finish(installation, str(submit(client)["id"]))
    answer = client.get(f"/v1/forecasts/{forecast_id}")
    found = answer.json()
    assert (found["forecast_id"], found["study"], found["verdict"]) == (forecast_id, "coin", "published")
    assert 0 <= found["age_seconds"] < 60
    unchanged = client.get(f"/v1/forecasts/{forecast_id}", headers={"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_draws_diagnostics_and_figures_of_a_forecast(client: TestClient, installation: Installation) -> None:
    forecast_id = finish(installation, str(submit(client)["id"]))
    root = f"/v1/forecasts/{forecast_id}"
    draws = client.get(f"{root}/draws.nc")
    assert (draws.content, draws.headers["content-type"]) == (b"draws", "application/x-netcdf")
    assert client.get(f"{root}/diagnostics").json()["checks"][0]["name"] == "rhat"
    assert client.get(f"{root}/plots/horizon.json").json() == {"data": [1]}
    plain = client.get(f"{root}/plots/horizon.json", headers={"Accept-Encoding": "identity"})
    assert plain.json() == {"data": [1]}
    missing = client.get(f"{root}/plots/other.json")
    assert missing.status_code == 404
    assert "horizon" in missing.json()["detail"]


def test_a_damaged_file_is_a_problem_and_not_a_download(client: TestClient, installation: Installation) -> None:
    job_id = str(submit(client)["id"])
    forecast_id = finish(installation, job_id)
    (installation.artifacts.root / f"2026-01/{job_id}.nc").write_bytes(b"drawX")
    answer = client.get(f"/v1/forecasts/{forecast_id}/draws.nc")
    assert (answer.status_code, answer.json()["code"]) == (500, "result_corrupt")


def test_the_history_and_the_latest_forecast_of_a_study(client: TestClient, installation: Installation) -> None:
    client.put("/v1/studies/coin", json=coin_document())
    made = [finish(installation, client.post("/v1/jobs", json={"study": "coin"}).json()["id"]) for _ in range(2)]
    history = client.get("/v1/studies/coin/forecasts").json()["items"]
    assert [forecast["forecast_id"] for forecast in history] == made[::-1]
    assert client.get("/v1/studies/coin/latest").json()["forecast_id"] == made[1]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs/{}",
        "/v1/jobs/{}/events",
        "/v1/forecasts/{}",
        "/v1/forecasts/{}/draws.nc",
        "/v1/forecasts/{}/diagnostics",
        "/v1/forecasts/{}/plots/horizon.json",
    ],
)
@pytest.mark.parametrize("name", ["1", "not-a-uuid", "%00", "' or 1=1 --", UNKNOWN_ID])
def test_an_unknown_id_is_not_found_however_it_is_spelled(shared: Shared, path: str, name: str) -> None:
    answer = shared.client.get(path.format(name))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
