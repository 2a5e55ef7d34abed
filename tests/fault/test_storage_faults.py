"""Disks that are full, databases that are busy, files that are damaged."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from forecast.jobs.states import FailureCode, JobState
from forecast.store import utc_now
from tests.coin import coin_document
from tests.embedded_redis import redis_for
from tests.fault.test_crash_points import RUN_ATTEMPT
from tests.installation import Installation, installation_in
from tests.postgresql import PostgresServer, postgres_server


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


@contextlib.contextmanager
def client_of(installation: Installation) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {installation.key}"}
    with TestClient(create_app(installation.settings), base_url="http://127.0.0.1", headers=headers) as client:
        yield client


def jobs_listed(client: TestClient) -> list[str]:
    return [job["id"] for job in client.get("/v1/jobs").json()["items"]]


@pytest.mark.sqlite_only
def test_a_full_database_refuses_with_507_keeps_what_it_has_and_goes_on_when_there_is_room(
    installation: Installation,
) -> None:
    with client_of(installation) as client:
        first = client.post("/v1/jobs", json={"document": coin_document()}).json()["id"]
        engine = client.app.state.service.everywhere.engine  # type: ignore[attr-defined]
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

        def limit(most: int) -> None:
            # A limit of each connection, so all that the pool holds have to be told.
            engine.dispose()
            from sqlalchemy import event

            @event.listens_for(engine, "connect")
            def _(connection: sqlite3.Connection, _record: object) -> None:
                connection.execute(f"PRAGMA max_page_count={most}")

        limit(pages)
        large = coin_document()
        large["outcomes"][0]["resolution"]["criteria"] = "y" * 8000
        codes = []
        for seed in range(12):
            answer = client.post("/v1/jobs", json={"document": {**large, "sampler": {"seed": seed}}})
            codes.append(answer.status_code)
            if answer.status_code != 202:
                assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
        assert 507 in codes
        accepted = codes.count(202)
        assert len(jobs_listed(client)) == 1 + accepted, "nothing is half stored"
        assert first in jobs_listed(client)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        limit(1_000_000)
        assert client.post("/v1/jobs", json={"document": large}).status_code == 202


LIMITED = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"


@pytest.mark.both_databases
def test_a_full_disk_for_results_fails_the_job_and_leaves_no_part_of_it(installation: Installation) -> None:
    """Files of this process may not grow beyond two megabytes; the database lies elsewhere, or is small."""
    job_id = installation.submit(now=utc_now())
    code = RUN_ATTEMPT.replace("result_of", "large_result_of").replace(
        "from tests.workers.test_runner import large_result_of", "from tests.fault.large_result import large_result_of"
    )
    found = subprocess.run(
        [sys.executable, "-c", LIMITED + code, str(installation.settings.home), job_id],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
    )
    assert found.returncode == 0, found.stderr
    job = installation.job(job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, FailureCode.STORAGE_FULL), job.error_detail
    assert [path for path in installation.artifacts.root.rglob("*") if path.is_file()] == []


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_a_locked_database_is_waited_for_and_a_long_lock_is_a_503_with_a_time(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forecast.store.database.BUSY_TIMEOUT_SECONDS", 3.0)
    with (
        client_of(installation) as client,
        contextlib.closing(
            sqlite3.connect(installation.settings.home / "forecast.db", isolation_level=None, check_same_thread=False)
        ) as holder,
    ):
        holder.execute("BEGIN IMMEDIATE")
        threading.Timer(1.0, lambda: holder.execute("ROLLBACK")).start()
        assert client.post("/v1/jobs", json={"document": coin_document()}).status_code == 202
        holder.execute("BEGIN IMMEDIATE")
        assert client.get("/v1/jobs").status_code == 200, "readers do not wait for writers"
        answer = client.post("/v1/jobs", json={"document": coin_document()})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
        assert int(answer.headers["retry-after"]) > 0
        holder.execute("ROLLBACK")
        assert len(jobs_listed(client)) == 1


@pytest.mark.slow
def test_without_postgresql_requests_are_503_and_with_it_they_go_on(tmp_path: Path) -> None:
    with (
        postgres_server() as server,
        installation_in(tmp_path / "home", database_url=server.migrated_database()) as made,
        client_of(made) as client,
    ):
        first = client.post("/v1/jobs", json={"document": coin_document()})
        assert first.status_code == 202
        server.stop(at_once=True)
        answer = client.post("/v1/jobs", json={"document": coin_document()})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
        assert "retry-after" in answer.headers
        assert client.get("/readyz").status_code == 503
        server.start(fsync="off")
        assert jobs_listed(client) == [first.json()["id"]]
        assert client.post("/v1/jobs", json={"document": coin_document()}).status_code == 202


def test_a_row_that_is_locked_is_a_503_after_the_same_patience(
    postgresql: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = "SELECT set_config('lock_timeout', '500', true)"
    monkeypatch.setattr("forecast.store.database._POSTGRESQL_LIMITS", limits)
    with (
        installation_in(tmp_path / "home", database_url=postgresql.migrated_database()) as made,
        client_of(made) as client,
    ):
        with made.database.write() as session:
            session.connection().exec_driver_sql("SELECT id FROM workspace FOR UPDATE")
            answer = client.post("/v1/jobs", json={"document": coin_document()})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
        assert client.post("/v1/jobs", json={"document": coin_document()}).status_code == 202


def test_a_queue_whose_file_was_cut_short_loads_what_is_whole(tmp_path: Path) -> None:
    import redis

    with installation_in(tmp_path / "home") as installation, redis_for(installation.settings) as server:
        client = redis.Redis(unix_socket_path=str(installation.settings.redis_socket))
        for number in range(100):
            client.set(f"key-{number}", "x" * 50)
        assert client.waitaof(1, 0, 30_000)[0] == 1, "what was set is in the file"
        server.kill()
        (file,) = (installation.settings.redis_dir / "appendonlydir").glob("*.incr.aof")
        file.write_bytes(file.read_bytes()[:-30])
        server.start()
        kept = sum(bool(client.exists(f"key-{number}")) for number in range(100))
        assert 98 <= kept <= 99, "only the last one was damaged"
        client.close()
