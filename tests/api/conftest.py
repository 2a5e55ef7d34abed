from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.installation import Installation, installation_in


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A new installation of its own."""
    with installation_in(tmp_path / "home", max_queued=20) as made:
        yield made


@pytest.fixture
def client(installation: Installation) -> Iterator[TestClient]:
    """A client of an application over that installation; there is no Redis, and no worker."""
    with TestClient(create_app(installation.settings), base_url="http://127.0.0.1") as made:
        yield made
