"""An installation that the tests of a file share, on the database that the run names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.installation import Installation, installation_in


@contextmanager
def shared_installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, **settings: Any
) -> Iterator[Installation]:
    """For a fixture that lives longer than a test, and so before `database_kind` chooses for each."""
    if request.config.getoption("--database") == "postgresql":
        settings["database_url"] = request.getfixturevalue("postgresql").migrated_database()
    with installation_in(tmp_path_factory.mktemp("shared") / "home", **settings) as made:
        yield made
