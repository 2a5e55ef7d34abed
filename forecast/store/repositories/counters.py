"""Counters: how often something happened since the installation began, added up in the database by all processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from forecast.store.binding import BoundSession
from forecast.store.tables.core import CounterRow
from forecast.store.upsert import insert_into

_PENDING: Final = "forecast_counts"

Counts = Mapping[tuple[str, str], float]
"""By name and label."""


def _write(session: Session) -> None:
    """Write what was counted, last in a transaction and in one order for all.

    Otherwise a transaction that holds a counter and goes on to other rows could deadlock with one that holds those
    rows.
    """
    pending = session.info.pop(_PENDING, None)
    if not pending:
        return
    for (name, label), value in sorted(pending.items()):
        statement = insert_into(session, CounterRow).values(name=name, label=label, value=value)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[CounterRow.name, CounterRow.label],
                set_={"value": CounterRow.value + statement.excluded.value},
            )
        )


event.listen(BoundSession, "before_commit", _write)


class CounterRepository:
    """Counters, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, counts: Counts) -> None:
        """Add to counters when the transaction is committed; those that are not there begin at 0."""
        pending: Counter[tuple[str, str]] = self._session.info.setdefault(_PENDING, Counter())
        for (name, label), value in counts.items():
            pending[str(name), label[:64]] += float(value)  # type: ignore[assignment]

    def all(self) -> tuple[CounterRow, ...]:
        query = select(CounterRow).order_by(CounterRow.name, CounterRow.label)
        return tuple(self._session.scalars(query.execution_options(populate_existing=True)))
