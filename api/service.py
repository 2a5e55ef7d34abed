"""What every route needs: settings, database, files, the way to the queue and the futures asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.futures_cache import FuturesCache
from forecast.jobs.publish import Publisher
from forecast.jobs.submit import JobLimits
from forecast.settings import Settings
from forecast.store import ArtifactStore, Database


@dataclass(frozen=True)
class Service:
    """One installation, as the web process holds it."""

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    publisher: Publisher
    futures: FuturesCache

    @classmethod
    def open(cls, settings: Settings) -> Service:
        """The installation that the settings describe; connects to nothing yet."""
        artifacts = ArtifactStore(settings.artifacts)
        return cls(
            settings,
            Database(settings.database),
            artifacts,
            Publisher(settings.broker_url, settings.queue_name),
            FuturesCache(artifacts),
        )

    @property
    def job_limits(self) -> JobLimits:
        return JobLimits.of(self.settings)

    def close(self) -> None:
        self.publisher.close()
        self.database.dispose()


def get_service(request: Request) -> Service:
    """The installation of this application."""
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(get_service)]
