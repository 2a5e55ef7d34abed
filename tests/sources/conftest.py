from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.telling import telling  # noqa: F401 (a fixture that two files share)
from tests.installation import Installation, installation_in


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A new installation of its own."""
    with installation_in(tmp_path / "home") as made:
        yield made
