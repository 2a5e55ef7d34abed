"""A worker of the version before, beside a web process and a dispatcher of this one: jobs wait, and none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forecast.client.client import ForecastClient
from forecast.jobs.states import JobState
from forecast.store import utc_now
from tests.coin import QUICK, coin_document
from tests.embedded_redis import redis_for
from tests.installation import Installation, installation_in
from tests.waiting import wait_until
from tests.web_process import web_process

pytestmark = [pytest.mark.service, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
ADDED_BY_THIS_VERSION = "forecast/store/migrations/versions/0010_workspaces.py"


def git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"the history of this project is not here: {found.stderr.strip()[:200]}")
    return found.stdout.strip()


@pytest.fixture
def version_before(tmp_path: Path) -> Iterator[Path]:
    """The sources as they were before tasks had a number and rows a workspace."""
    added = git("log", "--format=%H", "--diff-filter=A", "--", ADDED_BY_THIS_VERSION).splitlines()
    if not added:
        pytest.skip("the history of this project does not reach back to the version before")
    folder = tmp_path / "before"
    git("worktree", "add", "--detach", str(folder), f"{added[-1]}^")
    yield folder
    git("worktree", "remove", "--force", str(folder))


@contextmanager
def process(module: str, home: Path, sources: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "FORECAST_HOME": str(home),
        "FORECAST_DISPATCHER_INTERVAL_SECONDS": "0.3",
        # The folder of the sources goes before what is installed.
        "PYTHONPATH": str(sources),
    }
    with log.open("ab") as stream:
        started = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            cwd=sources,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


@pytest.mark.soak
def test_an_old_worker_takes_nothing_that_it_cannot_do_and_nothing_is_lost(
    version_before: Path, tmp_path: Path
) -> None:
    assert "run_job.2" not in (version_before / "forecast/queue/publish.py").read_text()
    old_log, new_log = tmp_path / "old.log", tmp_path / "new.log"
    with installation_in(tmp_path / "h") as installation, redis_for(installation.settings):
        home = installation.settings.home
        with (
            web_process(installation) as url,
            process("workers.dispatcher", home, ROOT, new_log),
            ForecastClient(url, key=installation.key) as client,
        ):
            with process("workers.worker", home, version_before, old_log):
                jobs = [client.submit(document=coin_document(sampler={**QUICK, "seed": n})).id for n in range(3)]
                wait_until(lambda: "unregistered task" in read(old_log), 90, lambda: read(old_log))
                assert {installation.state(job_id) for job_id in jobs} == {JobState.QUEUED}
                assert [installation.job(job_id).attempt for job_id in jobs] == [0, 0, 0]
            with process("workers.worker", home, ROOT, new_log):
                wait_until(lambda: all(ended(installation, job_id) for job_id in jobs), 240, lambda: read(new_log))
        assert {installation.state(job_id) for job_id in jobs} == {JobState.SUCCEEDED}
        assert {installation.job(job_id).attempt for job_id in jobs} == {1}


def read(log: Path) -> str:
    return log.read_text(errors="replace").lower() if log.exists() else ""


def ended(installation: Installation, job_id: str) -> bool:
    return installation.state(job_id).is_terminal


def test_a_forecast_that_an_old_worker_was_still_at_work_on_is_stored(tmp_path: Path) -> None:
    """It knows no workspaces, and every job that it can have begun is of the one that there was."""
    with installation_in(tmp_path / "h") as installation:
        claim = installation.claim(installation.submit(), now=utc_now())
        with installation.database.write() as session:
            session.connection().exec_driver_sql(
                "INSERT INTO forecast (id, job_id, study, digest, as_of, made_at, verdict, answer, artifact_path, "
                "artifact_sha256, artifact_bytes) VALUES ('01980000-0000-7000-8000-00000000000b', "
                f"'{claim.job_id}', 'coin', '{claim.digest}', '2021-01-01', '2026-01-01 00:00:09', 'published', '{{}}', "
                "'x.nc', 'a', 1)"
            )
        with installation.database.read() as session:
            row = session.connection().exec_driver_sql("SELECT workspace FROM forecast").scalar_one()
        assert row == "default"
