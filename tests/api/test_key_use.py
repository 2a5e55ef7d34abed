"""The last use of a key is recorded outside the request, and reading requests do not wait for a write."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

from fastapi.testclient import TestClient

from forecast.store import KeyRepository
from tests.installation import Installation
from tests.waiting import wait_until

REQUESTS = 40


def is_noted(installation: Installation) -> bool:
    with installation.database.read() as session:
        return any(row.last_used_at is not None for row in KeyRepository(session).of_workspace(None))


def test_reads_answer_while_the_database_is_locked_and_the_use_is_noted_later(
    client: TestClient, installation: Installation
) -> None:
    file = installation.settings.database.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        # Those of other tests' applications may still be there.
        before = set(threading.enumerate())
        for _ in range(REQUESTS):
            assert client.get("/v1/studies").status_code == 200
        assert [thread.name for thread in set(threading.enumerate()) - before].count("key-uses") == 1
        assert not is_noted(installation)
        writer.execute("ROLLBACK")
    wait_until(lambda: is_noted(installation), 30, "the use to be written down")
