"""Puts the load on: jobs and reads at fixed moments, and a look at everything every few seconds."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import httpx2
import redis
from sqlalchemy import func, select

from forecast.queue.queues import Queue, prefix_of
from forecast.store import Database
from forecast.store.tables.core import DrawingRow, JobRow
from tests.coin import coin_document
from tests.load.noise import make_noise
from tests.load.processes import ProcessSample, look_at, role_of
from tests.load.report import Load, QueueSample, quantiles
from tests.stack import Stack

READERS: Final = 8
LOOK_SECONDS: Final = 10.0
STUDIES: Final = 20
SMALL: Final = {"draws": 200, "tune": 200, "chains": 2, "futures_per_draw": 5}
DRAIN_SECONDS: Final = 120.0


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
        with ThreadPoolExecutor(READERS + 3) as pool:
            running: list[Future[Any]] = [pool.submit(self._submit_all), pool.submit(self._look_all)]
            noise = pool.submit(make_noise, self._stack.url, self._stop)
            running += [pool.submit(self._read_all, number) for number in range(READERS)]
            self._stop.wait(self._seconds)
            self._stop.set()
            for each in running:
                each.result()
            self.load.noise = noise.result()
        self._drain()
        self.load.failed_reads = dict(self._failed)
        self.load.read_milliseconds = {name: 1000 * value for name, value in quantiles(self._durations).items()}
        self.load.judge(self._queue, self._processes, self._warm_up, self._seconds)
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
        for log in self._stack.settings.logs.iterdir():
            megabytes = round(log.stat().st_size / 1e6, 2)
            self.load.log_megabytes[log.name] = max(megabytes, self.load.log_megabytes.get(log.name, 0.0))
        with database.read() as session:
            by_state = select(JobRow.state, func.count()).group_by(JobRow.state)
            states = dict(session.execute(by_state).all())
            undrawn = session.scalar(select(func.count()).where(DrawingRow.drawn_at.is_(None))) or 0
            newest = select(JobRow.id).where(JobRow.state == "succeeded").order_by(JobRow.id.desc()).limit(50)
            done = list(session.scalars(newest))
        with self._client() as client:
            found = [client.get(f"/v1/jobs/{job_id}").json().get("forecast_id") for job_id in done[:10]]
        self._forecasts += [forecast_id for forecast_id in found if forecast_id]
        prefix = prefix_of(database)
        waiting = int(server.llen(prefix + Queue.JOBS)) + int(server.hlen(f"{prefix}unacked"))
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
        self.load.job_seconds = quantiles(seconds)
