"""The sources of studies: which there are, when they are due, and how they stand. Asking them is the worker's."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from forecast.jobs.accepted import AcceptedStudy
from forecast.queue.queues import ErrandKind
from forecast.runtime.logs import get_logger
from forecast.store import Database, ErrandRepository, NotStoredError, SourceRepository
from forecast.store.repositories.sources import key_of
from forecast.store.tables.living import SourceRow
from forecast.study import EvidenceKind, PullSource, Study
from forecast.study.document.canonical import canonical_json

BATCH: Final = 100
RETRY_SECONDS: Final = 300.0
"""After the first failure; it doubles with each, and never goes past the next due time."""

log = get_logger(__name__)


class SourceStatus(StrEnum):
    """How a source stands."""

    WAITING = "waiting"
    """It has never been asked."""
    WORKING = "working"
    FAILING = "failing"
    """The last time it gave nothing that could be used; what it gave before still counts."""


class SourceView(BaseModel):
    """A source of a study and how it stands."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    id: str
    """Id of the source in the study."""
    url: str
    """Address of the table."""
    kind: EvidenceKind
    """Kind of evidence that its rows become."""
    cron: str
    """When it is fetched: minute, hour, day of month, month, day of week."""
    timezone: str
    """IANA time zone of `cron`."""
    status: SourceStatus
    """`waiting`: never fetched. `working`: the last fetch succeeded. `failing`: the last fetch failed."""
    next_due: datetime | None
    """When it is fetched next (UTC); null when its rule has no further time."""
    fetch_wanted: bool
    """Whether a fetch is requested or under way."""
    checked_at: datetime | None
    """When it was last fetched, successfully or not (UTC); null before the first time."""
    fetched_at: datetime | None
    """When it last gave a usable table (UTC); null before the first time."""
    rows: int | None
    """Rows of that table; null before the first one."""
    added: int | None
    """Rows of evidence in that table that were new; null before the first one."""
    copy_sha256: str | None
    """SHA-256 (hex) of the stored copy of that table; null before the first one."""
    failures: int
    """Failed fetches in a row up to now; 0 when the last one succeeded."""
    failing_since: datetime | None
    """When the first of these failures happened (UTC); null without failures."""
    error_code: str | None
    """Kind of the last failure, such as `fetch_failed`; null without failures."""
    error: str | None
    """The last failure in words; null without failures."""


def store_sources(session: Session, study: Study | AcceptedStudy, now: datetime) -> None:
    """Make the sources of a study's document those that are asked."""
    definitions = {}
    for source in study.sources:
        definition = canonical_json(source.model_dump(mode="json"))
        definitions[source.id] = definition, source.rule(now).next_after(now)
    SourceRepository(session).put(study.study, definitions, now)


def source_of(row: SourceRow) -> PullSource:
    """The source as its study describes it."""
    return PullSource.model_validate_json(row.definition)


def view_sources(session: Session, study: str) -> tuple[SourceView, ...]:
    """How each source stands that a study names."""
    return tuple(view_source(session, row) for row in SourceRepository(session).of_study(study))


def view_source(session: Session, row: SourceRow) -> SourceView:
    """How a source stands."""
    source = source_of(row)
    if row.failures:
        status = SourceStatus.FAILING
    else:
        status = SourceStatus.WAITING if row.fetched_at is None else SourceStatus.WORKING
    return SourceView(
        id=row.id,
        url=source.url,
        kind=source.kind,
        cron=source.cron,
        timezone=source.timezone,
        status=status,
        next_due=row.next_due,
        fetch_wanted=SourceRepository(session).is_wanted(row),
        checked_at=row.checked_at,
        fetched_at=row.fetched_at,
        rows=row.rows,
        added=row.added,
        copy_sha256=row.copy_sha256,
        failures=row.failures,
        failing_since=row.failing_since,
        error_code=row.error_code,
        error=row.error_detail,
    )


def request_fetch(session: Session, study: str, source: str, now: datetime) -> SourceRow:
    """Want a source asked now, whatever its rule says.

    Raises
    ------
    NotStoredError
        When the study names no such source.
    """
    row = SourceRepository(session).get(study, source)
    if row is None:
        raise NotStoredError(f"the study {study!r} names no source {source[:64]!r}; see its `sources`")
    ErrandRepository(session).want(ErrandKind.FETCH, row.workspace, key_of(study, source), now)
    return row


def request_due(database: Database, now: datetime) -> list[str]:
    """Want every source asked that is due; their names, for the log. Missed due times are not made up for."""
    with database.read() as session:
        due = SourceRepository(session).due(now, BATCH)
    wanted = []
    for workspace, study, source in due:
        with database.of(workspace).write() as session:
            row = SourceRepository(session).get(study, source)
            if row is None or row.next_due is None or row.next_due > now:
                continue
            row.next_due = next_due(row, now)
            ErrandRepository(session).want(ErrandKind.FETCH, workspace, key_of(study, source), now)
        wanted.append(f"{workspace}/{study}/{source}")
    return wanted


def next_due(row: SourceRow, now: datetime) -> datetime | None:
    """When a source is asked next: by its rule, and earlier again while it fails."""
    regular = source_of(row).rule(now).next_after(now)
    if not row.failures:
        return regular
    again = now + timedelta(seconds=RETRY_SECONDS * 2.0 ** min(row.failures - 1, 10))
    return again if regular is None else min(regular, again)
