"""The way to the schema of this version, the way back, and databases of versions that were never released."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from forecast.store import SchemaError, check_schema, migrate, schema
from forecast.store.database import create_database_engine
from forecast.store.schema import migrating
from tests.installation import Installation


@contextmanager
def at_work(url: str) -> Iterator[tuple[Config, Connection]]:
    """Alembic on a connection of ours, as `migrate` has it."""
    engine = create_database_engine(url, foreign_keys=False)
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    try:
        with migrating(engine) as connection:
            config.attributes["connection"] = connection
            yield config, connection
    finally:
        engine.dispose()


def test_the_way_back_leaves_no_table_and_the_way_there_makes_all_again(installation: Installation) -> None:
    url = installation.settings.database
    installation.database.dispose()
    with at_work(url) as (config, connection):
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    migrate(url)
    check_schema(installation.database)


def test_a_target_that_does_not_exist_is_refused_by_the_database(installation: Installation) -> None:
    with installation.database.read() as session:
        keys = inspect(session.connection()).get_foreign_keys("job")
    assert ("target", "forecast") in {(key["constrained_columns"][0], key["referred_table"]) for key in keys}


def test_a_database_that_was_never_released_gets_one_sentence(installation: Installation) -> None:
    with installation.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0015'"))
    with pytest.raises(SchemaError, match="choose a new FORECAST_HOME") as refused:
        migrate(installation.settings.database)
    assert len(str(refused.value)) < 250
    assert "\n" not in str(refused.value)
