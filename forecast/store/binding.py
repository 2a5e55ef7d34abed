"""Sessions that belong to a workspace: what they read is filtered, what they write is marked, nothing can be forgotten.

The filter is added to every statement of a bound session, here and nowhere else (SQLAlchemy's `with_loader_criteria`).
A session that is bound to none sees all workspaces. The dispatcher and the worker use one to look for what is due, and
bind another session to the workspace of what they found.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from sqlalchemy import Engine, event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.util import LoaderCriteriaOption

from forecast.store.tables.core import Workspaced

DEFAULT_WORKSPACE: Final = "default"
"""The one that every installation has."""

EVERYWHERE: Final = "forecast_every_workspace"
"""Option of a statement that is about the installation, whatever its session is bound to."""

_WORKSPACE: Final = "forecast_workspace"


class BoundSession(Session):
    """A session of one workspace; or of none, which sees all."""

    def __init__(self, bind: Engine, workspace: str | None = None) -> None:
        super().__init__(bind, expire_on_commit=False, info={_WORKSPACE: workspace})


def workspace_of(session: Session) -> str:
    """The workspace that a session is bound to.

    Raises
    ------
    LookupError
        When it is bound to none: names of studies mean something only within a workspace.
    """
    found = session.info.get(_WORKSPACE)
    if found is None:
        raise LookupError("this session is bound to no workspace; open one with Database.of(workspace)")
    return str(found)


def _filter(state: ORMExecuteState) -> None:
    workspace = state.session.info.get(_WORKSPACE)
    if workspace is None or state.execution_options.get(EVERYWHERE) or state.is_column_load or state.is_insert:
        return
    state.statement = state.statement.options(_only(workspace))


@lru_cache(maxsize=1024)
def _only(workspace: str) -> LoaderCriteriaOption:
    return with_loader_criteria(Workspaced, lambda row: row.workspace == workspace, include_aliases=True)


def _mark(session: Session, _context: object, _instances: object) -> None:
    workspace = session.info.get(_WORKSPACE)
    rows: Iterable[object] = [*session.new, *session.dirty]
    for row in rows:
        if not isinstance(row, Workspaced):
            continue
        own: str | None = getattr(row, "workspace", None)
        if own is None and workspace is not None:
            row.workspace = workspace
        elif own is None:
            raise LookupError(f"a new {type(row).__name__} has no workspace, and its session is bound to none")
        elif workspace is not None and own != workspace:
            raise LookupError(f"a {type(row).__name__} of another workspace was to be written")


event.listen(BoundSession, "do_orm_execute", _filter)
event.listen(BoundSession, "before_flush", _mark)
