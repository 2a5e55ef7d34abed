"""The rows of a whole database as text that any database takes: for backups, and for the way from one kind to another.

One line of JSON per row, one file per table, in an order in which every row comes after those it points to.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from sqlalchemy import JSON, Column, Connection, LargeBinary, Table, func, insert, inspect, select, text, update

from forecast.store import identity
from forecast.store.errors import BackupError, NotEmptyError
from forecast.store.tables import access as access_tables
from forecast.store.tables import alerts as alert_tables
from forecast.store.tables import clocks as clock_tables
from forecast.store.tables import living as living_tables
from forecast.store.tables.columns import UtcDateTime
from forecast.store.tables.core import Base, JobRow

BATCH: Final = 500
BATCH_BYTES: Final = 16 << 20
"""Of text; rows may be long."""
LARGEST_BITS: Final = 63
_LATER: Final = ("job", "target")
"""Jobs and forecasts point to each other: this column is filled when both are there."""

_PASSING: Final = tuple(
    row.__table__
    for row in (
        clock_tables.ProcessSignRow,
        clock_tables.HostClockRow,
        clock_tables.WorkerTimeRow,
        identity.InstallationRow,
    )
)
"""About an installation as it runs, and itself."""
_DEFINED: Final = (access_tables.ApiKeyRow, alert_tables.AlertRow, living_tables.ScheduleRow)
"""Only tables whose modules are loaded are known."""


def tables() -> tuple[Table, ...]:
    """All tables that are kept, each after those it points to."""
    return tuple(table for table in Base.metadata.sorted_tables if table not in _PASSING)


def dump_table(connection: Connection, table: Table, file: Path) -> int:
    """Write the rows of a table to a file of compressed lines; how many there are."""
    count = 0
    keys = [table.c[column.name] for column in table.primary_key.columns]
    with gzip.open(file, "wt", encoding="utf-8", compresslevel=6) as stream:
        for row in connection.execute(select(table).order_by(*keys)).yield_per(BATCH).mappings():
            values = {column.name: _plain(row[column.name]) for column in table.columns}
            stream.write(json.dumps(values, ensure_ascii=False) + "\n")
            count += 1
    return count


def load_table(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Insert rows of text into an empty table; how many there were.

    Raises
    ------
    BackupError
        When a row has other columns than the table, or a value of another kind.
    """
    count = 0
    for rows in _batches(lines, table):
        connection.execute(insert(table), rows)
        count += len(rows)
    return count


def connect_later(connection: Connection, lines: Iterable[bytes]) -> None:
    """Fill what could not be filled before all tables were, from the rows that were put in."""
    name, column = _LATER
    table = Base.metadata.tables[name]
    for line in lines:
        row = json.loads(line)
        if row[column] is not None:
            connection.execute(update(JobRow).where(table.c.id == row["id"]).values({column: row[column]}))


def require_empty(connection: Connection) -> None:
    """Make sure that a database holds nothing but what every new one does.

    Raises
    ------
    NotEmptyError
        When it holds anything else.
    """
    there = set(inspect(connection).get_table_names())
    for table in tables():
        if table.name not in there:
            continue
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if count and table.name != "workspace":
            raise NotEmptyError(
                f"the database has {count} rows in {table.name}, expected a new one; nothing was changed; restore into an empty "
                "FORECAST_HOME or another FORECAST_DATABASE_URL"
            )


def continue_numbers(connection: Connection) -> None:
    """Have PostgreSQL number new rows after those that were put in; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables():
        key = list(table.primary_key.columns)
        if len(key) == 1 and key[0].autoincrement is True:
            highest = connection.execute(select(func.max(key[0]))).scalar()
            if highest is not None:
                sequence = connection.execute(
                    text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": key[0].name}
                ).scalar_one()
                connection.execute(text("SELECT setval(:name, :value)"), {"name": sequence, "value": highest})


def _batches(lines: Iterable[bytes], table: Table) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    size = 0
    for number, line in enumerate(lines, start=1):
        rows.append(_row(line, table, number))
        size += len(line)
        if len(rows) == BATCH or size > BATCH_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _row(line: bytes, table: Table, number: int) -> dict[str, Any]:
    where = f"row {number} of the table {table.name} in the backup"
    try:
        values = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BackupError(f"{where} is no JSON; nothing was restored; use another copy") from None
    expected = {column.name for column in table.columns}
    if not isinstance(values, dict) or set(values) != expected:
        odd = sorted(set(values) ^ expected)[:1] if isinstance(values, dict) else ["no object"]
        raise BackupError(
            f"{where} has other columns than this version ({odd[0][:60]!r}); nothing was restored; use another copy"
        )
    row = {}
    for column in table.columns:
        try:
            row[column.name] = _typed(column, values[column.name])
        except (TypeError, ValueError, OverflowError):
            raise BackupError(
                f"{where} has a {column.name} of another kind than is written there; nothing was restored; use another copy"
            ) from None
    if table.name == _LATER[0]:
        row[_LATER[1]] = None
        # The time of workers starts again at zero.
        row["queued_worker_time"] = 0.0
    return row


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, date) else value


def _typed(column: Column[Any], value: Any) -> Any:
    """A value of a row's text as its column takes it; raises TypeError or ValueError for any other."""
    if value is None:
        if not column.nullable:
            raise TypeError("nothing where something has to be")
        return None
    if isinstance(column.type, JSON):
        return value
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(_of_kind(value, str), validate=True)
    if isinstance(column.type, UtcDateTime):
        moment = datetime.fromisoformat(_of_kind(value, str))
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone")
        return moment
    kind = column.type.python_type
    if kind is int and _of_kind(value, int).bit_length() > LARGEST_BITS:
        raise OverflowError("a number that no database holds")
    if kind is date:
        return date.fromisoformat(_of_kind(value, str))
    if kind is float and type(value) is int:
        return float(value)
    return _of_kind(value, kind)


def _of_kind[T](value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__}")
    return value
