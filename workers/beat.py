"""Starts Celery beat with its one static entry; the schedule is kept in memory, there is nothing to lose."""

from __future__ import annotations

import os

from forecast.settings import get_settings


def main() -> None:
    """Run beat until it is stopped."""
    os.environ["FORECAST_PROCESS"] = "beat"
    from workers.app import app

    # `celery.beat.Scheduler` keeps no file; Celery's default one writes a shelf that a crash can corrupt.
    app.start(["beat", "--scheduler=celery.beat.Scheduler", "--pidfile=", f"--loglevel={get_settings().log_level}"])


if __name__ == "__main__":
    main()
