"""Processes that read the queues of this installation and belong to another one.

What they take is done by nobody: they find no such job in their own database. It comes of a database that was copied with
its identity (a clone of a machine, a dump of PostgreSQL) while both use one Redis. Every process that reads a queue leaves
a sign in its database and a mark at the queue, so a mark without a sign is a stranger's.
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
    """What there is to say of each, sorted.

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
