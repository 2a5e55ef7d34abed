"""Starts Celery beat with its one static entry; the schedule is kept in memory, there is nothing to lose."""

from __future__ import annotations

import os
from typing import Any

from celery.beat import Scheduler

from forecast.alive import mark_alive
from forecast.settings import get_settings
from forecast.startup import in_one_sentence, start


class WatchedScheduler(Scheduler):
    """Celery's scheduler in memory (its default one writes a file that a crash can corrupt), with signs of life."""

    def tick(self, *arguments: Any, **options: Any) -> Any:
        mark_alive(get_settings())
        return super().tick(*arguments, **options)


@in_one_sentence()
def main() -> None:
    """Run beat until it is stopped."""
    os.environ["FORECAST_PROCESS"] = "beat"
    settings = start()
    from workers.app import app

    app.start(["beat", "--scheduler=workers.beat:WatchedScheduler", "--pidfile=", f"--loglevel={settings.log_level}"])


if __name__ == "__main__":
    main()
