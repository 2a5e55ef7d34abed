"""Accepting a job: everything that will be computed is fixed and stored before the client gets its answer."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forecast.answer import METHOD_VERSION, Verdict
from forecast.jobs.accepted import AcceptedStudy
from forecast.jobs.crash_points import crash_point
from forecast.jobs.errors import (
    BacklogFullError,
    ForecastRefusedError,
    IdempotencyMismatchError,
    NoPreviousForecastError,
    UnknownKindError,
)
from forecast.jobs.limits import StudyLimits, require_within
from forecast.jobs.quotas import JobLimits, require_room
from forecast.jobs.states import JobKind, JobState
from forecast.store import ClockRepository, ForecastRepository, JobRepository, StudyRepository, utc_now
from forecast.store.ids import new_id
from forecast.store.tables.core import ForecastRow, JobRow
from forecast.study import Study, with_as_of, with_sampler

SEED_LIMIT: Final = 2**31
"""Seeds drawn here are below this, so that every language and JSON reader keeps them exact."""


@dataclass(frozen=True)
class Submission:
    """The job that a request stands for, and whether the request made it."""

    job: JobRow
    is_new: bool


def parse_kind(kind: str) -> JobKind:
    """The kind of job of this name.

    Raises
    ------
    UnknownKindError
        When there is none.
    """
    try:
        return JobKind(kind)
    except ValueError:
        kinds = ", ".join(repr(known.value) for known in JobKind)
        raise UnknownKindError(f"there is no kind of job {kind!r}; the kinds are: {kinds}") from None


def prepare_study(
    study: Study,
    as_of: date | None = None,
    sampler: Mapping[str, Any] | None = None,
    limits: StudyLimits | None = None,
) -> Study:
    """The study that a job computes: with the job's own as-of date and sampler settings, and its digest.

    Raises
    ------
    StudyError
        When the changed document is not valid, or asks for more than the limits.
    """
    if as_of is not None:
        study = with_as_of(study, as_of)
    if sampler:
        study = with_sampler(study, **sampler)
    if limits is not None:
        require_within(study, limits)
    # Of a large document it takes long; it is kept.
    assert study.digest
    return study


def find_submitted(session: Session, idempotency_key: str, request_hash: str) -> JobRow | None:
    """The job that a request with this key made earlier.

    Raises
    ------
    IdempotencyMismatchError
        When the key came with another request.
    """
    row = JobRepository(session).by_key(idempotency_key)
    if row is not None and row.request_hash != request_hash:
        raise IdempotencyMismatchError(
            f"the idempotency key {idempotency_key!r} was used for another request, which made job {row.id}; "
            "repeat that request unchanged, or use a new key"
        )
    return row


def submit_job(
    session: Session,
    study: Study | AcceptedStudy,
    limits: JobLimits,
    *,
    kind: JobKind = JobKind.FORECAST,
    version_digest: str | None = None,
    recorded_by: datetime | None = None,
    idempotency_key: str | None = None,
    request_hash: str = "",
    now: datetime | None = None,
) -> Submission:
    """Store a queued job that forecasts a study, or updates its forecast; commit, and only then answer.

    The study has been through `prepare_study`, outside of this transaction, in which others wait.

    The seed is the study's own, or is drawn here, so that every attempt computes the same numbers.

    Parameters
    ----------
    kind
        `FORECAST`, or `UPDATE`: from the draws of the newest sampled forecast up to the as-of date, fixed here as well.
    version_digest
        The stored version it was made from; None for a document that came with the request.
    recorded_by
        Up to when evidence in the study was recorded.
    request_hash
        From `hash_request`; compared when the idempotency key is seen again.

    Raises
    ------
    IdempotencyMismatchError
        When the key was used for another request.
    BacklogFullError, QuotaExceededError
        When `limits.max_queued` jobs wait already, or the workspace has as many as it may.
    """
    now = now or utc_now()
    seed = study.sampler.seed if isinstance(study, Study) else study.seed
    row = JobRow(
        kind=kind.value,
        study=study.study,
        title=study.title,
        digest=study.digest,
        version=version_digest,
        as_of=study.as_of,
        recorded_by=recorded_by,
        seed=secrets.randbelow(SEED_LIMIT) if seed is None else seed,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
    )

    if kind is JobKind.UPDATE and version_digest is not None:
        base = ForecastRepository(session).sampled_before(study.study, study.as_of)
        row.target = None if base is None else base.id

    def keep_document() -> None:
        StudyRepository(session).add_document(study.digest, study.canonical_json, now)

    return _queue(session, row, limits, now, keep_document)


def submit_explanation(
    session: Session,
    target: ForecastRow,
    kind: JobKind,
    limits: JobLimits,
    *,
    idempotency_key: str | None = None,
    request_hash: str = "",
    now: datetime | None = None,
) -> Submission:
    """Store a queued job that explains a stored forecast, from the forecast's own document and seed.

    Raises
    ------
    ForecastRefusedError
        When the forecast's checks refuse it.
    NoPreviousForecastError
        When it is to be compared with the one before it, and there is none.
    IdempotencyMismatchError, BacklogFullError, QuotaExceededError
        As for `submit_job`.
    """
    require_explainable(target)
    if kind is JobKind.TRIAGE and ForecastRepository(session).previous(target) is None:
        raise NoPreviousForecastError(
            f"the study {target.study!r} has no earlier forecast than {target.id}; expected one of a stored study as of the "
            "same day or an earlier one; make another forecast when something has changed, and ask about that"
        )
    made_by = JobRepository(session).get(target.job_id)
    assert made_by is not None, "a forecast points to the job that made it"
    row = JobRow(
        kind=kind.value,
        study=target.study,
        title=made_by.title,
        digest=target.digest,
        version=target.version,
        target=target.id,
        as_of=target.as_of,
        seed=made_by.seed,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
    )
    return _queue(session, row, limits, now or utc_now())


def require_explainable(target: ForecastRow) -> None:
    """Make sure that a forecast can be explained.

    Raises
    ------
    ForecastRefusedError
        When its checks refuse it.
    """
    if target.verdict == Verdict.REFUSED:
        raise ForecastRefusedError(
            f"the forecast {target.id} is refused by its own checks, so there is nothing to explain about its numbers; "
            "see its diagnostics, change the study or sample longer, and explain the new forecast"
        )


def _queue(
    session: Session, row: JobRow, limits: JobLimits, now: datetime, prepare: Callable[[], None] | None = None
) -> Submission:
    """Store a new job as queued, unless its key has one already."""
    jobs = JobRepository(session)
    key = row.idempotency_key
    if key and (earlier := find_submitted(session, key, row.request_hash)):
        return Submission(earlier, is_new=False)
    if (waiting := jobs.count_everywhere(JobState.QUEUED)) >= limits.max_queued:
        raise BacklogFullError(
            f"{waiting} jobs are waiting, at most {limits.max_queued} may; try again when some of them have run"
        )
    require_room(session, limits, now)
    if prepare is not None:
        prepare()
    row.id = new_id()
    row.method_version = METHOD_VERSION
    row.state = JobState.QUEUED.value
    row.max_attempts, row.deadline_seconds = limits.max_attempts, limits.deadline_seconds
    row.created_at = row.queued_at = now
    row.queued_worker_time = ClockRepository(session).worker_seconds()
    try:
        with session.begin_nested():
            jobs.add(row)
    except IntegrityError:
        # Two requests with one key came at the same moment, on a database that lets both begin.
        if key and (earlier := find_submitted(session, key, row.request_hash)):
            return Submission(earlier, is_new=False)
        raise
    jobs.add_event(row.id, "queued", now, kind=row.kind, digest=row.digest)
    crash_point("accepting")
    return Submission(row, is_new=True)
