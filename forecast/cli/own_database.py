"""The database of this installation, for commands that need no service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecast.store import Database


@contextmanager
def own_database() -> Iterator[Database]:
    """The database that the settings name, while its schema is the one of this version.

    Raises
    ------
    SchemaError
        When it is another one.
    """
    from forecast.runtime.settings import get_settings
    from forecast.store import Database, check_schema

    database = Database(get_settings().database)
    try:
        check_schema(database)
        yield database
    finally:
        database.dispose()
