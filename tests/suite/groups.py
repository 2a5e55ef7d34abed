"""Which tests run in one process, and in what order: by the marks that they carry, and for the rest by their file.

Tests of a file stay together, because they share its fixtures. Tests that share more than a file has carry pytest-xdist's
mark `xdist_group`; whatever uses the service of a run gets it here, so that there is one service and not one per process.

pytest-xdist 3.8 tells its scheduler a test's group by the test's id, which pytest 9.2 no longer lets it change; so the
groups go through a file of the run. It can go when `--dist=loadgroup` keeps tests of a group together again.
"""

from __future__ import annotations

import json
import os
import tempfile
from functools import cached_property
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.suite.program import is_compiled

TESTS = Path(__file__).resolve().parent.parent
FOLDERS = (
    "study",
    "futures",
    "store",
    "jobs",
    "timeline",
    "alerts",
    "sources",
    "api",
    "workers",
    "figures",
    "model",
    "summary",
    "inference",
    "tour",
    "contract",
)
"""Where a failure tells most, and soonest: the parts before the whole."""
LATE_MARKERS = ("browser", "program", "stack", "fault", "slow", "statistical", "benchmark", "soak")
"""What needs the compiled program comes late: it is compiled beside the rest."""
SHARED = {"stack": "service"}
"""Fixture -> the group of those that use it."""
FIRST = "service"
"""The longest group: begun with, in parallel runs, so that the last minutes are not spent with it alone; unless it would have
to wait for the compiler first."""


class OneProcessPerGroup(LoadScopeScheduling):
    """pytest-xdist's scheduling by scope: a group, or for tests without one their file."""

    @cached_property
    def _groups(self) -> dict[str, str]:
        file = groups_file()
        found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        file.unlink()
        return found

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid) or nodeid.split("::", 1)[0]


def groups_file() -> Path:
    """Where the processes of a run say which test is of which group, in the temporary directory of the run."""
    return Path(tempfile.gettempdir(), "groups.json")


def tell_groups(items: list[pytest.Item]) -> None:
    """Write down the groups, whole, for the process that hands out the tests."""
    new = groups_file().with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({item.nodeid: group for item in items if (group := group_of(item))}), encoding="utf-8")
    new.replace(groups_file())


def folder_of(item: pytest.Item) -> str:
    """The folder under tests/ that a test lives in, empty for one directly there."""
    parts = item.path.relative_to(TESTS).parts if item.path.is_relative_to(TESTS) else ()
    return parts[0] if len(parts) > 1 else ""


def markers_of(item: pytest.Item) -> set[str]:
    """Names of the marks of a test."""
    return {mark.name for mark in item.iter_markers()}


def group_of(item: pytest.Item) -> str | None:
    """The group that a test belongs to, None for that of its file."""
    mark = item.get_closest_marker("xdist_group")
    return None if mark is None else str(mark.args[0] if mark.args else mark.kwargs["name"])


def put_into_groups(items: list[pytest.Item]) -> None:
    """Mark whatever uses what a run has only once."""
    for item in items:
        for fixture, group in SHARED.items():
            if fixture in getattr(item, "fixturenames", ()) and group_of(item) is None:
                item.add_marker(pytest.mark.xdist_group(group))


def rank_of(item: pytest.Item) -> tuple[int, int]:
    """The place of a test in the run: by its latest marker, then by its folder."""
    late = max((LATE_MARKERS.index(name) + 1 for name in markers_of(item) & set(LATE_MARKERS)), default=0)
    folder = folder_of(item)
    return late, FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)


def put_in_order(items: list[pytest.Item], *, is_parallel: bool) -> None:
    """The quick ones first; with several processes the longest group before all, and each group in one piece."""
    items.sort(key=rank_of)
    if is_parallel and is_compiled():
        items.sort(key=lambda item: group_of(item) != FIRST)
    elif is_parallel:
        late = LATE_MARKERS.index("program") + 1
        # A file comes as a whole.
        files = {item.path for item in items if rank_of(item)[0] >= late}
        items.sort(key=lambda item: (item.path in files or group_of(item) == FIRST, group_of(item) != FIRST))
