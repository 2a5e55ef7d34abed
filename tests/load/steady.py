"""A steady load on a service with two workers: jobs at one a second, reads at fifty a second, and what that takes.

``make load MINUTES=60`` runs it; the report says whether memory, open files and the queue stay where they were after
the warm-up.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import httpx2
import redis
from sqlalchemy import func, select

from forecast.store import Database
from forecast.store.tables import DrawingRow, JobRow
from tests.coin import coin_document
from tests.load.processes import ProcessSample, ProcessTrend, look_at, role_of, trends
from tests.stack import Stack, running_stack

READERS: Final = 8
LOOK_SECONDS: Final = 10.0
STUDIES: Final = 20
SMALL: Final = {"draws": 200, "tune": 200, "chains": 2, "futures_per_draw": 5}
GROWTH_ALLOWED: Final = 0.10
FILES_ALLOWED: Final = 3
"""Connections that happen to be open in one moment and not in another."""
DRAIN_SECONDS: Final = 120.0


@dataclass(frozen=True)
class QueueSample:
    """One look at what waits."""

    seconds: float
    queued: int
    running: int
    undrawn: int
    broker: int
    """Messages in Redis, taken by a worker or not."""


@dataclass
class Load:
    """What a run did and found."""

    minutes: float
    jobs_per_second: float
    reads_per_second: float
    submitted: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    reads: int = 0
    failed_reads: dict[str, int] = field(default_factory=dict)
    read_milliseconds: dict[str, float] = field(default_factory=dict)
    job_seconds: dict[str, float] = field(default_factory=dict)
    """From acceptance to end, by quantile."""
    queue_first: float = 0.0
    """Jobs that wait, in the mean of the window's first quarter."""
    queue_last: float = 0.0
    queue_most: int = 0
    broker_most: int = 0
    undrawn_last: int = 0
    processes: list[ProcessTrend] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    """Processes that did not live through the window."""
    growing: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.refused or self.failed_reads or self.growing or self.replaced) and set(self.ended) == {
            "succeeded"
        }


