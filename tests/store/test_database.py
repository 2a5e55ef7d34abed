"""Transactions and the schema, on real SQLite files."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from forecast.store import Database, SchemaError, StudyRepository, check_schema, migrate, schema
from forecast.store.tables.core import Base, DocumentRow
from tests.coin import NOW
from tests.installation import Installation


def test_the_migrated_schema_is_that_of_the_tables(installation: Installation) -> None:
    with installation.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_revision_is_the_one_that_is_checked_for() -> None:
    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert scripts.get_current_head() == schema.HEAD


def test_migrating_twice_changes_nothing(installation: Installation) -> None:
    migrate(installation.settings.database)
    check_schema(installation.database)


def test_a_database_without_schema_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(SchemaError, match="has schema none"):
        check_schema(database)
    database.dispose()


def test_a_database_of_a_newer_version_is_refused(installation: Installation) -> None:
    with installation.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="newer version"):
        migrate(installation.settings.database)


@pytest.mark.sqlite_only
def test_sqlite_is_set_to_survive_a_power_cut(installation: Installation) -> None:
    with installation.database.read() as session:
        values = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_block_that_raises_leaves_nothing_behind(installation: Installation) -> None:
    def store_and_fail() -> None:
        with installation.database.write() as session:
            StudyRepository(session).add_document("a" * 64, "{}", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store_and_fail()
    with installation.database.read() as session:
        assert StudyRepository(session).document("a" * 64) is None


def test_a_row_must_point_at_what_exists(installation: Installation) -> None:
    with pytest.raises(IntegrityError), installation.database.write() as session:
        session.execute(
            text(
                "INSERT INTO study (workspace, id, title, digest, created_at, updated_at) "
                "VALUES ('default', 's', 't', 'no-such-digest', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            )
        )


def test_writers_that_read_first_wait_for_one_another(installation: Installation) -> None:
    """With a deferred BEGIN, all but one of these would fail with SQLITE_BUSY at once."""
    errors: list[BaseException] = []

    def read_then_write(number: int) -> None:
        try:
            for turn in range(5):
                with installation.database.write() as session:
                    session.execute(text("SELECT count(*) FROM document")).scalar_one()
                    session.add(DocumentRow(digest=f"{number}-{turn}", json="{}", created_at=NOW))
        except Exception as error:  # noqa: BLE001 (told to the main thread)
            errors.append(error)

    threads = [threading.Thread(target=read_then_write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with installation.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM document")).scalar_one() == 30
    assert errors == []


def test_moments_come_back_in_utc(installation: Installation) -> None:
    moment = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=4)))
    with installation.database.write() as session:
        session.add(DocumentRow(digest="d", json="{}", created_at=moment))
    with installation.database.read() as session:
        row = session.get(DocumentRow, "d")
    assert row is not None
    assert row.created_at == datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert row.created_at.tzinfo is UTC


def test_a_moment_without_zone_is_refused(installation: Installation) -> None:
    with pytest.raises(StatementError, match="no time zone"), installation.database.write() as session:
        session.add(DocumentRow(digest="d", json="{}", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
