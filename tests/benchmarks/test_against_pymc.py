"""A job on a warm worker against `pm.sample()` of the same model in a new process, on an empty cache and on a warm one.

CPU seconds, since the machine is shared, and the effective draws that they bought. Goals: small at most 1/15 and middle at most
1/8 of the warm one, 1/60 and 1/30 of the cold one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forecast.pipeline.compute import compute_forecast
from tests.benchmarks import sizes

GOALS = {"small": (15, 60), "middle": (8, 30)}


def plain(size: str, cache: Path) -> dict[str, float]:
    """What `pm.sample()` took, with compiled code in a folder of its own."""
    (cache / "tmp").mkdir(exist_ok=True)  # PyTensor leaves the sources that it generates there
    own = {
        "PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(cache / "numba"),
        "TMPDIR": str(cache / "tmp"),
    }
    command = [sys.executable, "-m", "tests.benchmarks.plain_pymc", size]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | own)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("size", GOALS)
def test_jobs_against_a_plain_sampler(size: str, tmp_path: Path) -> None:
    study = sizes.sized_study(getattr(sizes, size.upper()))
    compute_forecast(study)
    began = time.process_time()
    found = compute_forecast(study).answer.diagnostics
    cpu = time.process_time() - began
    least = min(
        p.ess_bulk for p in found.parameters if p.name.startswith(("probability", "share_of_futures")) and p.ess_bulk
    )
    cold, warm = plain(size, tmp_path), plain(size, tmp_path)
    print(
        "\n| study | job, CPU s | ESS | pm.sample warm, CPU s | ESS | cold, CPU s | ratio warm | ratio cold | goals |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    print(
        f"| {size} | {cpu:.2f} | {least:.0f} | {warm['cpu']:.1f} | {warm['ess']:.0f} | {cold['cpu']:.1f} "
        f"| 1/{warm['cpu'] / cpu:.1f} | 1/{cold['cpu'] / cpu:.1f} | 1/{GOALS[size][0]}, 1/{GOALS[size][1]} |"
    )
    assert least >= warm["ess"]
