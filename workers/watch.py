"""Watches a worker from within: leaves signs of life, and ends it when it lives and hears nothing.

After some faults of the network a worker waits for ever on a dead connection and says nothing. What it should do then
waits, although its queue was told again and again, while nothing at all reaches this worker and it has nothing to do.
Whoever started it starts it anew. Each looks at what its own queue is for: jobs that wait do not make a caller deaf.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from datetime import datetime, timedelta
from typing import Final

from celery import signals
from celery.worker import state
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.jobs.clock_guard import ClockGuard
from forecast.jobs.worker_time import WORKER
from forecast.queue.broker import Broker
from forecast.queue.publish import BrokerUnavailableError
from forecast.queue.queues import ErrandKind, Queue
from forecast.runtime.alive import mark_alive
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.store import Database, ErrandRepository, JobRepository, utc_now

LOOK_SECONDS: Final = 10.0
DEAF_AFTER: Final = timedelta(seconds=90)
"""Longer than it takes the queue to be told a third time."""
SILENCE_SECONDS: Final = 360.0
"""The dispatcher tells the queue of a waiting job every two minutes at least; figures take less than that to draw."""
WARM_UP_SECONDS: Final = 600.0
"""A worker younger than this may still be compiling."""

ROLES: Final = {Queue.JOBS: WORKER, Queue.CALLS: "caller", Queue.DRAWINGS: "illustrator"}

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


def watch(settings: Settings, queue: Queue) -> threading.Thread:
    """Begin to watch this process, which listens to one queue."""
    ear = Ear()
    signals.task_received.connect(ear.on_message, weak=False)
    thread = threading.Thread(target=_watch, args=(settings, ear, queue), name="watch", daemon=True)
    thread.start()
    return thread


def _watch(settings: Settings, ear: Ear, queue: Queue) -> None:
    database = Database(settings.database)
    broker = Broker(settings.redis_client_url, database)
    guard = ClockGuard(database, ROLES[queue])
    began = time.monotonic()
    while True:
        mark_alive(settings)
        try:
            guard.leave_sign()
            # Only after the sign: a mark without one is a stranger's.
            broker.note_reader(guard.name)
        except (SQLAlchemyError, BrokerUnavailableError) as error:
            log.warning("no_sign_left", error=str(error))
        time.sleep(LOOK_SECONDS)
        try:
            is_warm = time.monotonic() - began > WARM_UP_SECONDS
            if is_warm and ear.silence_seconds > SILENCE_SECONDS and hears_nothing(database, queue):
                log.error("worker_is_deaf", pid=os.getpid(), queue=queue.value)
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(settings.stop_grace_seconds)
                os._exit(1)
        except SQLAlchemyError as error:
            log.warning("not_watched", error=str(error))


def hears_nothing(database: Database, queue: Queue) -> bool:
    """Whether something waits that this worker should have heard of, while it has nothing to do."""
    if state.active_requests:
        return False
    with database.read() as session:
        if not _count_unheard(session, queue, utc_now() - DEAF_AFTER):
            return False
        # A job may go on although its message is forgotten.
        return JobRepository(session).count_of_worker(f"{socket.gethostname()}:{os.getpid()}:") == 0


def _count_unheard(session: Session, queue: Queue, moment: datetime) -> int:
    """How much waits since a moment, or longer, of which a queue has been told."""
    if queue is Queue.JOBS:
        return JobRepository(session).unclaimed_since(moment)
    return ErrandRepository(session).count_unheard([kind for kind in ErrandKind if kind.queue is queue], moment)
