"""Numbers for Prometheus, read back with Prometheus' own parser."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from forecast.jobs.lifecycle import cancel_job, complete_job, renew_lease
from forecast.store import utc_now
from tests.api.stored_sample import store_sample
from tests.installation import LEASE_SECONDS, Installation, forecast_row
from tests.leases import Watcher


def read(client: TestClient) -> dict[tuple[str, ...], float]:
    """Value by name and label values."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_every_number_that_was_promised_is_there_from_the_start(client: TestClient) -> None:
    found = read(client)
    for name in (
        "forecast_divergences_total",
        "forecast_leases_expired_total",
        "forecast_redispatches_total",
        "forecast_results_refused_total",
        "forecast_lateness_seconds_total",
        "forecast_draws_removed_total",
        "forecast_queue_age_seconds",
        "forecast_schedule_overdue_seconds",
    ):
        assert found[(name,)] == 0, name
    assert found["forecast_jobs", "forecast", "queued"] == 0


def test_jobs_are_counted_as_they_stand_and_as_they_end(client: TestClient, installation: Installation) -> None:
    now = utc_now()
    waiting = installation.submit(now=now - timedelta(seconds=90))
    cancelled, running, lost = (installation.submit(now=now) for _ in range(3))
    with installation.database.write() as session:
        cancel_job(session, cancelled)
    claim = installation.claim(running, now=now)
    installation.claim(lost, now=now - timedelta(hours=1))
    watcher = Watcher(installation)
    for moment in range(4):
        with installation.database.write() as session:
            renew_lease(session, claim, float(moment))
        expired = watcher.look(after=LEASE_SECONDS / 3, now=now)
    assert expired == [lost]
    found = read(client)
    assert found["forecast_jobs", "forecast", "queued"] == 2
    assert found["forecast_jobs", "forecast", "running"] == 1
    assert found["forecast_jobs_ended_total", "forecast", "cancelled"] == 1
    assert found[("forecast_leases_expired_total",)] == 1
    assert 89 < found[("forecast_queue_age_seconds",)] < 120
    counts = {("stage_seconds", "sample"): 2.5, ("stage_runs", "sample"): 1, ("divergences", ""): 3}
    with installation.database.write() as session:
        complete_job(session, claim, forecast_row(claim), {}, now, counts=counts)
        assert complete_job(session, claim, forecast_row(claim), {}, now) == "lost"
    with installation.database.write() as session:
        cancel_job(session, waiting)
    found = read(client)
    assert found["forecast_jobs_ended_total", "forecast", "succeeded"] == 1
    assert found["forecast_jobs_ended_total", "forecast", "cancelled"] == 2
    assert found["forecast_stage_seconds_total", "sample"] == 2.5
    assert found[("forecast_divergences_total",)] == 3
    assert found[("forecast_results_refused_total",)] == 1


def test_requests_are_counted_under_their_routes_and_not_their_addresses(
    client: TestClient, installation: Installation
) -> None:
    forecast_id, _ = store_sample(installation)
    for path in (f"/v1/forecasts/{forecast_id}", "/v1/forecasts/none", "/nothing/here", f"/forecasts/{forecast_id}"):
        client.get(path)
    answered = {key[1:]: value for key, value in read(client).items() if key[0] == "forecast_http_requests_total"}
    assert answered["GET", "/v1/forecasts/{forecast_id}", "200"] == 1
    assert answered["GET", "/v1/forecasts/{forecast_id}", "404"] == 1
    assert answered["GET", "/forecasts/{forecast_id}", "200"] == 1
    assert answered["GET", "none", "404"] == 1
    assert forecast_id not in client.get("/metrics").text


def test_no_name_of_anything_stored_is_in_the_numbers(client: TestClient, installation: Installation) -> None:
    store_sample(installation)
    text = client.get("/metrics").text
    for name in ("karabakh", "default", installation.key.split("_")[1]):
        assert name not in text
