"""Queries about processes, their clocks, and the time in which there were workers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ScalarSelect, delete, func, select, text, update
from sqlalchemy.orm import Session

from forecast.runtime.clock import Reading, boot_id, has_jumped, host_name, read_clocks
from forecast.store.tables.clocks import HostClockRow, ProcessSignRow, WorkerTimeRow
from forecast.store.upsert import insert_into

ONLY_ROW: Final = 1


def worker_seconds_now() -> ScalarSelect[float]:
    """For how long workers have been there by now, as an expression for another row."""
    found = select(WorkerTimeRow.seconds).where(WorkerTimeRow.id == ONLY_ROW).scalar_subquery()
    return select(func.coalesce(found, 0.0)).scalar_subquery()


class ClockRepository:
    """Clocks, as one transaction sees them; of the whole installation."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def leave_sign(self, role: str, name: str, offset: float | None) -> None:
        """Record that a process of this machine lives."""
        host = host_name()
        changed = update(ProcessSignRow).where(ProcessSignRow.name == name)
        if not self._rows_of(changed.values(beats=ProcessSignRow.beats + 1, offset_seconds=offset)):
            values = {"name": name, "role": role, "host": host, "beats": 0, "offset_seconds": offset}
            self._session.execute(insert_into(self._session, ProcessSignRow).values(values).on_conflict_do_nothing())

    def signs(self) -> tuple[ProcessSignRow, ...]:
        return self._all(select(ProcessSignRow).order_by(ProcessSignRow.name))

    def remove_signs(self, seen: Sequence[ProcessSignRow]) -> None:
        """Forget processes, if they have not moved since they were seen."""
        for row in seen:
            still = ProcessSignRow.name == row.name, ProcessSignRow.beats == row.beats
            self._session.execute(delete(ProcessSignRow).where(*still).execution_options(synchronize_session=False))

    def host_clocks(self) -> tuple[HostClockRow, ...]:
        return self._all(select(HostClockRow).order_by(HostClockRow.host))

    def host_clock(self) -> HostClockRow | None:
        """That of this machine since it was started; None when no process has looked yet."""
        row = self._session.get(HostClockRow, host_name(), populate_existing=True)
        return row if row is not None and row.boot_id == boot_id() else None

    def note_clock(self, reading: Reading) -> None:
        """Keep how this machine's clock stands, for processes that start later."""
        values = {"boot_id": boot_id(), "offset_seconds": reading.offset}
        if self.host_clock() is None:
            # Nothing that is known of an earlier start of the machine holds.
            values |= {"jump_seconds": None, "jumped_at": None, "held_until": None, "noted_by": None}
        self._put_clock(values)

    def note_jump(self, reading: Reading, jump: float, held_until: float, now: datetime, process: str) -> None:
        """Keep that this machine's clock has jumped, and until when of its boot clock it is not relied on."""
        self._put_clock(
            {
                "boot_id": boot_id(),
                "offset_seconds": reading.offset,
                "jump_seconds": jump,
                "jumped_at": now,
                "held_until": held_until,
                "noted_by": process,
            }
        )

    def release(self, held_until: float) -> None:
        """End a hold whose time is over, unless another jump has begun another."""
        held = HostClockRow.host == host_name(), HostClockRow.held_until == held_until
        self._rows_of(update(HostClockRow).where(*held).values(held_until=None))

    def confirm(self) -> tuple[str, ...]:
        """End all holds after an operator has confirmed the clocks; returns their machines."""
        held = tuple(row.host for row in self.host_clocks() if row.held_until is not None)
        self._rows_of(update(HostClockRow).values(held_until=None))
        if self.host_clock() is not None:
            # A jump that no process has noticed yet is confirmed as well.
            self.note_clock(read_clocks())
        return held

    def is_trusted(self) -> bool:
        """Whether this process may remove what has ended by the wall clock; reads only, for callers that remove
        rarely."""
        row = self.host_clock()
        if row is not None and (row.held_until is not None or has_jumped(row.offset_seconds, read_clocks().offset)):
            return False
        offset = self.measure_offset()
        return offset is None or not has_jumped(0.0, offset)

    def measure_offset(self) -> float | None:
        """How many seconds this process' clock is ahead of the database's; None where both are one machine's.

        Half the round trip may be error, and is taken off.
        """
        if self._session.get_bind().dialect.name != "postgresql":
            return None
        # The first statement of a session may have to connect.
        self._session.execute(text("SELECT 1"))
        before = time.monotonic()
        wall = time.time()
        found = float(self._session.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
        half = (time.monotonic() - before) / 2
        offset = wall + half - found
        return max(0.0, offset - half) if offset > 0 else min(0.0, offset + half)

    def worker_seconds(self) -> float:
        """For how long workers have been there, in all."""
        return float(self._session.scalar(select(worker_seconds_now())) or 0.0)

    def advance_worker_seconds(self, seen: float, step: float) -> bool:
        """Add to it, if it is as it was seen: of all that count, one does."""
        row = WorkerTimeRow.id == ONLY_ROW, WorkerTimeRow.seconds == seen
        return self._rows_of(update(WorkerTimeRow).where(*row).values(seconds=seen + step)) == 1

    def _put_clock(self, values: dict[str, Any]) -> None:
        statement = insert_into(self._session, HostClockRow).values(host=host_name(), **values)
        self._session.execute(statement.on_conflict_do_update(index_elements=[HostClockRow.host], set_=values))
        self._session.expire_all()

    def _rows_of(self, statement: Any) -> int:
        found = self._session.execute(statement.execution_options(synchronize_session=False))
        return int(found.rowcount)  # type: ignore[attr-defined]

    def _all(self, query: Any) -> tuple[Any, ...]:
        return tuple(self._session.scalars(query.execution_options(populate_existing=True)))
