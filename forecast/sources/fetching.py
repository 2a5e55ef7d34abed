"""Asking a source and storing what is new in its answer: all of it or nothing, and a failure that readers can see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.errands import ErrandKind, ErrandRule, begin_errand
from forecast.errors import ForecastError, StudyError
from forecast.outgoing import AddressRules, Fetched, FetchLimits, fetch, read_file
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.sources.sources import next_due, source_of
from forecast.store import (
    DEFAULT_WORKSPACE,
    Database,
    ErrandRepository,
    EvidenceRepository,
    SourceRepository,
    pack_copy,
    unpack_copy,
    utc_now,
)
from forecast.store.repositories.sources import key_of
from forecast.store.tables.errands import ErrandRow
from forecast.store.tables.living import SourceRow
from forecast.study import Arrival, News, PullSource, Study, news_of, read_table
from forecast.timeline.appending import append_checked

MAX_ERROR_CHARACTERS: Final = 2_000

log = get_logger(__name__)


class FetchOutcome(StrEnum):
    """What came of a message about a source."""

    DROPPED = "dropped"
    """The fetch is no longer wanted: it was made already, or the study no longer names the source."""
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True)
class _Asked:
    """A source as it stood when it was asked."""

    source: PullSource
    errand: ErrandRow
    etag: str | None
    last_modified: str | None
    copy: bytes | None
    media_type: str | None


Ask = Callable[[PullSource, str | None, str | None], Fetched]
"""From a source, with the ETag and the Last-Modified of its last good copy, to its answer."""


def asker(settings: Settings, workspace: str = DEFAULT_WORKSPACE) -> Ask:
    """Asks as an installation allows. Files of a workspace lie in a folder of its name; only the first has them all."""
    folder = settings.source_dir
    if folder is not None and workspace != DEFAULT_WORKSPACE:
        folder = folder / workspace
    rules = AddressRules.of(settings)
    limits = FetchLimits(settings.outgoing_seconds, settings.source_max_bytes)

    def ask(source: PullSource, etag: str | None, last_modified: str | None) -> Fetched:
        if source.url.startswith("file:"):
            return read_file(source.url, folder, settings.source_max_bytes)
        return fetch(source.url, rules, limits, etag=etag, last_modified=last_modified)

    return ask


def fetch_source(
    database: Database,
    ask: Ask,
    study_id: str,
    source_id: str,
    rule: ErrandRule,
    clock: Callable[[], datetime] = utc_now,
) -> FetchOutcome:
    """Ask a source whose fetch is wanted. A second message about the same wish changes nothing."""
    asked = _begin(database, study_id, source_id, rule, clock())
    if asked is None:
        return FetchOutcome.DROPPED
    if rule.is_spent(asked.errand):
        return _fail(database, study_id, source_id, asked, _GaveUpError(rule.gave_up), clock(), given_up=True)
    try:
        answer = ask(asked.source, asked.etag, asked.last_modified)
        # Unchanged, it is looked at again all the same: a period that went on when it came may be over now.
        body = asked.copy if answer.body is None else answer.body
        if body is None:
            raise _NoCopyError(f"{asked.source.url[:80]!r} says that nothing has changed, but there is no copy of it")
        # "Not modified" says nothing about the kind of what it does not bring.
        media_type = (asked.media_type if answer.body is None else answer.media_type) or ""
        rows = read_table(asked.source, body, media_type)
        packed = None if answer.body is None else pack_copy(body)
        news = News((), 0, 0)

        def choose(study: Study) -> Sequence[Arrival]:
            nonlocal news
            news = news_of(study, asked.source, rows, clock().date())
            return news.arrivals

        def store(session: Session, arrivals: Sequence[Arrival]) -> int | None:
            row = _still_wanted(session, study_id, source_id, asked)
            if row is None:
                return None
            now = clock()
            _finish(session, asked, now)
            appended = EvidenceRepository(session).append(study_id, arrivals, f"source:{source_id}", now)
            _settle(row, now)
            row.fetched_at, row.rows, row.added = now, news.rows, len(appended.rows)
            if packed is not None:
                row.copy_gzip, row.copy_sha256 = packed, hashlib.sha256(body).hexdigest()
                row.media_type, row.etag = media_type[:200], _kept(answer.etag, 1000)
                row.last_modified = _kept(answer.last_modified, 100)
            return len(appended.rows)

        added = append_checked(database, study_id, lambda base: base.check(choose), store)
        if added is None:
            return FetchOutcome.DROPPED
    except ForecastError as error:
        return _fail(database, study_id, source_id, asked, error, clock())
    except SQLAlchemyError:
        # The wish stays, and is due again when this attempt no longer holds it.
        raise
    except Exception as error:
        log.exception("source_defect", study=study_id, source=source_id)
        return _fail(database, study_id, source_id, asked, error, clock())
    log.info("source_fetched", study=study_id, source=source_id, rows=news.rows, added=added)
    return FetchOutcome.STORED


class _NoCopyError(ForecastError, RuntimeError):
    code = "fetch_failed"


class _GaveUpError(ForecastError, RuntimeError):
    code = "fetch_gave_up"


def _begin(database: Database, study_id: str, source_id: str, rule: ErrandRule, now: datetime) -> _Asked | None:
    with database.write() as session:
        row = SourceRepository(session).get(study_id, source_id)
        if row is None:
            return None
        errand = begin_errand(session, ErrandKind.FETCH, row.workspace, key_of(study_id, source_id), rule, now)
    if errand is None:
        return None
    # The copy is large, and others wait to write.
    with database.read() as session:
        row = SourceRepository(session).get(study_id, source_id, with_copy=True)
    if row is None:
        return None
    return _Asked(source_of(row), errand, row.etag, row.last_modified, unpack_copy(row), row.media_type)


def _still_wanted(session: Session, study_id: str, source_id: str, asked: _Asked) -> SourceRow | None:
    row = SourceRepository(session).get(study_id, source_id)
    if row is None or ErrandRepository(session).held(asked.errand) is None or source_of(row) != asked.source:
        return None
    return row


def _finish(session: Session, asked: _Asked, now: datetime, *, given_up: bool = False) -> None:
    errand = ErrandRepository(session).held(asked.errand)
    assert errand is not None, "it was looked up in this transaction"
    ErrandRepository(session).finish(errand, now, given_up=given_up)


def _fail(
    database: Database,
    study_id: str,
    source_id: str,
    asked: _Asked,
    error: Exception,
    now: datetime,
    *,
    given_up: bool = False,
) -> FetchOutcome:
    code = error.code if isinstance(error, ForecastError) else "internal"
    problems = error.errors if isinstance(error, StudyError) else ()
    detail = "; ".join(str(problem) for problem in problems[:5]) or str(error)
    if not isinstance(error, ForecastError):
        detail = f"a defect of ours ({type(error).__name__}); it is in the worker's log"
    with database.write() as session:
        row = _still_wanted(session, study_id, source_id, asked)
        if row is None:
            return FetchOutcome.DROPPED
        _finish(session, asked, now, given_up=given_up)
        row.failures, row.failing_since = row.failures + 1, row.failing_since or now
        row.error_code, row.error_detail = code[:32], storable(detail)[:MAX_ERROR_CHARACTERS]
        row.checked_at = now
        row.next_due = next_due(row, now)
        failures = row.failures
    log.warning("source_failed", study=study_id, source=source_id, code=code, failures=failures, error=detail[:300])
    return FetchOutcome.FAILED


def _settle(row: SourceRow, now: datetime) -> None:
    row.checked_at = now
    row.failures, row.failing_since, row.error_code, row.error_detail = 0, None, None, None
    row.next_due = next_due(row, now)


def storable(text: str) -> str:
    """A text without what no database takes: lone surrogates, null characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")


def _kept(value: str | None, most: int) -> str | None:
    """A header as it is kept; a longer one would not be sent back."""
    return value if value is not None and len(value) <= most and value.isascii() and value.isprintable() else None
