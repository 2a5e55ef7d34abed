"""The queues of an installation: a message in one never waits behind a message in another.

All keys that an installation keeps in Redis begin with its own prefix. Any number of installations can therefore share
one server without receiving each other's messages.
"""

from __future__ import annotations

from enum import StrEnum

from forecast.store import Database, identity_of


class Queue(StrEnum):
    """A queue with processes of its own."""

    JOBS = "jobs"
    """Jobs that sample; their process does nothing else."""
    CALLS = "calls"
    """Requests to other hosts, which mostly wait: deliveries and fetches; also ticks."""
    DRAWINGS = "drawings"
    """What readers look at and no job needs: figures, previews of priors."""


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
