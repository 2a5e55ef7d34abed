"""Counters: how often something happened since the installation began, added up in the database by all processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from forecast.store.tables import CounterRow

_INSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

Counts = Mapping[tuple[str, str], float]
"""By name and label."""


class CounterRepository:
    """Counters, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, counts: Counts) -> None:
        """Add to counters; those that are not there begin at 0."""
        insert = _INSERT[self._session.get_bind().dialect.name]
        # In one order for all, so that no two transactions wait for each other's rows.
        for (name, label), value in sorted(counts.items()):
            statement = insert(CounterRow).values(name=name, label=label[:64], value=float(value))
            self._session.execute(
                statement.on_conflict_do_update(
                    index_elements=[CounterRow.name, CounterRow.label],
                    set_={"value": CounterRow.value + statement.excluded.value},
                )
            )

    def all(self) -> tuple[CounterRow, ...]:
        query = select(CounterRow).order_by(CounterRow.name, CounterRow.label)
        return tuple(self._session.scalars(query.execution_options(populate_existing=True)))
