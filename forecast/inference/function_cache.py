"""PyTensor's compiled functions, put into its on-disk cache by processes of their own before anybody links against them.

A function that was compiled in this very process is inlined into the callbacks; one that was loaded from the cache is
not. The two round differently in the last digit, and a sampler turns a last digit into other draws. So a process never
links against what it has compiled itself: with a cold cache, other processes fill the cache first, and every process,
the first one included, runs the same machine code. tests/inference/test_code_cache.py compares the draws.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Final, Literal

import pytensor

from forecast.compilers import code_digest
from forecast.errors import SamplingError

WATCH_SECONDS = 1.0
FUNCTIONS: Final[tuple[Literal["logp"], Literal["expand"]]] = ("logp", "expand")


def fill_function_cache() -> None:
    """See that PyTensor's cache holds the program's functions; a few minutes when it does not, else nothing.

    Called by one process at a time (`forecast.inference.build`).

    Raises
    ------
    SamplingError
        When the functions cannot be compiled.
    """
    marker = _marker()
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        if marker.exists():
            return
        _compile_in_other_processes()
        marker.touch()
    except OSError as error:
        warnings.warn(
            f"compiled code cannot be kept in {marker.parent} ({error}); it is compiled anew in every process, and "
            "draws may differ in late digits; set FORECAST_CACHE_DIR to a folder that can be written",
            stacklevel=2,
        )


def _marker() -> Path:
    """Lies inside the cache that it speaks of, so that both go together."""
    return Path(pytensor.config.compiledir) / f"forecast_{code_digest()}.ready"


def _compile_in_other_processes() -> None:
    """Each function in a process of its own, both at once."""
    running = [
        subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "forecast.inference.function_cache", name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in FUNCTIONS
    ]
    for process in running:
        _, errors = process.communicate()
        if process.returncode == 0:
            continue
        for other in running:
            other.kill()
        last = errors.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        raise SamplingError(
            f"the model could not be compiled: {last[0]}; expected a working PyTensor and numba; "
            "run `make setup` again, or clear the cache folder"
        )


def main() -> None:
    """Compile the function that is named, so that PyTensor keeps it."""
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from forecast.inference.functions import compile_one

    (name,) = (known for known in FUNCTIONS if known == sys.argv[1])
    compile_one(name)


def _end_with(parent: int) -> None:
    """A process that was killed leaves no compiler behind."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
