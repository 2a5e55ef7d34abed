"""Starts Celery beat with its one static entry; the schedule is kept in memory, there is nothing to lose."""

from __future__ import annotations

import os
from typing import Any

from celery.beat import Scheduler

from forecast.runtime.alive import mark_alive
from forecast.runtime.clock import has_jumped, read_clocks
from forecast.runtime.settings import get_settings
from forecast.startup.starting import in_one_sentence, start


class WatchedScheduler(Scheduler):
    """Celery's scheduler in memory (its default one writes a file that a crash can corrupt), with signs of life."""

    _offset: float | None = None

    def tick(self, *arguments: Any, **options: Any) -> Any:
        mark_alive(get_settings())
        self._begin_anew_after_a_jump()
        return super().tick(*arguments, **options)

    def _begin_anew_after_a_jump(self) -> None:
        """An entry is due so long after a moment of the wall clock, which after a step back may be a month ahead."""
        offset = read_clocks().offset
        if self._offset is not None and has_jumped(self._offset, offset):
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
        self._offset = offset


@in_one_sentence()
def main() -> None:
    """Run beat until it is stopped."""
    os.environ["FORECAST_PROCESS"] = "beat"
    settings = start()
    from workers.app import app

    app.start(["beat", "--scheduler=workers.beat:WatchedScheduler", "--pidfile=", f"--loglevel={settings.log_level}"])


if __name__ == "__main__":
    main()
