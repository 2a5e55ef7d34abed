"""The kernel's machine code: compiled by numba in some fifteen seconds, kept in the user's cache, loaded in one.

numba looks at a function's own source only, not at the functions that it calls. So its cache lies in a folder named
after a digest of everything that the code is made from, and beside it a seal with the digest of each file and the
numbers that the code gave at one point. Code without a complete seal, or that gives other numbers, is deleted and
recompiled. tests/kernel/test_compiled.py damages each part.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from forecast.errors import SamplingError
from forecast.kernel import density
from forecast.kernel.compiling import FAST
from forecast.kernel.data import Record
from forecast.model import compile_cache_dir
from forecast.model.arrays import probe_arrays
from forecast.runtime.compilers import SEAL, kernel_folder

FloatArray = npt.NDArray[np.float64]

WATCH_SECONDS: Final = 1.0

_DOUBLE: Final = ctypes.POINTER(ctypes.c_double)
_CACHE_LOCK: Final = threading.Lock()
"""numba's cache folder is a setting of the process."""


@dataclass(frozen=True)
class Kernel:
    """The compiled functions; they must outlive every use of their addresses."""

    density: Any
    quantities: Any
    is_from_cache: bool
    """Whether nothing had to be compiled."""

    def log_density(self, record: Record, point: FloatArray) -> tuple[float, FloatArray]:
        """Log density and its gradient, dims (parameter), at a point of the record's number of parameters."""
        logp, gradient = np.empty(1), np.empty_like(point)
        self.density.ctypes(len(point), _address(point), _address(gradient), _address(logp), record.address)
        return float(logp[0]), gradient

    def named(self, record: Record, point: FloatArray, into: FloatArray) -> None:
        """All named quantities of a draw, one after the other, and in the room beyond the terms of its likelihood."""
        self.quantities.ctypes(len(point), len(into), _address(point), _address(into), record.address)


def load_or_compile() -> Kernel:
    """The kernel.

    Raises
    ------
    SamplingError
        When it cannot be compiled.
    """
    folder = kernel_folder(compile_cache_dir())
    if (kept := _kept(folder)) is not None:
        return kept
    try:
        with _one_compiler(folder):
            return _kept(folder) or _compile(folder)
    except OSError as error:
        warnings.warn(
            f"compiled code cannot be kept in {folder} ({error}); every process compiles it anew, which takes some "
            "fifteen seconds, and draws may differ in late digits; set FORECAST_CACHE_DIR to a folder that can be written",
            stacklevel=2,
        )
        return _make(None)


def _kept(folder: Path) -> Kernel | None:
    """The kernel from the cache if it is complete and agrees; else None, and the cache is deleted."""
    try:
        seal = json.loads((folder / SEAL).read_bytes())
        if seal["files"] != _digests(folder):
            raise ValueError("a file is not the one that was kept")
        kernel = _make(folder)
        if not kernel.is_from_cache:
            raise ValueError("numba did not take it")
        if not np.allclose(_numbers(kernel), seal["numbers"], rtol=1e-10, atol=1e-13):
            raise ValueError("it gives other numbers than it did")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except Exception as error:  # noqa: BLE001 (whatever a damaged cache raises, the code is recompiled)
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        shutil.rmtree(folder, ignore_errors=True)
        warnings.warn(f"the cache of compiled code cannot be used ({reason}); compiling anew", stacklevel=3)
        return None
    return kernel


def _compile(folder: Path) -> Kernel:
    """The kernel as every later process will have it: compiled by another process, and loaded here.

    Code that a process has compiled itself is put together with what calls it once more, code from the cache is not.
    The two round differently in the last digit, and a sampler turns a last digit into other draws.
    """
    done = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", __name__, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise SamplingError(
            f"the model could not be compiled ({reason[0][:300]}); expected a working numba; run `make setup` again, or "
            "set FORECAST_ENGINE=pymc to sample the model's definition instead, slowly"
        )
    kernel = replace(_make(folder), is_from_cache=False)
    seal = {"files": _digests(folder), "numbers": _numbers(kernel)}
    file = folder / f"{SEAL}.new"
    file.write_text(json.dumps(seal), "utf-8")
    file.replace(folder / SEAL)
    return kernel


def _make(folder: Path | None) -> Kernel:
    """The functions, from numba's cache in a folder or compiled into it; without a folder, for this process alone."""

    def compiled(signature: Any, function: Any) -> Any:
        options = {"error_model": "numpy", "fastmath": set(FAST), "cache": folder is not None}
        return numba.cfunc(signature, **options)(function)

    with _caching_in(folder):
        both = (
            compiled(density.DENSITY_SIGNATURE, density.log_density),
            compiled(density.QUANTITIES_SIGNATURE, density.quantities),
        )
        return Kernel(*both, is_from_cache=all(function.cache_hits for function in both))


@contextmanager
def _caching_in(folder: Path | None) -> Iterator[None]:
    with _CACHE_LOCK:
        before = numba.config.CACHE_DIR
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            numba.config.CACHE_DIR = str(folder)
        try:
            yield
        finally:
            numba.config.CACHE_DIR = before


@contextmanager
def _one_compiler(folder: Path) -> Iterator[None]:
    """One process compiles, the others wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _digests(folder: Path) -> dict[str, str]:
    """Of each file that numba keeps."""
    files = sorted([*folder.rglob("*.nbi"), *folder.rglob("*.nbc")])
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _numbers(kernel: Kernel) -> list[float]:
    """Log density, gradient and quantities at a point of a study with every block."""
    arrays = probe_arrays()
    record = Record(arrays, places=1)
    point = np.linspace(-0.9, 1.1, arrays.parameters)
    values = np.empty(record.lengths["named"])
    kernel.named(record, point, values)
    logp, gradient = kernel.log_density(record, point)
    return [logp, *gradient.tolist(), *values.tolist()]


def _address(values: FloatArray) -> Any:
    return values.ctypes.data_as(_DOUBLE)


def main() -> None:
    """Compile into the folder that is named."""
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _make(Path(sys.argv[1]))


def _end_with(parent: int) -> None:
    """A process that was killed leaves no compiler behind."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
