"""Making workspaces."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session

from forecast.access.scopes import KeyRequestError
from forecast.store import WorkspaceRepository
from forecast.store.tables.core import WorkspaceRow
from forecast.study.document.fields import STUDY_ID_PATTERN


def create_workspace(session: Session, workspace: str, title: str, now: datetime) -> WorkspaceRow:
    """Make a workspace.

    Raises
    ------
    KeyRequestError
        When its id is none, or is taken.
    """
    workspaces = WorkspaceRepository(session)
    if not re.fullmatch(STUDY_ID_PATTERN, workspace):
        raise KeyRequestError(
            f"{workspace[:80]!r} is no id of a workspace; expected letters, digits, - and _, as in 'desk-3'"
        )
    if workspaces.get(workspace) is not None:
        raise KeyRequestError(f"there is a workspace {workspace!r} already; choose another id")
    return workspaces.add(workspace, title[:200], now)
