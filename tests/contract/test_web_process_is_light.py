"""The web process imports nothing of the science, and nothing that only other processes need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pymc", "pytensor", "nutpie", "arviz", "numba", "xarray", "plotly", "matplotlib")
OF_OTHERS = ("celery", "kombu", "redis", "alembic", "polars")


def test_importing_the_application_loads_no_science() -> None:
    code = f"import json, sys, api.app; print(json.dumps([m for m in {HEAVY + OF_OTHERS!r} if m in sys.modules]))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(found.stdout) == []
