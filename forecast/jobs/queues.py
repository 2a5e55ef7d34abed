"""The queues of an installation: what waits in one never waits behind what is in another."""

from __future__ import annotations

from enum import StrEnum


class Queue(StrEnum):
    """What is done by processes of its own."""

    JOBS = "jobs"
    """Jobs that sample; the process that does them does nothing else."""
    CALLS = "calls"
    """Requests to others, which wait for them most of the time: deliveries, fetches; and ticks."""
    DRAWINGS = "drawings"
    """What somebody looks at and no job needs: figures, previews of priors."""

    def named(self, installation: str) -> str:
        """Its name at the queue's server."""
        return installation if self is Queue.JOBS else f"{installation}.{self.value}"
