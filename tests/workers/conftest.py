from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.installation import Installation, installation_in


@pytest.fixture(scope="package", autouse=True)
def logs_as_in_production() -> Iterator[None]:
    """Lines of JSON: the frames that structlog draws around a traceback for people take longer than most tests."""
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    )
    yield
    structlog.configure(**before)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A new installation of its own, whose running jobs look at their rows all the time."""
    with installation_in(tmp_path / "home", progress_seconds=0.05, heartbeat_seconds=0.05, lease_seconds=30.0) as made:
        yield made


@pytest.fixture
def stopping() -> threading.Event:
    """Set when the worker is told to stop."""
    return threading.Event()
