"""Random faults under a stream of real jobs, and what has to hold at the end: nothing lost, nothing twice, nothing wrong.

``make chaos MINUTES=30 SEED=1`` runs it for long and prints what it did; tests/fault/test_chaos.py runs a short one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import threading
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import httpx2
from sqlalchemy import func, select

from forecast.client.client import ForecastClient, ServiceProblemError, ServiceUnavailableError
from forecast.jobs.states import JobState
from forecast.store import stored_file
from forecast.store.artifacts import ArtifactStore
from forecast.store.tables.core import AttemptRow, ForecastRow, JobRow
from tests.coin import coin_document
from tests.fault.disturbances import Disturbances, opened_database
from tests.pgbouncer import pgbouncer, through_pgbouncer
from tests.postgresql import PostgresServer, postgres_server
from tests.stack import Stack, running_stack

JOBS_PER_SECOND: Final = 1 / 8
FAULT_EVERY_SECONDS: Final = 12.0
STUCK_SECONDS: Final = 240.0
"""After the last fault: longer than any job and any repair takes, on a machine that does other things as well."""
VARIANTS: Final = 8


def document_of(variant: int) -> dict[str, Any]:
    """One of a few small studies, each with its seed; the odd ones sample for seconds."""
    rows = [
        {"id": f"case-{number}", "successes": number % 7, "trials": 20} for number in range(10 + 20 * (variant % 2))
    ]
    document = coin_document(study=f"chaos-{variant}")
    document["outcomes"][0]["reference"] = {"tosses": 0.5}
    document["reference_classes"] = [{"id": "tosses", "title": "Tosses", "outcome": "heads", "rows": rows}]
    document["sampler"] = {"draws": 1000, "tune": 500, "chains": 2, "seed": variant}
    return document


@dataclass
class Outcome:
    """What a run did and found."""

    seed: int
    database: str
    minutes: float
    jobs: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    succeeded: int = 0
    failed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Accepted, and not there or not ended."""
    doubled: list[str] = field(default_factory=list)
    """With more than one result, or with one though they did not succeed."""
    wrong: list[str] = field(default_factory=list)
    """With other probabilities than an undisturbed run with the same seed, or a damaged file."""
    attempts: dict[int, int] = field(default_factory=dict)
    """How many jobs took so many attempts."""
    left_over: list[str] = field(default_factory=list)
    """Processes that outlived the service."""
    drained_after_seconds: float = 0.0

    @property
    def fault_count(self) -> int:
        return sum(self.faults.values())

    @property
    def is_clean(self) -> bool:
        return not (self.failed or self.lost or self.doubled or self.wrong or self.left_over)


