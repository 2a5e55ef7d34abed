"""Watches a worker from within: leaves signs of life, and ends it when it lives and hears nothing.

After some faults of the network a worker waits for ever on a dead connection and says nothing. Jobs then wait that the
queue was told about again and again, while nothing at all reaches this worker and none of its children has a job. Whoever started it starts it anew.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from datetime import timedelta
from typing import Final

from celery import signals
from sqlalchemy.exc import SQLAlchemyError

from forecast.alive import mark_alive
from forecast.logs import get_logger
from forecast.settings import Settings
from forecast.store import Database, JobRepository, utc_now

LOOK_SECONDS: Final = 10.0
DEAF_AFTER: Final = timedelta(seconds=90)
"""Longer than it takes the queue to be told a third time."""
SILENCE_SECONDS: Final = 360.0
"""The dispatcher tells the queue of a waiting job every two minutes at least; figures take less than that to draw."""
WARM_UP_SECONDS: Final = 600.0
"""A worker younger than this may still be compiling."""

log = get_logger(__name__)


class Ear:
    """When this worker last heard of anything."""

    def __init__(self) -> None:
        self.heard_at = time.monotonic()

    def on_message(self, **_: object) -> None:
        """Celery calls it in the parent for each message that arrives."""
        self.heard_at = time.monotonic()

    @property
    def silence_seconds(self) -> float:
        return time.monotonic() - self.heard_at


def watch(settings: Settings) -> threading.Thread:
    """Begin to watch this process."""
    ear = Ear()
    signals.task_received.connect(ear.on_message, weak=False)
    thread = threading.Thread(target=_watch, args=(settings, ear), name="watch", daemon=True)
    thread.start()
    return thread


def _watch(settings: Settings, ear: Ear) -> None:
    database = Database(settings.database)
    began = time.monotonic()
    while True:
        mark_alive(settings)
        time.sleep(LOOK_SECONDS)
        try:
            is_warm = time.monotonic() - began > WARM_UP_SECONDS
            if is_warm and ear.silence_seconds > SILENCE_SECONDS and hears_nothing(database):
                log.error("worker_is_deaf", pid=os.getpid())
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(settings.stop_grace_seconds)
                os._exit(1)
        except SQLAlchemyError as error:
            log.warning("not_watched", error=str(error))


def hears_nothing(database: Database) -> bool:
    """Whether jobs wait that this worker should have heard of, while none of its children runs one."""
    with database.read() as session:
        jobs = JobRepository(session)
        if not jobs.unclaimed_since(utc_now() - DEAF_AFTER):
            return False
        return jobs.count_of_worker(f"{socket.gethostname()}:{os.getpid()}:") == 0
