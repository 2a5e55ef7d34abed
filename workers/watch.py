"""Watches a worker from within: leaves signs of life, and ends a worker that lives and has stopped consuming.

After some network faults a worker waits for ever on a dead connection and logs nothing. Its work then stays in the
queue: messages are published again and again, none reaches this worker, and it is idle. The watch ends such a worker,
and the supervisor or the container runtime starts a new one. Each worker looks at its own queue alone: waiting jobs do
not mean that a caller has stopped consuming.
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
UNCLAIMED_AFTER: Final = timedelta(seconds=90)
"""Longer than it takes until a message is published for the third time."""
SILENCE_SECONDS: Final = 360.0
"""The dispatcher publishes a waiting job at least every two minutes; figures take less than that to draw."""
WARM_UP_SECONDS: Final = 600.0
"""A worker younger than this may still be compiling."""

ROLES: Final = {Queue.JOBS: WORKER, Queue.CALLS: "caller", Queue.DRAWINGS: "illustrator"}

log = get_logger(__name__)


class LastMessage:
    """When this worker last received a message."""

    def __init__(self) -> None:
        self.received_at = time.monotonic()

    def on_message(self, **_: object) -> None:
        """Note a message; Celery calls this in the parent for each one that arrives."""
        self.received_at = time.monotonic()

    @property
    def silence_seconds(self) -> float:
        return time.monotonic() - self.received_at


def watch(settings: Settings, queue: Queue) -> threading.Thread:
    """Begin to watch this process, which consumes one queue."""
    last_message = LastMessage()
    signals.task_received.connect(last_message.on_message, weak=False)
    thread = threading.Thread(target=_watch, args=(settings, last_message, queue), name="watch", daemon=True)
    thread.start()
    return thread


def _watch(settings: Settings, last_message: LastMessage, queue: Queue) -> None:
    database = Database(settings.database)
    broker = Broker(settings.redis_client_url, database)
    guard = ClockGuard(database, ROLES[queue])
    began = time.monotonic()
    while True:
        mark_alive(settings)
        try:
            guard.leave_sign()
            # Only after the sign: a mark without a sign belongs to another installation.
            broker.note_reader(guard.name)
        except (SQLAlchemyError, BrokerUnavailableError) as error:
            log.warning("no_sign_left", error=str(error))
        time.sleep(LOOK_SECONDS)
        try:
            is_warm = time.monotonic() - began > WARM_UP_SECONDS
            if is_warm and last_message.silence_seconds > SILENCE_SECONDS and has_stopped_consuming(database, queue):
                log.error("worker_stopped_consuming", pid=os.getpid(), queue=queue.value)
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(settings.stop_grace_seconds)
                os._exit(1)
        except SQLAlchemyError as error:
            log.warning("not_watched", error=str(error))


def has_stopped_consuming(database: Database, queue: Queue) -> bool:
    """Whether this worker is idle although messages that it should have received wait."""
    if state.active_requests:
        return False
    with database.read() as session:
        if not _count_unclaimed(session, queue, utc_now() - UNCLAIMED_AFTER):
            return False
        # A job may still run although its message is forgotten.
        return JobRepository(session).count_of_worker(f"{socket.gethostname()}:{os.getpid()}:") == 0


def _count_unclaimed(session: Session, queue: Queue, moment: datetime) -> int:
    """How many jobs or errands of a queue were published and have waited since before a moment."""
    if queue is Queue.JOBS:
        return JobRepository(session).unclaimed_since(moment)
    return ErrandRepository(session).count_unclaimed([kind for kind in ErrandKind if kind.queue is queue], moment)