class Driver:
    """One run against a running service."""

    def __init__(self, stack: Stack, minutes: float, warm_up_minutes: float, jobs: float, reads: float) -> None:
        self._stack = stack
        self._seconds = 60 * (warm_up_minutes + minutes)
        self._warm_up = 60 * warm_up_minutes
        self._processes: list[ProcessSample] = []
        self._queue: list[QueueSample] = []
        self._durations: list[float] = []
        self._ids: list[str] = []
        self._forecasts: list[str] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failed: Counter[str] = Counter()
        self.load = Load(minutes, jobs, reads)

    def run(self) -> Load:
        """Load it for as long as asked, then let the queue run dry, and look."""
        self._began = time.monotonic()
        with ThreadPoolExecutor(READERS + 2) as pool:
            running = [pool.submit(self._submit_all), pool.submit(self._look_all)]
            running += [pool.submit(self._read_all, number) for number in range(READERS)]
            self._stop.wait(self._seconds)
            self._stop.set()
            for each in running:
                each.result()
        self._drain()
        self._report()
        return self.load

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _ticks(self, per_second: float, offset: float = 0.0) -> Iterator[None]:
        """At fixed moments whatever the last one took, as users come; a late one is not left out."""
        for number in itertools.count():
            if self._stop.wait(max(0.0, offset + number / per_second - self._elapsed())):
                return
            yield

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self._stack.url, headers=self._stack.headers, trust_env=False, timeout=30)

    def _submit_all(self) -> None:
        with self._client() as client:
            for number, _ in enumerate(self._ticks(self.load.jobs_per_second)):
                document = coin_document(study=f"load-{number % STUDIES}", sampler={**SMALL, "seed": number % 2**31})
                answer = client.post(
                    "/v1/jobs", json={"document": document}, headers={"Idempotency-Key": f"load-{number}"}
                )
                if answer.status_code != 202:
                    self.load.refused.append(f"{answer.status_code}: {answer.text[:200]}")
                    continue
                self._ids.append(answer.json()["id"])
        self.load.submitted = len(self._ids)

    def _read_all(self, number: int) -> None:
        chosen = random.Random(number)
        own = self.load.reads_per_second / READERS
        with self._client() as client:
            for _ in self._ticks(own, offset=number / self.load.reads_per_second):
                path, ask = self._question(client, chosen)
                began = time.monotonic()
                try:
                    status = str(ask().status_code)
                except httpx2.HTTPError as error:
                    status = type(error).__name__
                with self._lock:
                    self.load.reads += 1
                    self._durations.append(time.monotonic() - began)
                    if status != "200":
                        self._failed[f"{status} {path}"] += 1

    def _question(self, client: httpx2.Client, chosen: random.Random) -> tuple[str, Callable[[], httpx2.Response]]:
        """One of what people and programs ask a running service, in about their proportions."""
        jobs, forecasts = self._ids[-200:], self._forecasts[-50:]
        kind = chosen.random()
        if kind < 0.35 and jobs:
            job_id = chosen.choice(jobs)
            return "job", lambda: client.get(f"/v1/jobs/{job_id}")
        if kind < 0.6 and forecasts:
            forecast_id = chosen.choice(forecasts)
            return "forecast", lambda: client.get(f"/v1/forecasts/{forecast_id}")
        if kind < 0.64 and forecasts:
            forecast_id = chosen.choice(forecasts)
            asked = {"expression": "heads"}
            return "query", lambda: client.post(f"/v1/forecasts/{forecast_id}/query", json=asked)
        if kind < 0.68 and forecasts:
            forecast_id = chosen.choice(forecasts)
            return "page", lambda: client.get(f"/forecasts/{forecast_id}")
        if kind < 0.70:
            return "home", lambda: client.get("/")
        if kind < 0.85:
            return "jobs", lambda: client.get("/v1/jobs", params={"limit": 20})
        return "ready", lambda: client.get("/readyz")

    def _look_all(self) -> None:
        database = Database(self._stack.settings.database)
        server = redis.Redis(unix_socket_path=str(self._stack.settings.redis_socket))
        try:
            for _ in self._ticks(1 / LOOK_SECONDS):
                self._look(database, server)
        finally:
            database.dispose()
            server.close()

    def _look(self, database: Database, server: redis.Redis) -> None:
        seconds = self._elapsed()
        for pid, command in self._stack.processes().items():
            if (role := role_of(command)) and (sample := look_at(pid, role, seconds)):
                self._processes.append(sample)
        with database.read() as session:
            states = dict(session.execute(select(JobRow.state, func.count()).group_by(JobRow.state)).tuples().all())
            undrawn = session.scalar(select(func.count()).where(DrawingRow.drawn_at.is_(None))) or 0
            newest = select(JobRow.id).where(JobRow.state == "succeeded").order_by(JobRow.id.desc()).limit(50)
            done = list(session.scalars(newest))
        with self._client() as client:
            found = [client.get(f"/v1/jobs/{job_id}").json().get("forecast_id") for job_id in done[:10]]
        self._forecasts += [forecast_id for forecast_id in found if forecast_id]
        waiting = int(server.llen(self._stack.settings.queue_name)) + int(server.hlen("unacked"))
        self._queue.append(QueueSample(seconds, states.get("queued", 0), states.get("running", 0), undrawn, waiting))

    def _drain(self) -> None:
        database = Database(self._stack.settings.database)
        try:
            deadline = time.monotonic() + DRAIN_SECONDS
            while time.monotonic() < deadline:
                with database.read() as session:
                    open_jobs = session.scalar(
                        select(func.count()).select_from(JobRow).where(JobRow.state.in_(("queued", "running")))
                    )
                if not open_jobs:
                    break
                time.sleep(0.5)
            with database.read() as session:
                rows = session.execute(select(JobRow.id, JobRow.state, JobRow.created_at, JobRow.finished_at)).all()
        finally:
            database.dispose()
        accepted = set(self._ids)
        own = [row for row in rows if row.id in accepted]
        self.load.ended = dict(Counter(row.state for row in own))
        seconds = [(row.finished_at - row.created_at).total_seconds() for row in own if row.finished_at]
        self.load.job_seconds = _quantiles(seconds)

    def _report(self) -> None:
        load, begin, end = self.load, self._warm_up, self._seconds
        load.failed_reads = dict(self._failed)
        load.read_milliseconds = {name: 1000 * value for name, value in _quantiles(self._durations).items()}
        window = [sample for sample in self._queue if begin <= sample.seconds <= end]
        quarter = max(1, len(window) // 4)
        load.queue_first = round(statistics.fmean(sample.queued for sample in window[:quarter]), 2)
        load.queue_last = round(statistics.fmean(sample.queued for sample in window[-quarter:]), 2)
        load.queue_most = max(sample.queued for sample in window)
        load.broker_most = max(sample.broker for sample in window)
        load.undrawn_last = window[-1].undrawn
        load.processes = trends(self._processes, begin, end)
        lived = {trend.pid for trend in load.processes}
        load.replaced = sorted(
            {
                f"{sample.role} {sample.pid}"
                for sample in self._processes
                if sample.seconds >= begin and sample.pid not in lived
            }
        )
        for trend in load.processes:
            if trend.growth > GROWTH_ALLOWED:
                load.growing.append(f"memory of {trend.role} {trend.pid}: {trend.growth:+.1%}")
            if trend.last_open_files > trend.first_open_files + FILES_ALLOWED:
                load.growing.append(
                    f"open files of {trend.role} {trend.pid}: {trend.first_open_files} to {trend.last_open_files}"
                )
        # One job a second over two workers: a queue that keeps up holds a few.
        if load.queue_last > load.queue_first + 10:
            load.growing.append(f"queue: {load.queue_first} to {load.queue_last}")


def _quantiles(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {}
    cut = statistics.quantiles(values, n=100)
    return {name: round(cut[number - 1], 4) for name, number in (("median", 50), ("95", 95), ("99", 99))}


@contextmanager
def second_worker(stack: Stack) -> Iterator[None]:
    """Another worker beside the one that the supervisor runs."""
    with (stack.settings.logs / "worker-2.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.worker"],
            env={**stack.environment, **stack.settings.compiler_environment()},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def run_load(minutes: float, warm_up_minutes: float, jobs: float = 1.0, reads: float = 50.0) -> Load:
    """A whole run on a service of its own."""
    with ExitStack() as resources:
        # A day's worth of an hour's jobs; the rest as it is by default.
        settings: dict[str, Any] = {
            "threads": 1,
            "workspace_daily": 100_000,
            "lease_seconds": 30.0,
            "heartbeat_seconds": 10.0,
            "dispatcher_interval_seconds": 2.0,
            "progress_seconds": 1.0,
        }
        stack = resources.enter_context(running_stack(**settings))
        resources.enter_context(second_worker(stack))
        with stack.client as client:
            for seed in range(4):
                job = client.submit(document=coin_document(sampler={**SMALL, "seed": seed}))
                stack.wait_for_end(job.id)
        load = Driver(stack, minutes, warm_up_minutes, jobs, reads).run()
        if not load.is_clean:
            sys.stderr.write(stack.logs() + "\n")
    return load


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--warm-up-minutes", type=float, default=10.0)
    parser.add_argument("--jobs-per-second", type=float, default=1.0)
    parser.add_argument("--reads-per-second", type=float, default=50.0)
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("FORECAST_") and name != "FORECAST_CACHE_DIR"]:
        del os.environ[name]
    load = run_load(given.minutes, given.warm_up_minutes, given.jobs_per_second, given.reads_per_second)
    print(json.dumps(asdict(load), indent=1))
    return 0 if load.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
