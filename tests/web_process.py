"""Processes of ours beside a test, and a web process over its installation."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from forecast.client import ForecastClient
from forecast.settings import Settings
from tests.installation import Installation
from tests.waiting import wait_until
from workers.address import choose_address


@contextmanager
def started(*arguments: str | Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours, ended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def web_process(installation: Installation) -> Iterator[str]:
    """The address of a web process over an installation; no worker is there. Meanwhile command lines send its key."""
    address = choose_address(Settings(port=0))
    with started("api", FORECAST_HOME=str(installation.settings.home), FORECAST_PORT=str(address.port)):
        with ForecastClient(address.base_url) as client:
            wait_until(client.is_healthy, message="the web process")
        with mock.patch.dict(os.environ, FORECAST_KEY=installation.key):
            yield address.base_url
