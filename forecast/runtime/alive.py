"""Signs of life for health checks from outside: a file that a process touches as long as it works.

Containers are checked with ``python -m forecast.runtime.alive``. Where `FORECAST_ALIVE_FILE` names no file, nothing is
written.
"""

from __future__ import annotations

import sys
import time
from typing import Final

from forecast.runtime.settings import Settings, get_settings

PATIENCE_SECONDS: Final = 90.0


def mark_alive(settings: Settings) -> None:
    """Leave a sign of life."""
    if settings.alive_file is not None:
        settings.alive_file.touch()


def last_sign(settings: Settings) -> float | None:
    """Seconds since the last sign of life; None without one."""
    if settings.alive_file is None or not settings.alive_file.is_file():
        return None
    return time.time() - settings.alive_file.stat().st_mtime


def main() -> int:
    """0 when there was a sign of life lately, else 1."""
    age = last_sign(get_settings())
    # A sign from the future was left before the clock was set back; a live process leaves another in a moment.
    if age is None or abs(age) > PATIENCE_SECONDS:
        seen = "no sign of life" if age is None else f"the last sign of life is {age:.0f} s old"
        sys.stderr.write(f"{seen}, expected one at most {PATIENCE_SECONDS:.0f} s old\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
