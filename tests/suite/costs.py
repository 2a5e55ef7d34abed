"""What each test costs: wall seconds, and CPU seconds of its process with all that it started.

``--costs=FOLDER`` writes a table for each process of the run and ends with the sums by folder; what a service that tests
share does is counted with the test that was running meanwhile. What a process used that is killed together with its parent
is lost to the count.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest

TICKS = os.sysconf("SC_CLK_TCK")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--costs", metavar="FOLDER", help="Write what each test costs, with the processes it starts.")


def pytest_configure(config: pytest.Config) -> None:
    if folder := config.getoption("--costs"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        config.pluginmanager.register(Costs(Path(folder).resolve()), "costs")


def cpu_seconds() -> float:
    """CPU time of this process and of its living descendants, with what each has reaped."""
    times: dict[int, float] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(folder.name))
        times[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS
    waiting, total = [os.getpid()], 0.0
    while waiting:
        pid = waiting.pop()
        total += times.get(pid, 0.0)
        waiting += children[pid]
    return total


class Costs:
    """Measures the tests of this process, and in the one that the others report to adds up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.tsv"
        self._file.unlink(missing_ok=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        began, cpu = time.monotonic(), cpu_seconds()
        try:
            return (yield)
        finally:
            with self._file.open("a", encoding="utf-8") as table:
                seconds = time.monotonic() - began
                table.write(f"{seconds:.2f}\t{max(0.0, cpu_seconds() - cpu):.2f}\t{item.nodeid}\n")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Sums by folder, dearest first."""
        sums: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
        for file in self._folder.glob("*.tsv"):
            for line in file.read_text(encoding="utf-8").splitlines():
                wall, cpu, test = line.split("\t", 2)
                place = test.split("::", 1)[0].split("/")
                for name in ("all", place[1] if len(place) > 2 else "tests"):
                    row = sums[name]
                    row[0], row[1], row[2] = row[0] + 1, row[1] + float(wall), row[2] + float(cpu)
        terminalreporter.section("costs: tests, wall seconds, CPU seconds with child processes")
        for name, (tests, wall_seconds, cpu) in sorted(sums.items(), key=lambda row: -row[1][2]):
            terminalreporter.line(f"{tests:6d} {wall_seconds:8.0f} {cpu:8.0f}  {name}")
