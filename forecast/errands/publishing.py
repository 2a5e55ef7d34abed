"""Publishes errands, and notes that they were published."""

from __future__ import annotations

from datetime import datetime

from forecast.queue.publish import Publisher
from forecast.queue.queues import ErrandKind
from forecast.store import Database, ErrandRepository


def publish_errand(
    database: Database, publisher: Publisher, kind: ErrandKind, workspace: str, key: str, now: datetime
) -> None:
    """Publish an errand, then note it; a crash between the two costs one more message.

    Raises
    ------
    BrokerUnavailableError
        When the queue did not take it.
    """
    publisher.publish_errand(kind, workspace, key)
    with database.write() as session:
        ErrandRepository(session).mark_published(kind, workspace, key, now)
