"""Named places at which a test can have a process die, to show that nothing is lost there.

Harmless unless ``FORECAST_CRASH_AT`` names the place and ``FORECAST_CRASH_MARK`` a file: the process that first makes
the file kills itself with SIGKILL, so that the next one gets past.
"""

from __future__ import annotations

import os
import signal


def crash_point(name: str) -> None:
    """Die here, once, if a test asked for it."""
    if os.environ.get("FORECAST_CRASH_AT") != name:
        return
    mark = os.environ.get("FORECAST_CRASH_MARK")
    if not mark:
        return
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
