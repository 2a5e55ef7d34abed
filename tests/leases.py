"""A watcher of leases whose monotonic clock a test moves."""

from __future__ import annotations

from datetime import datetime

from forecast.jobs.leases import LeaseWatch
from forecast.jobs.recover import expire_leases
from tests.coin import NOW
from tests.installation import LEASE_SECONDS, Installation


class Watcher:
    """Looks as a dispatcher does; time passes only when a test says so."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.seconds = 0.0
        self.watch = LeaseWatch(lambda: self.seconds)

    def look(self, after: float = 0.0, now: datetime = NOW) -> list[str]:
        """The jobs that lose their attempt when this watcher looks again after so many seconds."""
        self.seconds += after
        with self._installation.database.write() as session:
            return expire_leases(session, self.watch, now)

    def see_a_lease_pass(self, now: datetime = NOW, lease_seconds: float = LEASE_SECONDS) -> list[str]:
        """The jobs that lose their attempt while a lease passes in which this watcher sees no renewal."""
        self.look(now=now)
        return [job for _ in range(3) for job in self.look(lease_seconds / 3, now)]


def see_a_lease_pass(
    installation: Installation, now: datetime = NOW, lease_seconds: float = LEASE_SECONDS
) -> list[str]:
    """As a dispatcher that has just been started sees it."""
    return Watcher(installation).see_a_lease_pass(now, lease_seconds)
