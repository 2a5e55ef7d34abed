"""What the Celery processes of the service have in common: each consumes one queue, and is watched from within."""

from __future__ import annotations

import os

from forecast.queue.queues import Queue
from forecast.runtime.settings import Settings, get_settings
from forecast.startup.starting import start
from workers.temporary import use_own_temporary_directory


def prepare_process(name: str) -> Settings:
    """Make this process one of the service, before Celery is imported: its name, its directory for temporary files."""
    use_own_temporary_directory(start())
    get_settings.cache_clear()
    os.environ["FORECAST_PROCESS"] = name
    return get_settings()


def listen(settings: Settings, queue: Queue, *options: str) -> None:
    """Do what comes to a queue until the process is stopped."""
    from workers.app import app
    from workers.watch import watch

    watch(settings, queue)
    app.worker_main(
        [
            "worker",
            f"--queues={queue.value}",
            f"--loglevel={settings.log_level}",
            # Each queue has one process as a rule, so there are no peers to gossip with.
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            *options,
        ]
    )
