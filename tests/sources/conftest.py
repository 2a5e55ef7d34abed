from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.telling import telling  # noqa: F401 (a fixture that two files share)
from tests.installation import Installation, installation_in
from tests.local_server import LocalServer, local_server


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A new installation of its own."""
    with installation_in(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture
def open_installation(tmp_path: Path) -> Iterator[Installation]:
    """One that may ask this machine, and files of one folder."""
    options: dict[str, Any] = {"outgoing_hosts": ("127.0.0.1",), "outgoing_private": True, "outgoing_plain_http": True}
    (tmp_path / "tables").mkdir()
    with installation_in(tmp_path / "home", source_dir=tmp_path / "tables", outgoing_seconds=2.0, **options) as made:
        yield made
