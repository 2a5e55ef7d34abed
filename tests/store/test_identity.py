"""What tells one installation from all others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forecast.store import Database, SchemaError, find_identity, identity_of
from tests.installation import Installation


def test_an_identity_is_made_once_by_simultaneous_callers(installation: Installation) -> None:
    with installation.database.read() as session:
        assert find_identity(session) is None
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: identity_of(installation.database), range(16)))
    assert len(found) == 1
    with installation.database.read() as session:
        assert {find_identity(session)} == found


@pytest.mark.sqlite_only
def test_a_database_without_its_tables_is_told_what_to_do(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(SchemaError, match="forecast serve"):
        identity_of(database)
    database.dispose()
