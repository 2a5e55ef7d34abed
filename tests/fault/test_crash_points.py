"""Processes that die at the worst moments. Each is killed by SIGKILL at a named place, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from forecast.jobs.states import JobState
from forecast.runtime.settings import Settings
from forecast.store import ForecastRepository, JobRepository, stored_file, utc_now
from tests.coin import coin_document
from tests.embedded_redis import redis_for
from tests.installation import Installation, installation_in
from tests.leases import see_a_lease_pass
from tests.waiting import wait_until
from workers.address import choose_address

pytestmark = pytest.mark.both_databases

RUN_ATTEMPT = """
import sys, threading
from pathlib import Path
from forecast.jobs.quotas import JobLimits
from forecast.runtime.settings import Settings
from forecast.store import ArtifactStore, Database
from tests.workers.test_runner import result_of
from workers.runner import Runner

settings = Settings(home=Path(sys.argv[1]))
runner = Runner(
    settings, Database(settings.database), ArtifactStore(settings.artifacts), "host:1:2", threading.Event(), result_of
)
runner.run(sys.argv[2])
"""

DISPATCH = """
import sys
from pathlib import Path
from forecast.queue.broker import Broker
from workers.dispatch import Dispatcher
from forecast.queue.publish import Publisher
from forecast.jobs.quotas import JobLimits
from forecast.runtime.settings import Settings
from forecast.store import ArtifactStore, Database

settings = Settings(home=Path(sys.argv[1]))
database = Database(settings.database)
broker, publisher = Broker(settings.redis_client_url, database), Publisher(settings.broker_url, database)
artifacts, limits = ArtifactStore(settings.artifacts), JobLimits.of(settings)
Dispatcher(database, publisher, broker, artifacts, 3600.0, limits).run_pass()
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


def crashing(point: str, installation: Installation) -> dict[str, str]:
    mark = installation.settings.home / f"crashed-at-{point}"
    mark.parent.mkdir(exist_ok=True)
    return {
        **os.environ,
        "FORECAST_HOME": str(installation.settings.home),
        "FORECAST_CRASH_AT": point,
        "FORECAST_CRASH_MARK": str(mark),
    }


def run(code: str, environment: dict[str, str], *arguments: str) -> int:
    found = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=False, timeout=60)
    return found.returncode


def forecast_count(installation: Installation, job_id: str) -> int:
    with installation.database.read() as session:
        row = ForecastRepository(session).of_job(job_id)
    if row is None:
        return 0
    installation.artifacts.verified_path(stored_file(row))
    return 1


def test_an_attempt_that_dies_after_its_claim_is_made_again(installation: Installation) -> None:
    assert_made_again(installation, "claimed")


@pytest.mark.sqlite_only
def test_an_attempt_that_dies_with_its_file_in_place_is_made_again(installation: Installation) -> None:
    assert_made_again(installation, "file_renamed")


def assert_made_again(installation: Installation, point: str) -> None:
    """The attempt that dies there leaves no forecast, and the next one makes it."""
    job_id = installation.submit(now=utc_now())
    home = str(installation.settings.home)
    environment = crashing(point, installation)
    assert run(RUN_ATTEMPT, environment, home, job_id) == -signal.SIGKILL
    assert installation.state(job_id) is JobState.RUNNING
    assert forecast_count(installation, job_id) == 0
    assert see_a_lease_pass(installation, utc_now(), installation.settings.lease_seconds) == [job_id]
    assert run(RUN_ATTEMPT, environment, home, job_id) == 0
    assert (installation.state(job_id), installation.job(job_id).attempt) == (JobState.SUCCEEDED, 2)
    assert forecast_count(installation, job_id) == 1


def test_an_attempt_that_dies_after_its_commit_is_done(installation: Installation) -> None:
    """Redis delivers the unacknowledged message again; the claim drops it."""
    job_id = installation.submit(now=utc_now())
    home = str(installation.settings.home)
    environment = crashing("completed", installation)
    assert run(RUN_ATTEMPT, environment, home, job_id) == -signal.SIGKILL
    assert run(RUN_ATTEMPT, environment, home, job_id) == 0
    assert (installation.state(job_id), installation.job(job_id).attempt) == (JobState.SUCCEEDED, 1)
    assert forecast_count(installation, job_id) == 1


def test_a_dispatcher_that_dies_after_publishing_publishes_again(installation: Installation) -> None:
    job_id = installation.submit(now=utc_now())
    home = str(installation.settings.home)
    environment = crashing("dispatcher_published", installation)
    with redis_for(installation.settings):
        assert run(DISPATCH, environment, home) == -signal.SIGKILL
        assert installation.job(job_id).dispatched_at is None
        assert run(DISPATCH, environment, home) == 0
    assert installation.job(job_id).dispatches == 1


@contextmanager
def web_process(environment: dict[str, str]) -> Iterator[str]:
    url = choose_address(Settings(port=0)).base_url
    environment = {**environment, "FORECAST_PORT": url.rpartition(":")[2]}
    process = subprocess.Popen([sys.executable, "-m", "api"], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(url), message="the web process")
        yield url
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/version", trust_env=False, timeout=10).is_success
    except httpx2.HTTPError:
        return False


@pytest.mark.sqlite_only
def test_a_web_process_that_dies_before_it_accepts_makes_one_job_for_one_key(installation: Installation) -> None:
    assert_one_job(installation, "accepting")


def test_a_web_process_that_dies_after_it_has_accepted_makes_one_job_for_one_key(installation: Installation) -> None:
    assert_one_job(installation, "accepted")


def assert_one_job(installation: Installation, point: str) -> None:
    """Before its commit there is no job, after it there is one; a client that repeats its request is safe in both."""
    environment = crashing(point, installation)
    body = {"document": coin_document()}
    headers = {"Idempotency-Key": "a-key", "Authorization": f"Bearer {installation.key}"}
    with web_process(environment) as url, pytest.raises(httpx2.HTTPError):
        httpx2.post(f"{url}/v1/jobs", json=body, headers=headers, trust_env=False, timeout=30)
    with installation.database.read() as session:
        assert len(JobRepository(session).page(9).items) == (point == "accepted")
    with web_process(environment) as url:
        answer = httpx2.post(f"{url}/v1/jobs", json=body, headers=headers, trust_env=False, timeout=30)
        assert answer.status_code == 202
        listed = httpx2.get(f"{url}/v1/jobs", headers=headers, trust_env=False).json()["items"]
    assert [job["id"] for job in listed] == [answer.json()["id"]]
