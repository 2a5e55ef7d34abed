"""When a worker is deaf, and when it only has nothing to hear or much to do."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta

from forecast.queue.queues import Queue
from forecast.runtime.alive import last_sign, mark_alive
from forecast.store import JobRepository, utc_now
from tests.installation import Installation
from workers.watch import LastMessage, has_stopped_consuming


def test_a_backlog_is_no_deafness_while_a_child_works(installation: Installation) -> None:
    now = utc_now()
    assert not has_stopped_consuming(installation.database, Queue.JOBS)
    waiting, running = (installation.submit(now=now - timedelta(minutes=5)) for _ in range(2))
    assert not has_stopped_consuming(installation.database, Queue.JOBS), "the queue was not told again yet"
    with installation.database.write() as session:
        for _ in range(2):
            JobRepository(session).mark_dispatched(waiting, now)
    assert has_stopped_consuming(installation.database, Queue.JOBS)
    assert not has_stopped_consuming(installation.database, Queue.CALLS), (
        "what is not its own is no concern of a caller"
    )
    installation.claim(running, f"{socket.gethostname()}:{os.getpid()}:77", now)
    assert not has_stopped_consuming(installation.database, Queue.JOBS)


def test_every_message_is_heard() -> None:
    last_message = LastMessage()
    last_message.received_at -= 1000
    assert last_message.silence_seconds >= 1000
    began = time.monotonic()
    last_message.on_message(request=None)
    assert began <= last_message.received_at <= time.monotonic()
    assert 0 <= last_message.silence_seconds <= time.monotonic() - began


def test_a_sign_of_life_has_an_age(installation: Installation) -> None:
    file = installation.settings.home / "alive"
    settings = installation.settings.model_copy(update={"alive_file": file})
    file.parent.mkdir(exist_ok=True)
    assert last_sign(settings) is None
    began = time.time()
    mark_alive(settings)
    age = last_sign(settings)
    assert age is not None
    assert age <= time.time() - began + 1, "a file system's clock may be some milliseconds behind"
    os.utime(file, (0, 0))
    assert (last_sign(settings) or 0) > 1e6
