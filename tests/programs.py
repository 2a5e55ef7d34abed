"""Programs of others that some tests need."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def find_program(name: str) -> Path:
    """Where one is; a test that needs it is skipped without it, and says how to install it."""
    found = subprocess.run([ROOT / ".ci" / "programs", "--find", name], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(found.stderr.strip())
    return Path(found.stdout.strip())
