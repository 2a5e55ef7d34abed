"""The compiled program that forecasts need: some twenty seconds on an empty cache, one after that."""

from __future__ import annotations

import subprocess
import sys

from forecast.runtime import compilers
from forecast.runtime.settings import Settings

WARM_UP = (sys.executable, "-c", "from forecast.pipeline.compute import warm_up; warm_up()")


def is_compiled() -> bool:
    """Whether there is one in the cache."""
    return compilers.is_compiled(Settings().cache_dir)


def compile_first() -> None:
    """Where nothing is compiled yet, wait until it is; what jobs are given is for jobs."""
    if not is_compiled():
        subprocess.run(WARM_UP, check=True, timeout=1200)
