"""Queries about documents, studies and their versions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.store.binding import workspace_of
from forecast.store.repositories.pages import Page, decode_cursor, make_page
from forecast.store.tables.core import DocumentRow, StudyRow, StudyVersionRow
from forecast.store.upsert import insert_into


class StudyRepository:
    """Studies of a workspace, as one transaction sees them. Documents belong to all workspaces: a caller that knows a
    digest knows its text."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_document(self, digest: str, json: str, now: datetime) -> None:
        """Keep a document under its digest; keeping it twice changes nothing."""
        if self._session.get(DocumentRow, digest) is None:
            # Two may keep the same at once, on a database that lets both begin.
            row = {"digest": digest, "json": json, "created_at": now}
            self._session.execute(insert_into(self._session, DocumentRow).values(row).on_conflict_do_nothing())

    def document(self, digest: str) -> str | None:
        """The canonical JSON under a digest."""
        row = self._session.get(DocumentRow, digest)
        return row.json if row else None

    def get(self, study: str) -> StudyRow | None:
        return self._session.get(StudyRow, (workspace_of(self._session), study))

    def lock(self, study: str) -> StudyRow | None:
        """A study as it is now, held until the transaction ends."""
        query = select(StudyRow).where(StudyRow.id == study, StudyRow.workspace == workspace_of(self._session))
        query = query.with_for_update()
        return self._session.scalar(query.execution_options(populate_existing=True))

    def put(self, study: str, title: str, digest: str, json: str, now: datetime) -> tuple[StudyRow, bool]:
        """Make a document the current version of a study; returns whether the study is new."""
        self.add_document(digest, json, now)
        row = self.lock(study)
        is_new = row is None
        if row is None:
            row = StudyRow(id=study, title=title, digest=digest, created_at=now, updated_at=now)
            self._session.add(row)
            self._session.flush()
        elif row.digest != digest:
            row.title, row.digest, row.updated_at = title, digest, now
        if self.version(study, digest) is None:
            number = 1 + self._count_versions(study)
            self._session.add(StudyVersionRow(study=study, digest=digest, number=number, created_at=now))
        self._session.flush()
        return row, is_new

    def _count_versions(self, study: str) -> int:
        query = select(func.count()).select_from(StudyVersionRow).where(StudyVersionRow.study == study)
        return self._session.scalar(query) or 0

    def version(self, study: str, digest: str) -> StudyVersionRow | None:
        return self._session.get(StudyVersionRow, (workspace_of(self._session), study, digest))

    def page(self, limit: int, cursor: str | None = None) -> Page[StudyRow]:
        """Studies by id."""
        query = select(StudyRow).order_by(StudyRow.id).limit(limit + 1)
        if (after := decode_cursor("studies", cursor)) is not None:
            query = query.where(StudyRow.id > after)
        rows = list(self._session.scalars(query))
        return make_page("studies", rows, [row.id for row in rows], limit)

    def everywhere(self) -> tuple[tuple[str, str], ...]:
        """Workspace and id of every study that the session sees."""
        query = select(StudyRow.workspace, StudyRow.id).order_by(StudyRow.workspace, StudyRow.id)
        return tuple((row.workspace, row.id) for row in self._session.execute(query))

    def versions(self, study: str) -> tuple[StudyVersionRow, ...]:
        """Versions of a study, newest first."""
        query = select(StudyVersionRow).where(StudyVersionRow.study == study).order_by(StudyVersionRow.number.desc())
        return tuple(self._session.scalars(query))
