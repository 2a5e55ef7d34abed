"""``--fast``: what needs no service, no sampling and nothing compiled, held to it.

A test that turns out to need one of them fails and says which mark it lacks, so that the quick run stays quick.
"""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePath
from typing import Any, Final, NoReturn

import pytest

from tests.suite.groups import TESTS

SLOW_FOLDERS: Final = frozenset({"benchmarks", "browser", "explain", "fault", "production", "statistical"})
"""Not even read: what they import takes longer than many a test."""
SLOW: Final = frozenset({"program", "stack", "service", "browser", "statistical", "fault", "slow", "benchmark", "soak"})
SERVERS: Final = frozenset({"valkey-server", "redis-server", "postgres", "initdb", "chromium"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="Only what needs no service and no sampling.")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out folders without a quick test."""
    is_slow = collection_path.parent == TESTS and collection_path.name in SLOW_FOLDERS
    return True if is_slow and config.getoption("--fast") else None


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("--fast"):
        from forecast.inference.engine import program

        program.load_or_compile = _no_program
        _guard_processes()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--fast"):
        return
    slow = [item for item in items if _is_slow(item)]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if not _is_slow(item)]


def _is_slow(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    on_postgresql = callspec is not None and callspec.params.get("database_kind") == "postgresql"
    return on_postgresql or any(mark.name in SLOW for mark in item.iter_markers())


def _no_program() -> NoReturn:
    pytest.fail("this test needs the compiled program: mark it `program`, or give it draws that are stored")


def _guard_processes() -> None:
    start = subprocess.Popen.__init__

    def checked(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        words = [str(word) for word in (args if isinstance(args, list | tuple) else [args])]
        module = words[2] if words[1:2] == ["-m"] else ""
        if PurePath(words[0]).name in SERVERS or module == "api" or module.startswith("workers."):
            pytest.fail(f"this test starts {' '.join(words[:3])}: mark it `service`, or let it do without")
        start(self, args, *rest, **options)

    subprocess.Popen.__init__ = checked  # type: ignore[method-assign]
