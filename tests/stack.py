"""The whole service, as `forecast serve` runs it, in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from forecast.answer import StoredForecast
from forecast.client.client import ForecastClient
from forecast.jobs.states import JobState
from forecast.jobs.view import JobView
from forecast.queue.queues import prefix_of
from forecast.runtime.settings import Settings
from forecast.store import Database, JobRepository
from forecast.study import load_study
from priors import study_path
from tests.moving_clock import MovingClock
from tests.suite.program import compile_first
from tests.waiting import wait_until

START_SECONDS = 60.0
JOB_SECONDS = 240.0
"""Compiling with an empty cache takes most of it."""

PATIENCE = {
    "lease_seconds": 4.0,
    "heartbeat_seconds": 1.0,
    "progress_seconds": 0.2,
    "dispatcher_interval_seconds": 0.3,
    "stop_grace_seconds": 10.0,
    # Of most forecasts no test looks at the figures; who looks has them drawn.
    "draw_unasked": False,
    # Tests ask fifty times a second.
    "requests_per_minute": 100_000,
}
"""Short, so that what waits for a silence need not wait long."""


MAY_ASK_HERE = {
    "outgoing_hosts": '["127.0.0.1"]',
    "outgoing_private": True,
    "outgoing_plain_http": True,
    # Longer than any test waits for something else meanwhile.
    "outgoing_seconds": 600.0,
}
"""Lets sources and webhooks lie on this machine."""


class Stack:
    """A running service that a test may break."""

    def __init__(self, home: Path, environment_only: Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.home = home
        # Of the test that starts it, where tests have databases of their own.
        database = {"database_url": url} if (url := os.environ.get("FORECAST_DATABASE_URL")) else {}
        self._given = {**PATIENCE, "port": 0, **database, **settings}
        self._hold_file = home / "hold"
        self.clock = MovingClock(home / "clock", datetime.now(UTC))
        """What it goes by: tests need not wait for what is due later."""
        files = {"hold_file": self._hold_file, "clock_file": self.clock.file}
        self._environment_only = {**files, **(environment_only or {})}
        self.supervisor: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, **self._given)

    @property
    def environment(self) -> dict[str, str]:
        given = {
            f"FORECAST_{name.upper()}": str(value) for name, value in {**self._given, **self._environment_only}.items()
        }
        return {**os.environ, **given, "FORECAST_HOME": str(self.home)}

    @property
    def client(self) -> ForecastClient:
        return ForecastClient(self.url, key=self.key)

    @property
    def key(self) -> str:
        """The service's own."""
        return self.settings.key_file.read_text().strip()

    @property
    def headers(self) -> dict[str, str]:
        """For requests that are made without the client."""
        return {"Authorization": f"Bearer {self.key}"}

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.supervisor = subprocess.Popen(
            [sys.executable, "-m", "workers.supervisor"],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.supervisor.stdout is not None
        for line in self.supervisor.stdout:
            if line.startswith("Ready: "):
                self.url = line.removeprefix("Ready: ").strip()
                return
        raise AssertionError(f"the service did not start:\n{self.logs()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask the supervisor to stop, and return its exit code."""
        assert self.supervisor is not None
        self.supervisor.send_signal(number)
        code = self.supervisor.wait(timeout=60)
        self._forget()
        return code

    def kill(self) -> None:
        """As a power cut would."""
        assert self.supervisor is not None
        self.supervisor.kill()
        self.supervisor.wait()
        self._forget()

    def _forget(self) -> None:
        assert self.supervisor is not None
        if self.supervisor.stdout is not None:
            self.supervisor.stdout.close()
        self.supervisor = None

    def processes(self) -> dict[int, str]:
        """Command line by process id of everything that belongs to this service."""
        mark = f"FORECAST_HOME={self.home}".encode()
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # Redis writes its title over its environment; the title names the socket.
                if mark in (folder / "environ").read_bytes().split(b"\0") or str(self.home) in command:
                    found[int(folder.name)] = command
            except OSError:
                continue
        return found

    def process(self, part: str) -> int:
        """The id of the one process whose command line has this part."""

        def find() -> int | None:
            found = [pid for pid, command in self.processes().items() if part in command]
            return found[0] if len(found) == 1 else None

        return wait_until(find, message=lambda: f"one process with {part!r} among {self.processes()}") or 0

    def child_of_job(self, job_id: str) -> int:
        """The pool child that runs a job."""
        worker = self.job_row(job_id).worker
        assert worker is not None
        return int(worker.rpartition(":")[2])

    def job_row(self, job_id: str) -> Any:
        database = Database(self.settings.database)
        try:
            with database.read() as session:
                row = JobRepository(session).get(job_id)
        finally:
            database.dispose()
        assert row is not None
        return row

    @cached_property
    def queue_prefix(self) -> str:
        """What the keys of this installation at its queue's server begin with."""
        database = Database(self.settings.database)
        try:
            return prefix_of(database)
        finally:
            database.dispose()

    @contextmanager
    def held(self, *, having: str = "draws_done") -> Iterator[None]:
        """Attempts stay at work meanwhile, once their progress has this, so that a test meets them however small they are."""
        new = self._hold_file.with_suffix(".new")
        new.write_text(having, encoding="ascii")
        new.replace(self._hold_file)
        try:
            yield
        finally:
            self._hold_file.unlink(missing_ok=True)

    def wait_for_sampling(self, job_id: str) -> JobView:
        """The job once it has drawn something: one that is held, or has far to go."""

        def is_sampling() -> JobView | None:
            job = client.job(job_id)
            assert not job.state.is_terminal, f"the job ended before it was interrupted: {job}"
            progress = job.progress
            return job if progress and progress.stage == "sample" and progress.draws_done > 0 else None

        with self.client as client:
            found = wait_until(is_sampling, JOB_SECONDS, lambda: f"the job to sample:\n{self.logs()}")
        assert found is not None
        return found

    def wait_for_end(self, job_id: str) -> JobView:
        """The job once it has ended."""

        def ended() -> JobView | None:
            job = client.job(job_id)
            return job if job.state.is_terminal else None

        with self.client as client:
            found = wait_until(ended, JOB_SECONDS, lambda: f"the job to end:\n{self.logs()}")
        assert found is not None
        return found

    def logs(self) -> str:
        """The last lines of every log."""
        lines = []
        for file in sorted(self.settings.logs.glob("*.log")):
            lines += [f"--- {file.name}", *file.read_text(errors="replace").splitlines()[-15:]]
        return "\n".join(lines)


@contextmanager
def running_stack(**settings: Any) -> Iterator[Stack]:
    """A running service in a new directory; everything is gone at the end."""
    # Short, for the socket's path.
    home = Path(tempfile.mkdtemp(prefix="stack-"))
    stack = Stack(home, **settings)
    try:
        stack.start()
        yield stack
    finally:
        if stack.supervisor is not None:
            stack.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The service that all tests of a run share, since its worker needs seconds to get warm."""
    compile_first()
    with running_stack(environment_only=MAY_ASK_HERE) as running:
        yield running


@pytest.fixture(scope="session")
def karabakh(stack: Stack) -> StoredForecast:
    """The study of the README, stored and forecast by that service, with as many draws as it needs to be published."""
    return submit_bundled(stack, "karabakh-2021")


def submit_bundled(stack: Stack, name: str, **sampler: Any) -> StoredForecast:
    """Submit a bundled study, wait for its job, and read the forecast back."""
    with stack.client as client:
        client.put_study(name, load_study(study_path(name)).canonical())
        job = client.submit(study=name, sampler=sampler or None)
        assert job.state in {JobState.QUEUED, JobState.RUNNING}  # accepted means stored: it will end
        ended = stack.wait_for_end(job.id)
        assert ended.state is JobState.SUCCEEDED, stack.logs()
        assert ended.forecast_id is not None
        return client.forecast(ended.forecast_id)
