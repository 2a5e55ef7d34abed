"""Switching a protection off in a copy of the project, and running the test that guards it there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fault.protections.protection import Protection

ROOT: Final = Path(__file__).resolve().parents[3]
COPIED: Final = ("forecast", "api", "workers", "priors", "tests", "docker", ".ci", "pyproject.toml")
FAILED: Final = 1
"""pytest's exit code when tests ran and some failed."""
DESELECTED: Final = 5
"""pytest's exit code when the marks that were asked for left no test."""


@dataclass(frozen=True)
class Found:
    """What came of a protection's test without the protection."""

    is_noticed: bool
    run: str
    """The command that runs the test: `make test` or `make soak`."""


def look_without(protection: Protection, folder: Path) -> Found:
    """Run the protection's test in a copy of the project without the protection.

    Raises
    ------
    AssertionError
        When it could not be run there.
    """
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    file = folder / protection.file
    text = file.read_text(encoding="utf-8")
    assert text.count(protection.words) == 1, (protection.file, protection.words)
    file.write_text(text.replace(protection.words, protection.without), encoding="utf-8")
    found, run = _run(protection.test, folder, "not soak"), "make test"
    if found.returncode == DESELECTED:
        found, run = _run(protection.test, folder, "soak"), "make soak"
    assert found.returncode in (0, FAILED), found.stdout[-3000:] + found.stderr[-3000:]
    return Found(found.returncode == FAILED, run)


def _run(test: str, folder: Path, marks: str) -> subprocess.CompletedProcess[str]:
    """Run a test of a copy of the project if it has these marks."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "-m", marks, test],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
