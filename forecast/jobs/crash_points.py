"""Named places at which a test can have a process die, or stay, to show that nothing is lost there.

Nothing happens unless ``FORECAST_CRASH_AT`` names the place and ``FORECAST_CRASH_MARK`` a file. The process that first
makes the file kills itself with SIGKILL, so that the next one gets past. ``FORECAST_HOLD_FILE`` names a file that holds
the name of a value of an attempt's progress (``draws_done``, ``estimates``). An attempt that has reached that value
waits as long as the file is there. So a test can observe even a short attempt while it runs.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

HOLD_POLL_SECONDS: Final = 0.02


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


def hold_point(progress: Mapping[str, object], should_stop: Callable[[], object]) -> None:
    """Stay here as long as a test wants it and the attempt is not asked to stop."""
    file = os.environ.get("FORECAST_HOLD_FILE")
    if not file:
        return
    while should_stop() is None:
        try:
            wanted = Path(file).read_text(encoding="ascii")
        except FileNotFoundError:
            return
        if not progress.get(wanted):
            return
        time.sleep(HOLD_POLL_SECONDS)
