"""Health, readiness, headers, and what the web process loads."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette

from api.app import create_app
from api.starting import StartingApp
from forecast.queue.broker import Broker
from forecast.runtime.settings import Settings
from forecast.store import JobRepository, utc_now
from tests.embedded_redis import redis_for
from tests.installation import Installation
from tests.waiting import wait_until
from workers.address import choose_address


def test_without_redis_the_service_is_degraded_and_goes_on(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "database": "ok",
        "broker": "unavailable",
        "workers": "ok",
        "clock": "ok",
    }


@pytest.mark.service
def test_with_redis_the_service_is_ready(client: TestClient, installation: Installation) -> None:
    with redis_for(installation.settings):
        assert client.get("/readyz").json()["status"] == "ready"


@pytest.mark.service
def test_a_queue_that_another_installation_reads_is_told_of(client: TestClient, installation: Installation) -> None:
    with (
        redis_for(installation.settings),
        closing(Broker(installation.settings.redis_client_url, installation.database)) as broker,
    ):
        broker.note_reader("worker@elsewhere:7:0a1b2c3d")
        answer = client.get("/readyz").json()
    assert answer["status"] == "degraded"
    assert answer["broker"].startswith(
        "a worker on elsewhere reads the queue of this installation with another database"
    )


@pytest.mark.service
def test_jobs_that_no_worker_takes_are_reported_as_waiting_for_workers(
    client: TestClient, installation: Installation
) -> None:
    job_id = installation.submit(now=utc_now() - timedelta(minutes=5))
    with redis_for(installation.settings):
        assert client.get("/readyz").json()["workers"] == "ok", "the queue was not told of it"
        with installation.database.write() as session:
            for _ in range(2):
                JobRepository(session).mark_dispatched(job_id, utc_now())
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"], answer.json()["workers"]) == (200, "degraded", "silent")
        installation.claim(job_id, now=utc_now())
        assert client.get("/readyz").json()["status"] == "ready"


def test_without_its_schema_the_service_is_not_ready(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(home=tmp_path)), base_url="http://127.0.0.1") as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "forecast serve" in answer.json()["database"]


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    for path in ("/healthz", "/v1/jobs", "/v1/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_the_schema_of_the_interface_names_every_route(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        *(f"/v1/studies/{{study_id}}/{kind}" for kind in ("observations", "judgments", "resolutions", "evidence")),
        *(f"/v1/schedules{rest}" for rest in ("", "/{schedule_id}", "/{schedule_id}/run", "/{schedule_id}/runs")),
        "/healthz",
        "/readyz",
        "/version",
        "/problems/{code}",
        "/v1/studies",
        "/v1/studies/{study_id}",
        "/v1/studies/{study_id}/versions",
        "/v1/studies/{study_id}/forecasts",
        "/v1/studies/{study_id}/latest",
        "/v1/studies/{study_id}/ledger",
        "/v1/studies/{study_id}/alerts.atom",
        *(
            f"/v1/subscriptions{rest}"
            for rest in ("", "/{subscription_id}", "/{subscription_id}/test", "/{subscription_id}/secret")
        ),
        *(f"/v1/alerts{rest}" for rest in ("", "/{alert_id}", "/{alert_id}/replay")),
        "/v1/studies/{study_id}/sources",
        "/v1/studies/{study_id}/sources/{source_id}/fetch",
        "/metrics",
        "/v1/access",
        "/v1/sign-in-links",
        "/v1/keys",
        "/v1/keys/{key_id}",
        "/v1/jobs",
        "/v1/jobs/{job_id}",
        "/v1/jobs/{job_id}/events",
        "/v1/jobs/{job_id}/cancel",
        "/v1/forecasts/{forecast_id}",
        "/v1/forecasts/{forecast_id}/draws.nc",
        "/v1/forecasts/{forecast_id}/diagnostics",
        "/v1/check",
        "/v1/compare",
        "/v1/examples",
        "/v1/examples/{name}",
        "/v1/previews",
        "/v1/previews/{digest}",
        "/v1/schema",
        "/v1/forecasts/{forecast_id}/plots",
        "/v1/forecasts/{forecast_id}/plots/{name}.json",
        "/v1/forecasts/{forecast_id}/plots/{name}.png",
        "/v1/forecasts/{forecast_id}/query",
    }


def get_status(port: int, path: str, key: str | None = None) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={} if key is None else {"Authorization": f"Bearer {key}"})
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def test_while_the_application_is_loaded_health_is_answered_and_the_rest_waits(installation: Installation) -> None:
    may_load = threading.Event()

    def load() -> Starlette:
        may_load.wait()
        return create_app(installation.settings)

    with TestClient(StartingApp(load), base_url="http://127.0.0.1") as client, ThreadPoolExecutor(1) as threads:
        try:
            waiting = threads.submit(client.get, "/v1/jobs")
            assert client.get("/healthz").status_code == 200
            assert not waiting.done()
        finally:
            may_load.set()
        assert waiting.result().status_code == 401


@pytest.mark.service
def test_the_process_answers_within_two_seconds_of_its_start(installation: Installation) -> None:
    """Of its own: those in which it waits for a busy processor are not its doing."""
    port = choose_address(Settings(port=0)).port
    environment = {**os.environ, "FORECAST_HOME": str(installation.settings.home), "FORECAST_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "api"], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: get_status(port, "/healthz") == 200, 120, message="/healthz")
        healthy_after = cpu_seconds(process.pid)
        # Any other request waits for the application instead of failing.
        assert get_status(port, "/v1/jobs") == 401
        ready_after = cpu_seconds(process.pid)
        assert get_status(port, "/v1/jobs", installation.key) == 200
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert healthy_after < 2.0
    assert healthy_after < ready_after / 2, "most of what it loads is loaded later"


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
