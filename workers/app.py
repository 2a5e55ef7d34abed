"""The Celery application of worker and beat. Importing it imports no science: the parent process stays light."""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Celery, signals

from forecast.queue.queues import prefix_of
from forecast.runtime.logs import configure_logging
from forecast.runtime.settings import get_settings
from forecast.store import Database
from workers.configuration import celery_settings
from workers.held_messages import forget_what_cannot_be_acknowledged

app = Celery("forecast", include=["workers.tasks"])
forget_what_cannot_be_acknowledged()


def _configuration() -> dict[str, Any]:
    """Read when it is first needed: importing this asks no database."""
    settings = get_settings()
    database = Database(settings.database)
    try:
        return celery_settings(settings, prefix_of(database))
    finally:
        database.dispose()


app.add_defaults(_configuration)


def _configure_logging(**_: Any) -> None:
    # A receiver of this signal replaces Celery's own set-up, in the parent and in every child.
    configure_logging(os.environ.get("FORECAST_PROCESS", "worker"), get_settings().log_level)
    # One line for each tick would bury what matters.
    for name in ("celery.app.trace", "celery.worker.strategy", "celery.beat"):
        logging.getLogger(name).setLevel(logging.WARNING)


signals.setup_logging.connect(_configure_logging, weak=False)
