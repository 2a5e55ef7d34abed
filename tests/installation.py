"""One installation in a temporary directory: a migrated database, a directory of artifacts, settings."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from forecast.access import Scope, create_key, ensure_local_key
from forecast.jobs.lifecycle import Claim, claim_job
from forecast.jobs.quotas import JobLimits
from forecast.jobs.states import JobState
from forecast.jobs.submit import submit_job
from forecast.runtime.settings import Settings
from forecast.store import (
    DEFAULT_WORKSPACE,
    ArtifactStore,
    Database,
    JobRepository,
    SchemaError,
    WorkspaceRepository,
    check_schema,
    migrate,
    utc_now,
)
from forecast.store.ids import new_id
from forecast.store.tables.core import AttemptRow, ForecastRow, JobRow
from forecast.study import Study
from tests.coin import NOW, coin_answer, coin_study

LIMITS = JobLimits(max_attempts=3, deadline_seconds=600.0, max_queued=50)
LEASE_SECONDS = 30.0
UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"
"""An id as ours are, of nothing."""


@dataclass
class Installation:
    """What tests of the store and of jobs work on."""

    settings: Settings
    database: Database
    """As the default workspace sees it."""
    artifacts: ArtifactStore
    workspace: str = DEFAULT_WORKSPACE

    @cached_property
    def key(self) -> str:
        """A key of the workspace with every scope."""
        if self.workspace == DEFAULT_WORKSPACE:
            return ensure_local_key(self.database, self.settings.key_file, utc_now())
        with self.database.write() as session:
            return create_key(session, self.workspace, "tests", list(Scope), utc_now()).text

    def of(self, workspace: str) -> Installation:
        """The same installation, as another workspace sees it; made if there is none."""
        with self.database.write() as session:
            if WorkspaceRepository(session).get(workspace) is None:
                WorkspaceRepository(session).add(workspace, workspace.title(), NOW)
        return Installation(self.settings, self.database.of(workspace), self.artifacts, workspace)

    def submit(self, study: Study | None = None, now: datetime = NOW, **options: Any) -> str:
        """A queued job's id."""
        limits = options.pop("limits", LIMITS)
        with self.database.write() as session:
            return submit_job(session, study or coin_study(), limits, now=now, **options).job.id

    def claim(self, job_id: str, worker: str = "host:1:2", now: datetime = NOW) -> Claim:
        with self.database.write() as session:
            claim = claim_job(session, job_id, worker, LEASE_SECONDS, now)
        assert claim is not None
        return claim

    def job(self, job_id: str) -> JobRow:
        with self.database.read() as session:
            row = JobRepository(session).get(job_id)
        assert row is not None
        return row

    def state(self, job_id: str) -> JobState:
        return JobState(self.job(job_id).state)

    def attempts(self, job_id: str) -> tuple[AttemptRow, ...]:
        with self.database.read() as session:
            return JobRepository(session).attempts(job_id)

    def events(self, job_id: str) -> list[str]:
        with self.database.read() as session:
            return [row.event for row in JobRepository(session).events(job_id)]


def forecast_row(claim: Claim, study: Study | None = None, now: datetime = NOW, **changes: Any) -> ForecastRow:
    """A forecast of a claimed job, with made-up numbers."""
    study = study or coin_study()
    values: dict[str, Any] = {
        "id": new_id(),
        "workspace": claim.workspace,
        "job_id": claim.job_id,
        "study": study.study,
        "digest": claim.digest,
        "version": claim.version,
        "as_of": study.as_of,
        "made_at": now,
        "verdict": "published",
        "answer": coin_answer(study).model_dump_json(),
        "artifact_path": f"2026-01/{claim.job_id}.nc",
        "artifact_sha256": "0" * 64,
        "artifact_bytes": 1,
    }
    return ForecastRow(**{**values, **changes})


@cache
def _migrated_file() -> bytes:
    """A new SQLite database of this version's schema; rebuilding tables for each test would take longer than most."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "forecast.db"
        migrate(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.read_bytes()


@contextmanager
def installation_in(home: Path, unchecked: Mapping[str, Any] | None = None, **settings: Any) -> Iterator[Installation]:
    """A new installation with its database migrated.

    Parameters
    ----------
    unchecked
        Settings that users cannot make, such as a lease that is never renewed.
    """
    chosen = Settings(home=home, **settings).model_copy(update=unchecked)
    file = chosen.home / "forecast.db"
    if chosen.database_url is None and not file.exists():
        chosen.home.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated_file())
    database = Database(chosen.database).of(DEFAULT_WORKSPACE)
    try:
        check_schema(database)
    except SchemaError:
        migrate(chosen.database)
    try:
        yield Installation(chosen, database, ArtifactStore(chosen.artifacts))
    finally:
        database.dispose()
