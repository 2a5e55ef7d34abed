from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, installation_in


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A new installation of its own, whose running jobs look at their rows all the time."""
    with installation_in(tmp_path / "home", progress_seconds=0.05, heartbeat_seconds=0.05, lease_seconds=30.0) as made:
        yield made


@pytest.fixture
def stopping() -> threading.Event:
    """Set when the worker is told to stop."""
    return threading.Event()
