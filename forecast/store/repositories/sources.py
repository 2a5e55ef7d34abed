"""Queries about the sources of studies."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from forecast.store.binding import workspace_of
from forecast.store.repositories.errands import ErrandRepository
from forecast.store.tables.living import SourceRow

FETCH: Final = "fetch"
"""The kind of its errands."""


def key_of(study: str, source: str) -> str:
    """What the errand of a source is about; ids have no slash."""
    return f"{study}/{source}"


class SourceRepository:
    """Sources, as one transaction sees them. One that its study no longer names is kept, and never due."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, study: str, definitions: Mapping[str, tuple[str, datetime | None]], now: datetime) -> None:
        """Make these the sources of a study: definition and next due time by id. A new or changed one is asked at once."""
        errands, workspace = ErrandRepository(self._session), workspace_of(self._session)
        known = {row.id: row for row in self._of(study)}
        for name, row in known.items():
            if name not in definitions:
                row.next_due = None
                if (wanted := errands.wanted(FETCH, workspace, key_of(study, name))) is not None:
                    errands.finish(wanted, now)
        for name, (definition, next_due) in definitions.items():
            found = known.get(name)
            if found is not None and found.definition == definition and found.next_due is not None:
                continue
            if found is None:
                found = SourceRow(study=study, id=name, failures=0)
                self._session.add(found)
            found.definition, found.next_due = definition, next_due
            errands.want(FETCH, workspace, key_of(study, name), now, anew=True)
            # What another definition gave says nothing about this one.
            found.etag = found.last_modified = found.media_type = found.copy_sha256 = found.copy_gzip = None
            found.failures, found.failing_since, found.error_code, found.error_detail = 0, None, None, None
        self._session.flush()

    def get(self, study: str, source: str, *, with_copy: bool = False) -> SourceRow | None:
        """A source that the study names."""
        options = [undefer(SourceRow.copy_gzip)] if with_copy else []
        key = workspace_of(self._session), study, source
        row = self._session.get(SourceRow, key, options=options, populate_existing=True)
        return None if row is None or row.next_due is None else row

    def of_study(self, study: str) -> tuple[SourceRow, ...]:
        """The sources that a study names, by id."""
        return tuple(row for row in self._of(study) if row.next_due is not None)

    def due(self, now: datetime, limit: int) -> tuple[tuple[str, str, str], ...]:
        """Workspace, study and id of sources that are due."""
        query = select(SourceRow.workspace, SourceRow.study, SourceRow.id).where(SourceRow.next_due <= now)
        found = self._session.execute(query.order_by(SourceRow.next_due).limit(limit))
        return tuple((row.workspace, row.study, row.id) for row in found)

    def is_wanted(self, row: SourceRow) -> bool:
        """Whether a fetch of a source is under way."""
        return ErrandRepository(self._session).wanted(FETCH, row.workspace, key_of(row.study, row.id)) is not None

    def failing(self, study: str, least: int) -> tuple[SourceRow, ...]:
        """Sources of a study that have failed at least so often in a row."""
        return tuple(row for row in self.of_study(study) if row.failures >= least)

    def _of(self, study: str) -> tuple[SourceRow, ...]:
        return tuple(self._session.scalars(select(SourceRow).where(SourceRow.study == study).order_by(SourceRow.id)))


def pack_copy(body: bytes) -> bytes:
    """A fetched table as it is kept."""
    return gzip.compress(body, mtime=0)


def unpack_copy(row: SourceRow) -> bytes | None:
    """The last good copy of a source."""
    return None if row.copy_gzip is None else gzip.decompress(row.copy_gzip)
