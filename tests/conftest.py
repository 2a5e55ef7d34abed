"""What holds for all tests: an environment of their own, the order, and skipping without a browser."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgresql import postgresql  # noqa: F401 (a fixture that several folders share)
from tests.stack import stack  # noqa: F401 (so is this)

ROOT = Path(__file__).resolve().parent.parent

# Where a failure tells most, and soonest: the parts before the whole. What needs the compiled program comes later: it is
# compiled beside the rest.
FOLDERS = ("study", "futures", "store", "jobs", "api", "workers", "plots", "model", "inference", "tour", "contract")
NEED_PROGRAM = ("tour", "explain", "plots", "model", "inference", "")
NEED_NO_PROGRAM = ("test_cli_living", "test_client", "test_settings")
"""Modules directly under tests/ that come before, all the same."""
NEED_PROGRAM_MODULES = ("test_draws_contract", "test_nutpie_internals", "test_one_compilation")
"""Modules of other folders that wait for it."""
FIRST_WORKER = "gw0"
"""Of the processes that share a run, as pytest-xdist calls it."""
ON_BOTH_DATABASES = ("store", "jobs")
"""Folders whose tests run on SQLite and on PostgreSQL; all others run on the one that `--database` names."""
LATE_MARKERS = ("slow", "statistical", "stack", "fault", "browser", "benchmark")
WAITING = {"stack", "fault"}
"""Of tests that mostly wait for processes."""
LONGEST = {"test_worker_faults.py", "test_journey.py", "test_chaos.py", "test_calibration.py", "test_updating.py"}
"""Files to begin with, so that the last minutes are not spent with one of them alone."""
MARKER_OF_FOLDER = {"statistical": "statistical", "fault": "fault", "browser": "browser", "benchmarks": "benchmark"}

# Everything else named FORECAST_ belongs to the person who runs the tests, and so does the data that it points to. The
# cache of compiled programs is shared on purpose: compiling takes minutes and gives the same every time.
KEPT_SETTINGS = {"FORECAST_CACHE_DIR"}

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="What tests store in.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    item = metafunc.definition
    if folder_of(item) not in ON_BOTH_DATABASES and not item.get_closest_marker("both_databases"):
        return
    if item.get_closest_marker("sqlite_only") is None:
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


def folder_of(item: pytest.Item) -> str:
    """The folder under tests/ that a test lives in, empty for one directly there."""
    parts = item.path.relative_to(ROOT / "tests").parts if item.path.is_relative_to(ROOT / "tests") else ()
    return parts[0] if len(parts) > 1 else ""


def needs_program(item: pytest.Item) -> bool:
    """Whether a test waits for the compiled program, as far as its place tells."""
    module = item.path.stem
    return module in NEED_PROGRAM_MODULES or (folder_of(item) in NEED_PROGRAM and module not in NEED_NO_PROGRAM)


def rank_of(item: pytest.Item) -> tuple[int, bool, int]:
    """The place of a test in the run: by its latest marker, then whether it waits for the program, then by its folder.

    Pages in a browser over stored samples need nothing but a browser, so they come early.
    """
    markers = {mark.name for mark in item.iter_markers()}
    if "stack" not in markers:
        markers.discard("browser")
    late = max((LATE_MARKERS.index(name) + 1 for name in markers & set(LATE_MARKERS)), default=0)
    folder = folder_of(item)
    return late, needs_program(item), FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)


def mixed(items: list[pytest.Item]) -> list[pytest.Item]:
    """The order for several at a time: late files that compute and late files that wait for processes, in turn."""
    early = [item for item in items if not rank_of(item)[0]]
    late: dict[Path, list[pytest.Item]] = {}
    for item in items[len(early) :]:
        late.setdefault(item.path, []).append(item)
    waits = {file for file, own in late.items() if {mark.name for i in own for mark in i.iter_markers()} & WAITING}
    ordered = sorted(late, key=lambda file: file.name not in LONGEST)
    waiting = [file for file in ordered if file in waits]
    computing = [file for file in ordered if file not in waits]
    turns = itertools.zip_longest(computing, waiting)
    return early + [item for turn in turns for file in turn if file is not None for item in late[file]]


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
    if (of_browser := [item for item in items if item.get_closest_marker("browser")]) and (reason := missing_browser()):
        for item in of_browser:
            item.add_marker(pytest.mark.skip(reason=reason))
    items.sort(key=rank_of)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = mixed(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compile the program beside the first tests of a long run, if it is not in the cache; who needs it sooner waits."""
    if os.environ.get("PYTEST_XDIST_WORKER", FIRST_WORKER) != FIRST_WORKER:
        return
    needed = any(rank_of(item)[0] or needs_program(item) for item in session.items)
    if session.config.option.collectonly or not needed or len(session.items) < 500:
        return
    compiling = subprocess.Popen(
        [sys.executable, "-c", "from forecast.pipeline import warm_up; warm_up()"], stderr=subprocess.DEVNULL
    )
    session.config.add_cleanup(compiling.kill)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium to drive; a test that asks for it carries the marker `browser`."""
    found = subprocess.run([ROOT / ".ci" / "chromium", "--find"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()