class Chaos:
    """One run."""

    def __init__(self, stack: Stack, seed: int, minutes: float, database: str, postgres: PostgresServer | None) -> None:
        self._stack = stack
        self._random = random.Random(seed)
        self._postgres = postgres
        self._until = time.monotonic() + minutes * 60
        self._accepted: dict[str, int] = {}
        self._supervisor = threading.Lock()
        self.outcome = Outcome(seed, database, minutes)

    def run(self) -> Outcome:
        """Compute what is right first, then disturb, then wait and look."""
        expected = {variant: self._undisturbed(variant) for variant in range(VARIANTS)}
        self._until = time.monotonic() + self.outcome.minutes * 60
        submitting = threading.Thread(target=self._submit_all)
        submitting.start()
        self._disturb()
        submitting.join()
        self._drain()
        self._look(expected)
        return self.outcome

    def _undisturbed(self, variant: int) -> str:
        with self._stack.client as client:
            job = client.submit(document=document_of(variant))
            ended = self._stack.wait_for_end(job.id)
            assert ended.forecast_id is not None, ended
            return _numbers(client.forecast(ended.forecast_id).model_dump(mode="json"))

    def _submit_all(self) -> None:
        chosen = random.Random(self.outcome.seed + 1)
        while time.monotonic() < self._until:
            variant, key = chosen.randrange(VARIANTS), uuid.UUID(int=chosen.getrandbits(128)).hex
            job_id = self._submit(variant, key)
            self._accepted[job_id] = variant
            time.sleep(chosen.expovariate(JOBS_PER_SECOND))

    def _submit(self, variant: int, key: str) -> str:
        """As a careful client does: the same request with the same key until it is answered."""
        while True:
            try:
                with ForecastClient(self._stack.url, key=self._stack.key) as client:
                    return client.submit(document=document_of(variant), idempotency_key=key).id
            except (ServiceUnavailableError, httpx2.HTTPError, OSError):
                time.sleep(0.3)
            except ServiceProblemError as problem:
                if problem.status < 500:
                    raise
                time.sleep(0.3)

    def _disturb(self) -> None:
        faults = Disturbances(self._stack, self._random, self._postgres, self._accepted).by_name()
        counts: Counter[str] = Counter()
        while time.monotonic() < self._until:
            time.sleep(self._random.uniform(0.4, 1.6) * FAULT_EVERY_SECONDS)
            name = self._random.choice(sorted(faults))
            if faults[name]():
                counts[name] += 1
        self.outcome.faults = dict(sorted(counts.items()))

    def _drain(self) -> None:
        """Until every accepted job has ended, or none has for long."""
        began = ended_at = time.monotonic()
        left: int | None = None
        while time.monotonic() - ended_at < STUCK_SECONDS:
            with opened_database(self._stack) as database, database.read() as session:
                open_jobs = session.scalar(
                    select(func.count()).select_from(JobRow).where(JobRow.state.in_(("queued", "running")))
                )
            if not open_jobs:
                break
            if open_jobs != left:
                left, ended_at = open_jobs, time.monotonic()
            time.sleep(0.5)
        self.outcome.drained_after_seconds = round(time.monotonic() - began, 1)

    def _look(self, expected: dict[int, str]) -> None:
        outcome, artifacts = self.outcome, ArtifactStore(self._stack.settings.artifacts)
        outcome.jobs = len(self._accepted)
        attempts: Counter[int] = Counter()
        with opened_database(self._stack) as database, database.read() as session:
            for job_id, variant in self._accepted.items():
                row = session.get(JobRow, job_id)
                if row is None or not JobState(row.state).is_terminal:
                    outcome.lost.append(f"{job_id}: {'gone' if row is None else row.state}")
                    continue
                attempts[row.attempt] += 1
                numbers = session.scalars(select(AttemptRow.number).where(AttemptRow.job_id == job_id)).all()
                if sorted(numbers) != list(range(1, row.attempt + 1)) or row.attempt > row.max_attempts:
                    outcome.wrong.append(
                        f"{job_id}: attempts {sorted(numbers)} of {row.attempt}, at most {row.max_attempts}"
                    )
                results = session.scalars(select(ForecastRow).where(ForecastRow.job_id == job_id)).all()
                if len(results) != (row.state == JobState.SUCCEEDED):
                    outcome.doubled.append(f"{job_id}: {row.state} with {len(results)} results")
                    continue
                if row.state != JobState.SUCCEEDED:
                    outcome.failed.append(f"{job_id}: {row.state} {row.error_code} {row.error_detail}")
                    continue
                outcome.succeeded += 1
                artifacts.verified_path(stored_file(results[0]))
                if _numbers(json.loads(results[0].answer)) != expected[variant]:
                    outcome.wrong.append(f"{job_id}: other numbers than an undisturbed run of variant {variant}")
        outcome.attempts = dict(sorted(attempts.items()))


def _numbers(answer: dict[str, Any]) -> str:
    """A digest of everything that a forecast says with numbers, to the last bit."""
    said = {name: answer[name] for name in ("outcomes", "scenarios", "study_digest", "verdict")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def run_chaos(seed: int, minutes: float, database: str) -> Outcome:
    """A whole run on a service of its own; `pgbouncer` is PostgreSQL behind it."""
    with ExitStack() as resources:
        settings: dict[str, Any] = {"max_attempts": 12, "lease_seconds": 4.0, "draw_unasked": True}
        postgres = None
        if database != "sqlite":
            postgres = resources.enter_context(postgres_server(fsync="on"))
            settings["database_url"] = postgres.migrated_database()
        if database == "pgbouncer" and postgres is not None:
            resources.enter_context(pgbouncer(postgres))
            settings["database_url"] = through_pgbouncer(settings["database_url"])
        stack = resources.enter_context(running_stack(**settings))
        outcome = Chaos(stack, seed, minutes, database, postgres).run()
        stack.stop()
        deadline = time.monotonic() + 15
        while stack.processes() and time.monotonic() < deadline:
            time.sleep(0.2)
        outcome.left_over = sorted(stack.processes().values())
        if not outcome.is_clean:
            sys.stderr.write(stack.logs() + "\n")
    return outcome


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "pgbouncer"), default="sqlite")
    given = parser.parse_args()
    outcome = run_chaos(given.seed, given.minutes, given.database)
    print(json.dumps({**asdict(outcome), "fault_count": outcome.fault_count}, indent=1))
    return 0 if outcome.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
