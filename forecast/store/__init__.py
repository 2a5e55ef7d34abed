"""What is kept: the database behind repositories, and the files of posterior draws."""

from __future__ import annotations

from forecast.store.artifacts import ArtifactStore, StoredFile
from forecast.store.binding import DEFAULT_WORKSPACE
from forecast.store.database import Database
from forecast.store.errors import (
    CursorError,
    DrawsRemovedError,
    EvidenceFullError,
    NotStoredError,
    ResultCorruptError,
    SchemaError,
)
from forecast.store.identity import find_identity, identity_of
from forecast.store.repositories.alerts import AlertRepository
from forecast.store.repositories.clocks import ClockRepository, worker_seconds_now
from forecast.store.repositories.counters import CounterRepository
from forecast.store.repositories.drawings import DrawingRepository
from forecast.store.repositories.errands import ErrandRepository
from forecast.store.repositories.evidence import EvidenceRepository, as_arrival
from forecast.store.repositories.figures import compress_figure
from forecast.store.repositories.forecasts import ForecastRepository, stored_file
from forecast.store.repositories.heads import ForecastHead
from forecast.store.repositories.jobs import JobRepository
from forecast.store.repositories.keyed_answers import KeyedAnswerRepository
from forecast.store.repositories.keys import KeyRepository
from forecast.store.repositories.pages import DEFAULT_PAGE, MAX_PAGE, Page
from forecast.store.repositories.previews import PreviewRepository
from forecast.store.repositories.receivers import ReceiverRepository
from forecast.store.repositories.retention import RetentionRepository
from forecast.store.repositories.schedules import ScheduleRepository
from forecast.store.repositories.scores import ScoreRepository
from forecast.store.repositories.sources import SourceRepository, pack_copy, unpack_copy
from forecast.store.repositories.studies import StudyRepository
from forecast.store.repositories.workspaces import WorkspaceRepository
from forecast.store.schema import check_schema, migrate
from forecast.store.tables.columns import utc_now

__all__ = [
    "DEFAULT_PAGE",
    "DEFAULT_WORKSPACE",
    "MAX_PAGE",
    "AlertRepository",
    "ArtifactStore",
    "ClockRepository",
    "CounterRepository",
    "CursorError",
    "Database",
    "DrawingRepository",
    "DrawsRemovedError",
    "ErrandRepository",
    "EvidenceFullError",
    "EvidenceRepository",
    "ForecastHead",
    "ForecastRepository",
    "JobRepository",
    "KeyRepository",
    "KeyedAnswerRepository",
    "NotStoredError",
    "Page",
    "PreviewRepository",
    "ReceiverRepository",
    "ResultCorruptError",
    "RetentionRepository",
    "ScheduleRepository",
    "SchemaError",
    "ScoreRepository",
    "SourceRepository",
    "StoredFile",
    "StudyRepository",
    "WorkspaceRepository",
    "as_arrival",
    "check_schema",
    "compress_figure",
    "find_identity",
    "identity_of",
    "migrate",
    "pack_copy",
    "stored_file",
    "unpack_copy",
    "utc_now",
    "worker_seconds_now",
]
