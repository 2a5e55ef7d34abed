"""What happens when Redis, the web process or the supervisor itself goes away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from forecast.jobs.states import JobState
from tests.coin import QUICK, coin_document
from tests.stack import Stack, running_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.fault]


def readiness(stack: Stack) -> str:
    try:
        return str(httpx2.get(f"{stack.url}/readyz", trust_env=False, timeout=20).json()["status"])
    except (httpx2.HTTPError, ValueError):
        return "unreachable"


def test_a_job_accepted_while_redis_is_down_runs_when_it_is_back(stack: Stack) -> None:
    server = stack.process("redis.sock")
    os.kill(server, signal.SIGSTOP)
    try:
        with stack.client as client:
            job_id = client.submit(document=coin_document(sampler=QUICK)).id
        assert readiness(stack) == "degraded"
        assert stack.job_row(job_id).state == JobState.QUEUED
    finally:
        # Killed while frozen: it comes back as another process, from its append-only file.
        os.kill(server, signal.SIGKILL)
    job = stack.wait_for_end(job_id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), stack.logs()
    assert stack.process("redis.sock") != server
    assert readiness(stack) == "ready"


def test_a_job_survives_a_redis_that_lost_everything(stack: Stack) -> None:
    with stack.held(), stack.client as client:
        jobs = [client.submit(document=coin_document(sampler=QUICK)).id for _ in range(2)]
        stack.wait_for_sampling(jobs[0])
        shutil.rmtree(stack.settings.redis_dir / "appendonlydir")
        os.kill(stack.process("redis.sock"), signal.SIGKILL)
    for job_id in jobs:
        job = stack.wait_for_end(job_id)
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), (job.error, stack.logs())


def test_a_killed_web_process_is_started_again(stack: Stack) -> None:
    before = stack.process("-m api ")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: readiness(stack) == "ready", 30, "the web process to be back")
    assert stack.process("-m api ") != before


def test_a_second_service_on_one_directory_refuses_and_names_the_first(stack: Stack) -> None:
    assert stack.supervisor is not None
    second = subprocess.run(
        [sys.executable, "-m", "workers.supervisor"],
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 2
    assert f"process {stack.supervisor.pid} at {stack.url}" in second.stderr
    assert readiness(stack) == "ready"


def processes_gone(stack: Stack) -> bool:
    return not stack.processes()


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel ends children with their parent")
def test_a_killed_supervisor_and_ctrl_c_leave_no_process_and_no_job_undone() -> None:
    """One after the other, on the same directory, while the same job samples."""
    with running_stack() as own, own.held():
        with own.client as client:
            job_id = client.submit(document=coin_document(sampler=QUICK)).id
        own.wait_for_sampling(job_id)
        own.kill()
        wait_until(lambda: processes_gone(own), 10, lambda: f"no process to be left: {own.processes()}")
        assert own.settings.lock_file.exists()
        fence = own.job_row(job_id).fence

        own.start()
        assert readiness(own) in {"ready", "degraded"}
        wait_until(lambda: own.job_row(job_id).fence not in {fence, None}, 60, "the job to be taken again")
        own.wait_for_sampling(job_id)
        assert own.stop(signal.SIGINT) == 0
        wait_until(lambda: processes_gone(own), 10, lambda: f"no process to be left: {own.processes()}")
        assert not own.settings.redis_socket.exists()
        assert not own.settings.address_file.exists()
        assert own.job_row(job_id).state == JobState.QUEUED


@pytest.mark.parametrize(
    ("study", "outcomes"),
    [
        ("rat-tumors", ["tumour"]),
        pytest.param("karabakh-2021", ["withdrawal", "permanent_presence"], marks=pytest.mark.soak),
    ],
)
def test_the_demonstration_shows_the_whole_way_and_ends_by_itself(
    study: str, outcomes: list[str], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    environment = {
        **os.environ,
        "FORECAST_HOME": str(home),
        "FORECAST_PORT": "0",
        "DEMO_EXIT": "1",
        "DEMO_STUDY": study,
    }
    demo = subprocess.run(
        [sys.executable, "-m", "forecast.cli.demo"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    for expected in (*outcomes, "Verdict: published", "Page: http://127.0.0.1:"):
        assert expected in demo.stdout
    assert "Traceback" not in demo.stderr
