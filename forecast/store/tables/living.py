"""The tables of what keeps a study alive: evidence and the sources it comes from, schedules, the ledger of scores."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from forecast.store.tables.columns import UtcDateTime
from forecast.store.tables.core import DIGEST, ID, ROW_NUMBER, STUDY_ID, WORKSPACE_ID, Base, Workspaced, study_key


class EvidenceRow(Workspaced, Base):
    """One row of evidence that arrived; never changed, never removed. A later row in its slot corrects it."""

    __tablename__ = "evidence"
    __table_args__ = (
        study_key(),
        Index("ix_evidence_workspace_study_id", "workspace", "study", "id"),
        Index("ix_evidence_workspace_study_slot_id", "workspace", "study", "slot", "id"),
    )

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    study: Mapped[str] = mapped_column(STUDY_ID)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(STUDY_ID)
    """The indicator or outcome."""
    slot: Mapped[str] = mapped_column(DIGEST)
    """What it is about, and the day it became known, as a digest."""
    cells: Mapped[str] = mapped_column(Text)
    """The row as canonical JSON."""
    known_at: Mapped[date] = mapped_column(Date)
    """When it became known, as the sender says."""
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it came here."""
    origin: Mapped[str] = mapped_column(String(80))
    """How it came: `api`, or a source of the study."""


class SourceRow(Workspaced, Base):
    """A source of a study: when it is fetched, how that went, and its last good copy."""

    __tablename__ = "source"
    __table_args__ = (
        study_key(),
        Index("ix_source_next_due", "next_due"),
    )

    workspace: Mapped[str] = mapped_column(WORKSPACE_ID, primary_key=True)
    study: Mapped[str] = mapped_column(STUDY_ID, primary_key=True)
    id: Mapped[str] = mapped_column(STUDY_ID, primary_key=True)
    definition: Mapped[str] = mapped_column(Text)
    """Its block of the document, as canonical JSON."""
    next_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None once the study no longer names it."""
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last asked, however that went."""
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it last gave a table that could be used."""
    failures: Mapped[int] = mapped_column(default=0)
    """In a row, up to now."""
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_code: Mapped[str | None] = mapped_column(String(32))
    error_detail: Mapped[str | None] = mapped_column(Text)
    rows: Mapped[int | None]
    """Of the last good copy."""
    added: Mapped[int | None]
    """Rows of evidence that the last good copy brought."""
    etag: Mapped[str | None] = mapped_column(String(1000))
    last_modified: Mapped[str | None] = mapped_column(String(100))
    media_type: Mapped[str | None] = mapped_column(String(200))
    copy_sha256: Mapped[str | None] = mapped_column(DIGEST)
    copy_gzip: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The last good copy."""


class ScoreRow(Workspaced, Base):
    """One score of one forecaster about one outcome under one resolution; never changed, never removed."""

    __tablename__ = "score"
    __table_args__ = (
        study_key(),
        UniqueConstraint("forecast_id", "outcome", "forecaster", "resolution"),
        Index("ix_score_workspace_study_id", "workspace", "study", "id"),
    )

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    study: Mapped[str] = mapped_column(STUDY_ID)
    forecast_id: Mapped[str] = mapped_column(ForeignKey("forecast.id"))
    outcome: Mapped[str] = mapped_column(STUDY_ID)
    forecaster: Mapped[str] = mapped_column(String(255))
    """published, prior, reference, or expert:NAME"""
    resolution: Mapped[str] = mapped_column(DIGEST)
    """Digest of the resolution by which it was scored."""
    happened: Mapped[bool]
    """By the forecast's own date for the outcome."""
    resolved_on: Mapped[date] = mapped_column(Date)
    as_of: Mapped[date] = mapped_column(Date)
    by: Mapped[date] = mapped_column(Date)
    probability: Mapped[float] = mapped_column(Float)
    brier: Mapped[float] = mapped_column(Float)
    log_score: Mapped[float] = mapped_column(Float)
    scored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScheduleRow(Workspaced, Base):
    """A rule by which forecasts of a study are made."""

    __tablename__ = "schedule"
    __table_args__ = (
        study_key(),
        Index("ix_schedule_next_due", "next_due"),
        Index("ix_schedule_workspace_study", "workspace", "study"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    study: Mapped[str] = mapped_column(STUDY_ID)
    title: Mapped[str] = mapped_column(Text)
    cron: Mapped[str | None] = mapped_column(String(100))
    every_seconds: Mapped[float | None] = mapped_column(Float)
    timezone: Mapped[str] = mapped_column(String(64))
    anchor: Mapped[datetime] = mapped_column(UtcDateTime)
    """Where an interval begins."""
    catch_up: Mapped[str] = mapped_column(String(8))
    overlap: Mapped[str] = mapped_column(String(8))
    unchanged: Mapped[str] = mapped_column(String(8))
    sampler: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    enabled: Mapped[bool]
    next_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None while it is paused, or when it is never due again."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OccurrenceRow(Base):
    """One due time of a schedule and what came of it; its key is why there is never a second."""

    __tablename__ = "occurrence"
    __table_args__ = (Index("ix_occurrence_job_id", "job_id"),)

    schedule_id: Mapped[str] = mapped_column(ForeignKey("schedule.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why there is no job."""
    job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
