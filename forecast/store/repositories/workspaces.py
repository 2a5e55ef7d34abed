"""Queries about workspaces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.store.errors import NotStoredError
from forecast.store.tables.core import WorkspaceRow


class WorkspaceRepository:
    """Workspaces, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, workspace: str) -> WorkspaceRow | None:
        return self._session.get(WorkspaceRow, workspace)

    def known(self, workspace: str) -> WorkspaceRow:
        """A workspace.

        Raises
        ------
        NotStoredError
            When there is none of this name.
        """
        row = self.get(workspace)
        if row is None:
            raise NotStoredError(f"there is no workspace {workspace[:64]!r}; make it with `forecast workspace create`")
        return row

    def lock(self, workspace: str) -> WorkspaceRow:
        """A workspace, locked until the transaction ends, so that only one transaction counts its jobs."""
        query = select(WorkspaceRow).where(WorkspaceRow.id == workspace).with_for_update()
        row = self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise NotStoredError(f"there is no workspace {workspace[:64]!r}")
        return row

    def all(self) -> tuple[WorkspaceRow, ...]:
        return tuple(self._session.scalars(select(WorkspaceRow).order_by(WorkspaceRow.id)))

    def add(self, workspace: str, title: str, now: datetime) -> WorkspaceRow:
        """Keep a new workspace."""
        row = WorkspaceRow(id=workspace, title=title, created_at=now)
        self._session.add(row)
        self._session.flush()
        return row
