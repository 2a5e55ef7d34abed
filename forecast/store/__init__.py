"""What is kept: the database behind repositories, and the files of posterior draws."""

from __future__ import annotations

from forecast.store.alerts import AlertRepository
from forecast.store.artifacts import ArtifactStore, StoredFile
from forecast.store.clocks import ClockRepository, worker_seconds_now
from forecast.store.columns import utc_now
from forecast.store.counters import CounterRepository
from forecast.store.database import Database
from forecast.store.drawings import DrawingRepository
from forecast.store.errors import (
    CursorError,
    DrawsRemovedError,
    EvidenceFullError,
    NotStoredError,
    ResultCorruptError,
    SchemaError,
)
from forecast.store.evidence import EvidenceRepository, as_arrival
from forecast.store.figures import compress_figure
from forecast.store.forecasts import ForecastRepository, stored_file
from forecast.store.heads import ForecastHead
from forecast.store.identity import find_identity, identity_of
from forecast.store.jobs import JobRepository
from forecast.store.keyed_answers import KeyedAnswerRepository
from forecast.store.keys import KeyRepository
from forecast.store.pages import DEFAULT_PAGE, MAX_PAGE, Page
from forecast.store.previews import PreviewRepository
from forecast.store.receivers import ReceiverRepository
from forecast.store.retention import RetentionRepository
from forecast.store.schedules import ScheduleRepository
from forecast.store.schema import check_schema, migrate
from forecast.store.scores import ScoreRepository
from forecast.store.sources import SourceRepository, pack_copy, unpack_copy
from forecast.store.studies import StudyRepository
from forecast.store.workspaces import DEFAULT_WORKSPACE, WorkspaceRepository

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
