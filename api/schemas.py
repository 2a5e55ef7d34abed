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
    """Base of what the routes answer: frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, use_attribute_docstrings=True)


class StudySummary(Schema):
    """A stored study."""

    id: str
    """Id of the study."""
    title: str
    """Title of the current version."""
    digest: str
    """SHA-256 (hex) of the current version's canonical document."""
    created_at: datetime
    """When the first version was stored (UTC)."""
    updated_at: datetime
    """When the current version was stored (UTC)."""


class StudyDetail(StudySummary):
    """A stored study with its current document."""

    document: dict[str, Any]
    """Canonical document: tables inlined as `rows`, absent keys absent."""


class StudyVersion(Schema):
    """One version of a study."""

    study: str
    """Id of the study."""
    digest: str
    """SHA-256 (hex) of the version's canonical document."""
    number: int
    """1 for the first version."""
    created_at: datetime
    """When the version was first stored (UTC)."""
    is_current: bool
    """Whether it is the version in use."""


class ForecastDiagnostics(Schema):
    """Why a forecast has its verdict."""

    forecast_id: str
    """UUID of the forecast."""
    verdict: Verdict
    """Result of the publication checks."""
    verdict_reasons: tuple[str, ...]
    """Message of each failed check; empty when published."""
    checks: tuple[Check, ...]
    """Every publication check and note."""
    diagnostics: Diagnostics
    """Convergence of the sampler and of each quantity."""


class JobRequest(BaseModel):
    """A new job: a forecast of a stored study or of a document, or an explanation of a stored forecast."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    kind: str = Field(default=JobKind.FORECAST.value, json_schema_extra={"enum": [kind.value for kind in JobKind]})
    """What to compute."""
    study: str | None = None
    """Id of a stored study; an explanation is of the newest forecast of its current version."""
    forecast: str | None = None
    """UUID of the forecast to explain; for explanations only."""
    document: dict[str, Any] | None = None
    """A study document with tables as `rows`, instead of a stored study."""
    version: str | None = None
    """Digest of a version of the study; null: the current one."""
    as_of: date | None = None
    """Use what was known on this day; null: the document's own date."""
    recorded_by: AwareDatetime | None = None
    """Use evidence recorded by this moment, with a time zone; null: by the end of the as-of date."""
    hindsight: bool = False
    """Use evidence known on the as-of date, whenever it was recorded."""
    sampler: dict[str, Any] | None = None
    """Sampler settings that replace the document's; null: the document's."""


class JobProgress(Schema):
    """One event of a job's stream."""

    job_id: str
    """UUID of the job."""
    state: str
    """Where the job stands; `succeeded`, `failed` and `cancelled` are final."""
    attempt: int
    """Number of the current attempt; 0 before the first."""
    revision: int
    """Grows by 1 with every change of the job."""
    progress: ProgressView | None
    """Latest progress; null until the first report."""
    queue_position: int | None = None
    """Number of the workspace's jobs before this one; null unless it waits."""


class StudyPage(Schema):
    """A page of studies."""

    items: tuple[StudySummary, ...]
    """Studies, by id."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""


class ForecastPage(Schema):
    """A page of a study's history."""

    items: tuple[HistoryEntry, ...]
    """Forecasts, the latest as-of date first."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""


class JobPage(Schema):
    """A page of jobs."""

    items: tuple[JobView, ...]
    """Jobs, newest first."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""


class VersionList(Schema):
    """The versions of a study."""

    items: tuple[StudyVersion, ...]
    """Versions, newest first."""


class ProblemField(Schema):
    """One bad place of a request."""

    path: str
    """Place in the request, such as `outcomes[0].prior`."""
    pointer: str | None
    """The same place as a JSON pointer (RFC 6901); null for a place that is not in JSON."""
    code: str
    """Kind of the error, a word that does not change."""
    message: str
    """What was found, what was expected and what to do."""


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """Address that explains this kind of problem."""
    title: str
    """Title of this kind of problem."""
    status: int
    """HTTP status."""
    code: str
    """Kind of the problem, a word that does not change."""
    detail: str
    """What was found, what was expected and what to do."""
    instance: str | None = None
    """Address of what the problem is about; null or absent without one."""
    errors: tuple[ProblemField, ...] = ()
    """Each wrong place in the request; empty or absent when the problem has no place."""
