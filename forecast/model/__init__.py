"""The one PyMC program: it encodes a study as named arrays, and named arrays as a posterior.

Importing this package sets PyTensor's cache folder to the user's own, which must happen before PyTensor is imported.
`FORECAST_CACHE_DIR` names another folder; `PYTENSOR_FLAGS` with a `base_compiledir` of its own is respected.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from forecast.runtime.compilers import compiler_environment


def compile_cache_dir() -> Path:
    """The folder in which compiled programs are kept between processes."""
    configured = os.environ.get("FORECAST_CACHE_DIR")
    return Path(configured) if configured else Path(platformdirs.user_cache_dir("scenario-forecast"))


os.environ.update(compiler_environment(compile_cache_dir()))
