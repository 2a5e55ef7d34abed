"""Column types that every table shares."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC and read back with its zone; refuses a moment without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; expected an aware datetime, as from utc_now()")
        moment = value.astimezone(UTC)
        # SQLite keeps text: without an offset it sorts and compares as the moments do.
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """This moment, in UTC; moved by the seconds in the file that ``FORECAST_CLOCK_FILE`` names, if any.

    With it a rehearsal of months takes minutes. All processes of an installation have to be given the same file.
    """
    file = os.environ.get("FORECAST_CLOCK_FILE")
    return datetime.now(UTC) + timedelta(seconds=float(Path(file).read_text("ascii")) if file else 0.0)
