"""PostgreSQL behind PgBouncer, which gives each transaction to whichever session is free."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from forecast.jobs.lifecycle import claim_job, renew_lease
from forecast.store import Database, check_schema, migrate
from forecast.store.database import BUSY_TIMEOUT_SECONDS
from tests.installation import NOW, installation_in
from tests.pgbouncer import SESSIONS, pgbouncer, through_pgbouncer
from tests.postgresql import PostgresServer

pytestmark = [pytest.mark.service, pytest.mark.sqlite_only]
"""It brings its own database."""

THREADS = 4 * SESSIONS


@pytest.fixture(scope="module")
def bouncer(postgresql: PostgresServer) -> Iterator[PostgresServer]:
    with pgbouncer(postgresql):
        yield postgresql


@pytest.fixture
def url(bouncer: PostgresServer) -> str:
    """Of an empty database."""
    return through_pgbouncer(bouncer.new_database())


def test_several_processes_migrate_through_it_at_a_time(url: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(migrate, [url] * 3))
    database = Database(url)
    check_schema(database)
    database.dispose()


def test_every_transaction_has_its_limits_and_leaves_none_to_the_next(bouncer: PostgresServer, url: str) -> None:
    ask = text("SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')")
    database = Database(url)
    wanted = (f"{BUSY_TIMEOUT_SECONDS:g}s", "1min")

    def look(number: int) -> tuple[str, ...]:
        with (database.read if number % 2 else database.write)() as session:
            return tuple(session.execute(ask).one())

    with ThreadPoolExecutor(THREADS) as threads:
        assert set(threads.map(look, range(10 * THREADS))) == {wanted}
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        plain = {tuple(connection.execute(ask).one()) for _ in range(10 * SESSIONS)}
    assert plain == {("0", "0")}, "what was set for a transaction has stayed with its session"
    database.dispose()


def test_jobs_are_claimed_once_and_leases_renewed_through_it(
    bouncer: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = through_pgbouncer(bouncer.migrated_database())
    with installation_in(tmp_path_factory.mktemp("home"), database_url=url) as installation:
        jobs = [installation.submit() for _ in range(12)]

        def claim(number: int) -> str | None:
            with installation.database.write() as session:
                found = claim_job(session, jobs[number % len(jobs)], f"here:{number}", 30.0, NOW)
            if found is None:
                return None
            for beat in range(5):
                with installation.database.write() as session:
                    renew_lease(session, found, float(beat))
            return found.job_id

        with ThreadPoolExecutor(THREADS) as threads:
            claimed = [job for job in threads.map(claim, range(4 * len(jobs))) if job is not None]
        assert sorted(claimed) == sorted(jobs)


def test_who_waits_for_a_row_too_long_is_told_so(bouncer: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecast.store.database._POSTGRESQL_LIMITS", "SELECT set_config('lock_timeout', '300', true)")
    database = Database(through_pgbouncer(bouncer.migrated_database()))
    change = text("UPDATE worker_time SET seconds = seconds + 1")
    with database.write() as first:
        first.execute(change)
        with pytest.raises(OperationalError, match="lock timeout"), database.write() as second:
            second.execute(change)
    database.dispose()
