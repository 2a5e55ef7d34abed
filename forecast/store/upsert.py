"""Inserts that define what happens to an existing row; each database has its own syntax."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

_INSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(session: Session, row: type[Any]) -> Any:
    """An insert with `on_conflict_do_nothing` and `on_conflict_do_update`, as the session's database spells it."""
    return _INSERT[session.get_bind().dialect.name](row)
