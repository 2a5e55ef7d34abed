"""Databases of older versions: what they hold survives the way to this version, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text

from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import JobKind, JobState
from forecast.store import ForecastRepository, check_schema, migrate, schema
from forecast.store.database import create_database_engine
from forecast.store.schema import migrating
from tests.explanations import explanation_row, submit_explanation_of
from tests.installation import Installation, installation_in

DIGEST = "d" * 64
JOB, FORECAST = "01980000-0000-7000-8000-00000000000a", "01980000-0000-7000-8000-00000000000b"

OLD_ROWS = f"""
INSERT INTO document VALUES ('{DIGEST}', '{{}}', '2026-01-01 00:00:00');
INSERT INTO study VALUES ('coin', 'Coin', '{DIGEST}', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO study_version VALUES ('coin', '{DIGEST}', 1, '2026-01-01 00:00:00');
INSERT INTO job (id, kind, study, title, digest, version, as_of, seed, code_version, request_hash, state, revision,
    attempt, max_attempts, dispatches, cancel_requested, deadline_seconds, created_at, queued_at)
    VALUES ('{JOB}', 'forecast', 'coin', 'Coin', '{DIGEST}', '{DIGEST}', '2021-01-01', 42, '0', 'h', 'succeeded', 3,
    1, 3, 1, FALSE, 600, '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO attempt VALUES ('{JOB}', 1, 'host:1:2', '2026-01-01 00:00:00', '2026-01-01 00:00:09', 'succeeded', NULL);
INSERT INTO job_event (job_id, at, event, detail) VALUES ('{JOB}', '2026-01-01 00:00:00', 'queued', '{{}}');
INSERT INTO forecast VALUES ('{FORECAST}', '{JOB}', 'coin', '{DIGEST}', '{DIGEST}', '2021-01-01',
    '2026-01-01 00:00:09', 'published', '{{}}', 'x.nc', 'a', 1);
INSERT INTO figure VALUES ('{FORECAST}', 'horizon', 'zipped');
"""


@contextmanager
def at_work(engine: Engine) -> Iterator[tuple[Config, Connection]]:
    """Alembic on a connection of ours, as `migrate` has it."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with migrating(engine) as connection:
        config.attributes["connection"] = connection
        yield config, connection


@pytest.fixture
def engine(tmp_path: Path, database_kind: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of the first schema with a study, a job and its forecast."""
    url = f"sqlite:///{tmp_path / 'home' / 'forecast.db'}"
    if database_kind == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    made = create_database_engine(url, foreign_keys=False)
    with at_work(made) as (config, connection):
        command.upgrade(config, "0001")
        for statement in OLD_ROWS.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    yield made
    made.dispose()


@pytest.fixture
def upgraded(engine: Engine, tmp_path: Path) -> Iterator[Installation]:
    """The installation over that database, brought to this version."""
    url = str(engine.url)
    migrate(url)
    with installation_in(tmp_path / "home", database_url=url) as made:
        yield made


def test_what_an_older_version_stored_is_still_there(upgraded: Installation) -> None:
    check_schema(upgraded.database)
    job = upgraded.job(JOB)
    assert (job.state, job.seed, job.target) == (JobState.SUCCEEDED, 42, None)
    assert len(upgraded.attempts(JOB)) == 1
    assert upgraded.events(JOB) == ["queued"]
    with upgraded.database.read() as session:
        forecasts = ForecastRepository(session)
        row = forecasts.of_job(JOB)
        assert row is not None
        assert forecasts.figure_names(row.id) == ("horizon",)
        assert forecasts.explanations(row.id) == ()


def test_a_forecast_of_an_older_version_can_be_explained(upgraded: Installation) -> None:
    claim = upgraded.claim(submit_explanation_of(upgraded, FORECAST, JobKind.ATTRIBUTION))
    assert (claim.seed, claim.digest, claim.target) == (42, DIGEST, FORECAST)
    with upgraded.database.write() as session:
        complete_job(session, claim, explanation_row(claim), {})
    with upgraded.database.read() as session:
        assert [row.kind for row in ForecastRepository(session).explanations(FORECAST)] == ["attribution"]


def test_a_target_that_does_not_exist_is_refused_by_the_database(upgraded: Installation) -> None:
    with upgraded.database.read() as session:
        keys = inspect(session.connection()).get_foreign_keys("job")
    assert ("target", "forecast") in {(key["constrained_columns"][0], key["referred_table"]) for key in keys}


def test_the_way_back_keeps_forecasts_and_drops_what_the_older_version_does_not_know(
    upgraded: Installation, engine: Engine
) -> None:
    before = {name: count(engine, name) for name in ("document", "study", "forecast", "figure")}
    claim = upgraded.claim(submit_explanation_of(upgraded, FORECAST, JobKind.INFLUENCE))
    with upgraded.database.write() as session:
        complete_job(session, claim, explanation_row(claim), {})
    upgraded.database.dispose()
    with at_work(engine) as (config, connection):
        command.downgrade(config, "0001")
        assert connection.execute(text("SELECT id FROM job")).scalars().all() == [JOB]
        assert "explanation" not in inspect(connection).get_table_names()
        assert "target" not in {column["name"] for column in inspect(connection).get_columns("job")}
    assert {name: count(engine, name) for name in before} == before
    migrate(str(engine.url))
    check_schema(upgraded.database)


def test_who_made_a_key_is_taken_from_what_was_written_down(engine: Engine) -> None:
    with at_work(engine) as (config, connection):
        command.upgrade(config, "0011")
        for key in ("aaaaaaaa", "bbbbbbbb", "cccccccc"):
            connection.exec_driver_sql(
                "INSERT INTO api_key (id, workspace, name, hash, scopes, created_at) "
                f"VALUES ('{key}', 'default', 'x', '{key}', '[]', '2026-01-01 00:00:00')"
            )
        for key, made_by in (("aaaaaaaa", "null"), ("bbbbbbbb", '"aaaaaaaa"')):
            connection.exec_driver_sql(
                "INSERT INTO access_event (at, event, workspace, key_id, detail) VALUES "
                f"('2026-01-01 00:00:00', 'key_created', 'default', '{key}', '{{\"made_by\": {made_by}}}')"
            )
        command.upgrade(config, "head")
        found = dict(connection.execute(text("SELECT id, made_by FROM api_key")).tuples().all())
    assert found == {"aaaaaaaa": None, "bbbbbbbb": "aaaaaaaa", "cccccccc": None}


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
