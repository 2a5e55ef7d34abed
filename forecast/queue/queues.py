"""The queues of an installation: what waits in one never waits behind what is in another.

Everything that an installation keeps at the queue's server lies under a prefix of its own, so that any number of them share
one server and never hear of each other.
"""

from __future__ import annotations

from enum import StrEnum

from forecast.store import Database, identity_of


class Queue(StrEnum):
    """What is done by processes of its own."""

    JOBS = "jobs"
    """Jobs that sample; the process that does them does nothing else."""
    CALLS = "calls"
    """Requests to others, which wait for them most of the time: deliveries, fetches; and ticks."""
    DRAWINGS = "drawings"
    """What somebody looks at and no job needs: figures, previews of priors."""


class ErrandKind(StrEnum):
    """What is done without being a job."""

    FETCH = "fetch"
    """Ask a source of evidence."""
    DELIVERY = "delivery"
    """Deliver an alert to a webhook."""
    DRAWING = "drawing"
    """Draw the figures that check a forecast, and the images of all."""
    PREVIEW = "preview"
    """Roll forward what a document's priors alone imply."""

    @property
    def queue(self) -> Queue:
        """Where it waits."""
        return Queue.CALLS if self in (ErrandKind.FETCH, ErrandKind.DELIVERY) else Queue.DRAWINGS


def prefix_of(database: Database) -> str:
    """What every key of an installation at the queue's server begins with.

    Raises
    ------
    SchemaError
        When the database is of a version that has no installations.
    """
    return f"forecast:{identity_of(database)}:"
