"""Watches a worker from within: leaves signs of life, and ends it when it lives and hears nothing.

After some faults of the network a worker waits for ever on a dead connection and says nothing. Jobs then wait that the
queue was told about again and again, while none of this worker's children has one. Whoever started it starts it anew.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from forecast.alive import mark_alive
from forecast.logs import get_logger
from forecast.settings import Settings
from forecast.store import Database, JobRepository, utc_now

LOOK_SECONDS: Final = 10.0
DEAF_AFTER: Final = timedelta(seconds=90)
"""Longer than it takes the queue to be told a third time."""
WARM_UP_SECONDS: Final = 600.0
"""A worker younger than this may still be compiling."""

log = get_logger(__name__)


def watch(settings: Settings) -> threading.Thread:
    """Begin to watch this process."""
    thread = threading.Thread(target=_watch, args=(settings,), name="watch", daemon=True)
    thread.start()
    return thread


def _watch(settings: Settings) -> None:
    database = Database(settings.database)
    began = time.monotonic()
    while True:
        mark_alive(settings)
        time.sleep(LOOK_SECONDS)
        try:
            if time.monotonic() - began > WARM_UP_SECONDS and hears_nothing(database):
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
