"""Starts the process that asks others: it delivers alerts, fetches sources and ticks, in threads, without the science.

It uses threads because a call is mostly waiting. Nothing is lost when it ends at once: a delivery or a fetch that was
under way is attempted again.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Final

from celery import signals

from forecast.queue.queues import Queue
from forecast.startup.starting import in_one_sentence
from workers.process import listen, prepare_process

END_SECONDS: Final = 5.0
"""How long calls under way may take once the process is to stop; a receiver that never answers would hold it up."""


@in_one_sentence()
def main() -> None:
    """Make calls until it is stopped."""
    settings = prepare_process("caller")
    signals.worker_shutting_down.connect(_end_soon, weak=False)
    listen(settings, Queue.CALLS, "--pool=threads", f"--concurrency={settings.calls}")


def _end_soon(**_: Any) -> None:
    timer = threading.Timer(END_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()
