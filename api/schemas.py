"""What the JSON routes answer, besides jobs (`forecast.jobs.view`) and forecasts (`forecast.answer`)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from forecast.answer import Check, Diagnostics, Verdict
from forecast.jobs.states import JobKind
from forecast.jobs.view import JobView, ProgressView
from forecast.timeline.views import HistoryEntry


class Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class StudySummary(Schema):
    """A stored study."""

    id: str
    title: str
    digest: str
    """Digest of the current version."""
    created_at: datetime
    updated_at: datetime


class StudyDetail(StudySummary):
    """A stored study with its current document."""

    document: dict[str, Any]
    """Canonical: tables inlined, absent keys absent."""


class StudyVersion(Schema):
    """One version of a study."""

    study: str
    digest: str
    number: int
    created_at: datetime
    is_current: bool


class ForecastDiagnostics(Schema):
    """Why a forecast has its verdict."""

    forecast_id: str
    verdict: Verdict
    verdict_reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    diagnostics: Diagnostics


class JobRequest(BaseModel):
    """Asks for a job: a forecast of a stored study or of a document, or an explanation of a stored forecast."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(
        default=JobKind.FORECAST.value,
        description="What to compute.",
        json_schema_extra={"enum": [kind.value for kind in JobKind]},
    )
    study: str | None = Field(
        default=None,
        description="Id of a stored study; an explanation is of the newest forecast of its current version.",
    )
    forecast: str | None = Field(default=None, description="Id of the forecast to explain.")
    document: dict[str, Any] | None = Field(default=None, description="A study document, tables as rows.")
    version: str | None = Field(
        default=None, description="Digest of a version that the study has had; its current one by default."
    )
    as_of: date | None = Field(default=None, description="Use what was known on this day instead of the document's.")
    recorded_by: AwareDatetime | None = Field(
        default=None,
        description="Use evidence recorded by this moment instead of by the end of the as-of date; with a time zone.",
    )
    hindsight: bool = Field(
        default=False, description="Use evidence known on the as-of date, whenever it was recorded."
    )
    sampler: dict[str, Any] | None = Field(default=None, description="Sampler settings instead of the document's.")


class JobProgress(Schema):
    """One event of a job's stream."""

    job_id: str
    state: str
    attempt: int
    revision: int
    progress: ProgressView | None
    queue_position: int | None = None
    """Jobs of the workspace before this one, while it waits."""


class StudyPage(Schema):
    items: tuple[StudySummary, ...]
    next_cursor: str | None


class ForecastPage(Schema):
    items: tuple[HistoryEntry, ...]
    next_cursor: str | None


class JobPage(Schema):
    items: tuple[JobView, ...]
    next_cursor: str | None


class VersionList(Schema):
    items: tuple[StudyVersion, ...]


class ProblemField(Schema):
    """One bad place of a request."""

    path: str
    pointer: str | None
    code: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str | None = None
    errors: tuple[ProblemField, ...] = ()
