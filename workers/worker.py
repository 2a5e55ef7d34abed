"""Starts the Celery worker: a light parent, and a pool of spawned children that hold the compiled program."""

from __future__ import annotations

import os

from forecast.settings import get_settings
from workers.temporary import use_own_temporary_directory
from workers.threads import cap_threads


def main() -> None:
    """Run the worker until it is stopped."""
    use_own_temporary_directory(get_settings())
    get_settings.cache_clear()
    settings = get_settings()
    settings.apply_compiler_environment()
    cap_threads(settings)
    os.environ["FORECAST_PROCESS"] = "worker"
    from workers.app import app
    from workers.watch import watch

    watch(settings)
    app.worker_main(
        [
            "worker",
            "--pool=prefork",
            f"--queues={settings.queue_name}",
            f"--loglevel={settings.log_level}",
            # One worker per queue is the rule here: nobody to gossip with.
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


if __name__ == "__main__":
    main()
