"""Processes of ours beside a test, and a web process over its installation, or over one that the tests of a file share."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pytest

from forecast.client.client import ForecastClient
from forecast.runtime.settings import Settings
from tests.installation import Installation
from tests.shared_installation import shared_installation
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
    given = {"FORECAST_HOME": str(installation.settings.home), "FORECAST_PORT": str(address.port)}
    if url := installation.settings.database_url:
        given["FORECAST_DATABASE_URL"] = url
    with started("api", **given):
        with ForecastClient(address.base_url) as client:
            wait_until(client.is_healthy, message="the web process")
        with mock.patch.dict(os.environ, FORECAST_KEY=installation.key):
            yield address.base_url


@dataclass(frozen=True)
class Shared:
    """An installation and its web process, in which each test has a workspace of its own."""

    installation: Installation
    url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_workspace(self) -> Installation:
        """The installation as a workspace sees it that holds nothing yet."""
        return self.installation.of(f"of-test-{next(self._numbers)}")


@contextmanager
def shared_service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """One web process for the tests of a file."""
    with shared_installation(request, tmp_path_factory) as made, web_process(made) as url:
        yield Shared(made, url)
