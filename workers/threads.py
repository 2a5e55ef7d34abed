"""How many threads a job may use, set for every library that would otherwise take all cores."""

from __future__ import annotations

import os
from typing import Final

from forecast.runtime.machine import available_cores
from forecast.runtime.settings import Settings

VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


def threads_of_job(settings: Settings) -> int:
    """Threads of one job."""
    return settings.threads or max(1, available_cores() // settings.concurrency)


def cap_threads(settings: Settings) -> None:
    """Set the variables for this process and its children; what the user has set stays."""
    threads = threads_of_job(settings)
    for name in VARIABLES:
        os.environ.setdefault(name, str(threads))
    os.environ["FORECAST_THREADS"] = str(threads)
