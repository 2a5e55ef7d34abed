"""A temporary directory for each worker, below the data directory, which is removed however the worker ends.

Libraries make folders there and remove them when the process ends in order; a killed process leaves them for ever. A
worker that stops removes its directory, and a worker that starts removes those whose worker is gone. A lock on each
directory shows that. The kernel releases it however its holder dies, on every host and in every container that shares
the directory.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from forecast.runtime.private_files import make_private_folder
from forecast.runtime.settings import Settings

PREFIX: Final = "worker-"


def use_own_temporary_directory(settings: Settings) -> Path:
    """Have this process, and all that it starts, keep temporary files in a new directory of their own.

    The queue's socket may lie in the temporary directory that was in use before. Settings that are read later still
    find it there.

    Returns
    -------
    The directory; it is there until the process ends.
    """
    parent = settings.temporary
    make_private_folder(parent)
    remove_abandoned(parent)
    own = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    # Held until the process ends; the descriptor is not inherited.
    fcntl.flock(os.open(own, os.O_RDONLY), fcntl.LOCK_SH)
    os.environ["FORECAST_REDIS_URL"] = settings.redis_client_url
    os.environ["TMPDIR"] = tempfile.tempdir = str(own)
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


def remove_abandoned(parent: Path) -> None:
    """Remove the directories of workers that have ended."""
    for folder in parent.glob(f"{PREFIX}*"):
        # Another worker may remove it at the same moment.
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
