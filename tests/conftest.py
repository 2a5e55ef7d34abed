"""What holds for all tests: an environment of their own, databases, marks by folder, and skipping without a browser."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import Scheduling

from tests.postgresql import postgresql  # noqa: F401 (a fixture that several folders share)
from tests.stack import karabakh, stack  # noqa: F401 (so are these)
from tests.suite.groups import (
    OneProcessPerGroup,
    folder_of,
    markers_of,
    put_in_order,
    put_into_groups,
    tell_groups,
)
from tests.suite.program import WARM_UP, is_compiled

pytest_plugins = (
    "tests.suite.left_over",
    "tests.suite.costs",
    "tests.suite.fast",
    "tests.suite.transactions",
)

ROOT = Path(__file__).resolve().parent.parent
FIRST_WORKER = "gw0"
"""Of the processes that share a run, as pytest-xdist calls it."""
MARKER_OF_FOLDER = {
    "statistical": "statistical",
    "fault": "fault",
    "browser": "browser",
    "benchmarks": "benchmark",
    "store": "both_databases",
}
NEED_PROGRAM = {"program", "stack", "statistical"}

# Everything else named FORECAST_ belongs to the person who runs the tests, and so does the data that it points to. The
# cache of compiled programs is shared on purpose: compiling takes some twenty seconds and gives the same every time.
KEPT_SETTINGS = {"FORECAST_CACHE_DIR"}

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="What tests store in.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    item = metafunc.definition
    marks = markers_of(item) | {MARKER_OF_FOLDER.get(folder_of(item))}
    if "both_databases" in marks and "sqlite_only" not in marks:
        metafunc.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def database_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a test stores in: SQLite in its own directory, or a PostgreSQL database of its own."""
    kind = str(getattr(request, "param", request.config.getoption("--database")))
    if request.node.get_closest_marker("sqlite_only"):
        return "sqlite"
    if kind == "postgresql":
        monkeypatch.setenv("FORECAST_DATABASE_URL", request.getfixturevalue("postgresql").migrated_database())
    return kind


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("FORECAST_") and name not in KEPT_SETTINGS]:
        del os.environ[name]
    # A short path: sockets live below it, and their paths must be under 108 bytes.
    home = tempfile.mkdtemp(prefix="forecast-")
    os.environ["FORECAST_HOME"] = home
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling | None:
    """Files stay together, and so do tests that share more than a file."""
    return OneProcessPerGroup(config, log) if config.getvalue("dist") == "loadgroup" else None  # type: ignore[arg-type]


def missing_browser() -> str | None:
    """Why there is no Chromium, or None when there is one."""
    found = subprocess.run([ROOT / ".ci" / "chromium", "--find"], capture_output=True, text=True, check=False)
    return None if found.returncode == 0 else found.stderr.strip()


# First, so that the markers are there when `-m` selects.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if marker := MARKER_OF_FOLDER.get(folder_of(item)):
            item.add_marker(marker)
        if {"sized", "FULL_SIZE"} & vars(getattr(item, "module", object)).keys():
            item.add_marker("sized")
    if (of_browser := [item for item in items if item.get_closest_marker("browser")]) and (reason := missing_browser()):
        for item in of_browser:
            item.add_marker(pytest.mark.skip(reason=reason))
    put_into_groups(items)
    put_in_order(items, is_parallel="PYTEST_XDIST_WORKER" in os.environ)
    if os.environ.get("PYTEST_XDIST_WORKER") == FIRST_WORKER:
        tell_groups(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compile the program beside the first tests of a long run, if it is not in the cache; who needs it sooner waits."""
    # What was imported stays: looking through it for garbage again and again takes one CPU second in thirty.
    gc.freeze()
    if os.environ.get("PYTEST_XDIST_WORKER", FIRST_WORKER) != FIRST_WORKER:
        return
    needed = any(markers_of(item) & NEED_PROGRAM for item in session.items)
    if session.config.option.collectonly or not needed or len(session.items) < 500 or is_compiled():
        return
    compiling = subprocess.Popen(WARM_UP, stderr=subprocess.DEVNULL)
    session.config.add_cleanup(compiling.kill)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """What applications in this process have begun ends with the run."""
    if (desks := sys.modules.get("api.desks")) is not None:
        desks.end_children()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium to drive; a test that asks for it carries the marker `browser`."""
    found = subprocess.run([ROOT / ".ci" / "chromium", "--find"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()
