"""The schema's version: bringing a database to it, and checking whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from forecast.store.database import Database, create_database_engine
from forecast.store.errors import SchemaError

HEAD: Final = "0001"
"""The newest revision in `migrations/versions`; a test holds the two together."""

_LOCK_KEY: Final = 0x5CE0_A410


def migrate(url: str) -> None:
    """Bring the database to the schema of this version, making it if there is none.

    Raises
    ------
    SchemaError
        When the database was made by a newer version, or by one before the first release.
    """
    # Alembic takes a third of a second to import, and only the process that migrates needs it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = create_database_engine(url, foreign_keys=False)
    try:
        with migrating(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise SchemaError(
            f"the database has a schema that this version does not know ({error}); it was used by a newer version or by one "
            "before the first release: install that version, or choose a new FORECAST_HOME"
        ) from error
    finally:
        engine.dispose()


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A transaction in which tables may be rebuilt, on an engine without foreign keys; all are checked at its end.

    Of several processes that migrate one database at a time, the others wait and find it done.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # However long the other takes.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        yield connection
        if connection.dialect.name == "sqlite" and (
            broken := connection.execute(text("PRAGMA foreign_key_check")).all()
        ):
            raise SchemaError(
                f"the migrated database points to rows that are not there: {broken[:5]}; nothing was changed"
            )


def check_schema(database: Database) -> None:
    """Make sure that the database has the schema of this version.

    Raises
    ------
    SchemaError
        When it has not.
    """
    with database.read() as session:
        connection = session.connection()
        if inspect(connection).has_table("alembic_version"):
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        else:
            found = None
    if found != HEAD:
        raise SchemaError(
            f"the database has schema {found or 'none'}, this version needs {HEAD}; start it with `forecast serve`"
        )
