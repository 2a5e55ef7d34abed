"""The tables. The database is the only truth about studies, jobs, forecasts and their explanations.

Documents are content-addressed and never change; forecasts, explanations and events are only ever added. What belongs
to a workspace carries its id: sessions that are bound to one workspace see and write nothing of another
(`forecast.store.binding`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from forecast.store.tables.columns import UtcDateTime

ID = String(36)
DIGEST = String(64)
STUDY_ID = String(64)
WORKSPACE_ID = String(64)
# SQLite numbers rows by itself only when the key is spelled INTEGER.
ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Workspaced:
    """A row that belongs to a workspace; found in no other."""

    workspace: Mapped[str] = mapped_column(WORKSPACE_ID)


def study_key() -> ForeignKeyConstraint:
    """Points to the study of the same workspace."""
    return ForeignKeyConstraint(["workspace", "study"], ["study.workspace", "study.id"])


class WorkspaceRow(Base):
    """A group of users that shares studies, jobs, forecasts and schedules, with its limits."""

    __tablename__ = "workspace"

    id: Mapped[str] = mapped_column(WORKSPACE_ID, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    max_running: Mapped[int | None]
    """Jobs at a time; None for the installation's setting. So are the others."""
    max_queued: Mapped[int | None]
    max_daily: Mapped[int | None]


class DocumentRow(Base):
    """A study document with its tables inlined, under the digest of its canonical JSON."""

    __tablename__ = "document"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    json: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StudyRow(Workspaced, Base):
    """A stored study and its current version."""

    __tablename__ = "study"

    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    id: Mapped[str] = mapped_column(STUDY_ID, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(ForeignKey("document.digest"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StudyVersionRow(Workspaced, Base):
    """One version that a study has had."""

    __tablename__ = "study_version"
    __table_args__ = (study_key(),)

    workspace: Mapped[str] = mapped_column(WORKSPACE_ID, primary_key=True)
    study: Mapped[str] = mapped_column(STUDY_ID, primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("document.digest"), primary_key=True, index=True)
    number: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JobRow(Workspaced, Base):
    """One request to compute something; also the outbox of the queue (queued and not recently dispatched)."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("workspace", "idempotency_key"),
        Index("ix_job_state_dispatched_at", "state", "dispatched_at"),
        Index("ix_job_workspace_study", "workspace", "study"),
        Index("ix_job_workspace_created_at", "workspace", "created_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    kind: Mapped[str] = mapped_column(String(32))
    study: Mapped[str] = mapped_column(STUDY_ID)
    title: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(ForeignKey("document.digest"), index=True)
    """The document that is computed: the version asked for, with the job's as-of date and sampler settings."""
    version: Mapped[str | None] = mapped_column(DIGEST)
    """The stored version it was made from; None for a document that came with the request."""
    target: Mapped[str | None] = mapped_column(ForeignKey("forecast.id", use_alter=True))
    """The forecast that an explanation is of, or from whose draws an update begins; None for a job that needs none."""
    as_of: Mapped[date] = mapped_column(Date)
    recorded_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Evidence recorded later is not in the document; None for a document that came with the request."""
    seed: Mapped[int] = mapped_column(BigInteger)
    method_version: Mapped[str] = mapped_column(String(32))
    """Of the process that accepted it."""
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(DIGEST)
    state: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with every change that a watcher can see."""
    attempt: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int]
    fence: Mapped[str | None] = mapped_column(String(32))
    beats: Mapped[int] = mapped_column(default=0)
    """Raised by each renewal of the attempt; a process that sees it stand still for a whole lease takes the job from
    it."""
    lease_seconds: Mapped[float | None] = mapped_column(Float)
    """What the attempt's worker has promised; None while none is at work."""
    computed_seconds: Mapped[float] = mapped_column(Float, default=0.0)
    """Of the attempt, by its own monotonic clock, at its last renewal."""
    worker: Mapped[str | None] = mapped_column(String(255))
    dispatched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dispatches: Mapped[int] = mapped_column(default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    deadline_seconds: Mapped[float]
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error_code: Mapped[str | None] = mapped_column(String(32))
    error_detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_worker_time: Mapped[float] = mapped_column(Float, default=0.0)
    """For how long workers had been there by then, in all (`worker_time`)."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AttemptRow(Base):
    """One run of a job and how it ended."""

    __tablename__ = "attempt"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    worker: Mapped[str] = mapped_column(String(255))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(Text)


class JobEventRow(Base):
    """Something that happened to a job; never changed, never removed."""

    __tablename__ = "job_event"

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class ForecastRow(Workspaced, Base):
    """The stored answer of one job."""

    __tablename__ = "forecast"
    __table_args__ = (Index("ix_forecast_workspace_study_id", "workspace", "study", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), unique=True)
    study: Mapped[str] = mapped_column(STUDY_ID)
    digest: Mapped[str] = mapped_column(ForeignKey("document.digest"), index=True)
    version: Mapped[str | None] = mapped_column(DIGEST)
    as_of: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(Text)
    artifact_path: Mapped[str] = mapped_column(Text)
    """Relative to the directory of artifacts."""
    artifact_sha256: Mapped[str] = mapped_column(DIGEST)
    artifact_bytes: Mapped[int] = mapped_column(BigInteger)
    draws_removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the file was removed because of its age or for want of room; the answer stays."""


class EstimateRow(Base):
    """One probability of a forecast, as its answer has it, for the history of its study."""

    __tablename__ = "estimate"

    forecast_id: Mapped[str] = mapped_column(ForeignKey("forecast.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    """outcome or scenario"""
    subject: Mapped[str] = mapped_column(STUDY_ID, primary_key=True)
    position: Mapped[int]
    """In the study's own order."""
    probability: Mapped[float] = mapped_column(Float)
    mcse: Mapped[float] = mapped_column(Float)
    low: Mapped[float] = mapped_column(Float)
    high: Mapped[float] = mapped_column(Float)


class ExplanationRow(Base):
    """What one job found out about a forecast: its attribution, influence or sensitivity."""

    __tablename__ = "explanation"
    __table_args__ = (Index("ix_explanation_forecast_id_kind", "forecast_id", "kind", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    forecast_id: Mapped[str] = mapped_column(ForeignKey("forecast.id"))
    kind: Mapped[str] = mapped_column(String(32))
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text)


class FigureRow(Base):
    """One Plotly figure of a forecast, as gzip-compressed JSON."""

    __tablename__ = "figure"

    forecast_id: Mapped[str] = mapped_column(ForeignKey("forecast.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    json_gzip: Mapped[bytes] = mapped_column(LargeBinary)
    png: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The same as an image; drawn after the forecast is stored."""


class DrawingRow(Base):
    """Whether the figures that check a forecast, and all images, have been drawn. It is made with the forecast."""

    __tablename__ = "drawing"

    forecast_id: Mapped[str] = mapped_column(ForeignKey("forecast.id"), primary_key=True)
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """None until it is done, or given up."""
    failures: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What could not be drawn, and why."""


class PriorPreviewRow(Workspaced, Base):
    """What a document's priors alone imply, asked for before anything is sampled."""

    __tablename__ = "prior_preview"

    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("document.digest"), primary_key=True, index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it was last asked for; what was asked for long ago is not waited for."""
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """None until there is an answer or an error."""
    answer: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)


class CounterRow(Base):
    """How often something happened since the installation began; added up by whichever process saw it."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Such as the stage; empty for a counter without one."""
    value: Mapped[float] = mapped_column(Float)
