"""The code is in its standard form, and lint finds nothing. Types are looked at beside the tests (`.ci/tests`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "--quiet", "."], id="ruff_check"),
        pytest.param(["ruff", "format", "--check", "--quiet", "--diff", "."], id="ruff_format"),
    ],
)
def test_code_passes(command: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=500
    )
    assert result.returncode == 0, f"`{' '.join(command)}` says:\n{result.stdout}{result.stderr}"
