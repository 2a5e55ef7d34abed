"""One database: its engine, and transactions that are committed at the edge.

A request or a task opens one transaction with `Database.read` or `Database.write`; nothing below commits. On SQLite a
write transaction takes the write lock when it begins (BEGIN IMMEDIATE). Otherwise one that reads first and writes later
would get SQLITE_BUSY at once instead of waiting for its turn. On PostgreSQL reads see one snapshot and writers wait for
each other's rows, no longer than writers of SQLite do.
"""

from __future__ import annotations

import contextlib
import copy
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from forecast.runtime.private_files import make_private_file, make_private_folder
from forecast.store.binding import BoundSession
from forecast.store.errors import DatabaseUrlError

BUSY_TIMEOUT_SECONDS: Final = 10.0
POOL_SIZE: Final = 8
POOL_OVERFLOW: Final = 40
"""The web process serves up to 40 requests at a time from its threads."""

WRITE_BEGINS: Final = "forecast.write_begins"
WRITE_ENDS: Final = "forecast.write_ends"
"""Audit events of the thread that has a write transaction."""

_WRITING: Final = "forecast_writing"
_MILLISECONDS: Final = int(BUSY_TIMEOUT_SECONDS * 1000)
_POSTGRESQL_LIMITS: Final = (
    f"SELECT set_config('lock_timeout', '{_MILLISECONDS}', true), "
    "set_config('idle_in_transaction_session_timeout', '60000', true), set_config('timezone', 'UTC', true)"
)
"""For one transaction: a pool such as PgBouncer gives the next one to another session, and takes no options."""


class Database:
    """Transactions on one database, seen from one workspace or from none.

    Attributes
    ----------
    workspace
        The one that reading and writing is confined to; None sees all of them, for tasks of the whole installation.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.workspace: str | None = None
        self.engine = create_database_engine(url)
        self._writing = self.engine.execution_options(**{_WRITING: True})
        is_sqlite = self.engine.dialect.name == "sqlite"
        self._reading = self.engine.execution_options(**({} if is_sqlite else {"isolation_level": "REPEATABLE READ"}))

    def of(self, workspace: str) -> Database:
        """The same database, confined to a workspace."""
        bound = copy.copy(self)
        bound.workspace = workspace
        return bound

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that only reads, on a consistent snapshot."""
        with BoundSession(self._reading, self.workspace) as session:
            yield session

    def connect(self) -> Connection:
        """One transaction that only reads, for statements that say of which workspace they are and make no objects."""
        return self._reading.connect()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction, committed when the block ends and rolled back when it raises."""
        with BoundSession(self._writing, self.workspace) as session, session.begin():
            # All other writers wait: what takes long is done before or after. Tests listen (tests/suite/transactions.py).
            sys.audit(WRITE_BEGINS)
            try:
                yield session
            finally:
                sys.audit(WRITE_ENDS)

    def dispose(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()


def create_database_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """An engine for the URL; on SQLite with the settings that make an answered commit survive a power cut.

    Parameters
    ----------
    foreign_keys
        False lets SQLite rebuild a table that others point to, for migrations, which check all keys at their end.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _create_postgresql_engine(parsed)
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseUrlError(
            f"the database is {parsed.get_backend_name()!r}, expected sqlite or postgresql; correct FORECAST_DATABASE_URL"
        )
    if parsed.database and parsed.database != ":memory:":
        make_private_folder(Path(parsed.database).parent)
    engine = create_engine(
        parsed,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS},
    )
    if parsed.database and parsed.database != ":memory:" and not parsed.database.startswith("file:"):
        event.listen(engine, "do_connect", partial(_make_file, Path(parsed.database)))
    event.listen(engine, "connect", _prepare_sqlite)
    if not foreign_keys:
        event.listen(engine, "connect", _without_foreign_keys)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_postgresql_engine(url: URL) -> Engine:
    try:
        engine = create_engine(
            # psycopg 3, whichever way the address is spelled.
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            # Errors go to logs, and values are other people's studies.
            hide_parameters=True,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            # A prepared statement is a session's as well.
            connect_args={"connect_timeout": int(BUSY_TIMEOUT_SECONDS), "prepare_threshold": None},
        )
    except ImportError as error:
        raise DatabaseUrlError(
            "the database is PostgreSQL and psycopg is not installed; install `scenario-forecast[postgresql]`"
        ) from error
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _make_file(path: Path, *_: Any) -> None:
    """SQLite would make one that others can read, and gives its mode to the files that it puts beside it."""
    # Where there can be none, SQLite says so.
    with contextlib.suppress(OSError):
        make_private_file(path)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Leave BEGIN to `_begin_sqlite`; the module's own habit is to begin late and never immediately.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    # NORMAL may lose the last commits at a power cut: an accepted job would be gone.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _without_foreign_keys(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")


def _begin_postgresql(connection: Connection) -> None:
    connection.exec_driver_sql(_POSTGRESQL_LIMITS)


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
