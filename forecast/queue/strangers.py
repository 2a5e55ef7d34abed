"""Processes that read the queues of this installation and belong to another one.

A message that such a process takes has no effect, because its own database has no such job. This happens when a
database was copied with its identity (a clone of a machine, a dump of PostgreSQL) and both copies use one Redis. Every
process that reads a queue leaves a sign in its database and a mark in Redis. So a mark without a sign belongs to
another installation.
"""

from __future__ import annotations

from typing import Final

from forecast.queue.broker import Broker
from forecast.store import ClockRepository, Database

TO_DO: Final = (
    "give the copy another Redis, or another database number of it, with FORECAST_REDIS_URL; or make it another installation "
    "with `forecast backup` and `forecast restore`"
)


def find_strangers(broker: Broker, database: Database) -> tuple[str, ...]:
    """One sentence about each such process, sorted.

    Raises
    ------
    BrokerUnavailableError
        When the queue does not answer.
    """
    # The marks first: a sign is older than the mark of the same process.
    marks = broker.readers()
    with database.read() as session:
        known = {sign.name for sign in ClockRepository(session).signs()}
    return tuple(sorted(_say(name) for name in marks - known))


def _say(name: str) -> str:
    role, _, process = name.partition("@")
    host = process.rsplit(":", 2)[0]
    return f"a {role} on {host} reads the queue of this installation with another database; jobs wait for no reason"
