"""What every route needs: settings, database, files, queue, cached futures and the caller.

Routes reach the database only through a service, and declare the scope that they need: `Reader`, `Submitter`, `Admin`
or `MetricsReader`. They get a service bound to the caller's workspace; a caller without the scope gets an error.
`OpenService` is for the few routes that need no key (a test keeps their list).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.answers_cache import AnswersCache
from api.callers import find_caller
from api.desks import Desks, desks_of
from api.key_use import KeyUses
from api.rates import Rates
from api.requests import refuse_unknown_query
from forecast.access import NotSignedInError, Principal, Scope
from forecast.jobs.quotas import JobLimits
from forecast.queue.publish import Publisher
from forecast.runtime.settings import Settings
from forecast.store import ArtifactStore, Database


@dataclass(frozen=True)
class Service:
    """One installation, as the web process holds it; or as one caller sees it."""

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    publisher: Publisher
    desks: Desks
    rates: Rates
    key_uses: KeyUses
    everywhere: Database
    """The database across all workspaces, for matters of the installation."""
    answers: AnswersCache = field(default_factory=AnswersCache)
    principal: Principal | None = None
    """The caller; None for the installation itself."""

    @classmethod
    def open(cls, settings: Settings) -> Service:
        """The installation that the settings describe; connects to nothing yet."""
        artifacts, database = ArtifactStore(settings.artifacts), Database(settings.database)
        return cls(
            settings,
            database,
            artifacts,
            Publisher(settings.broker_url, database),
            desks_of(settings),
            Rates.of(settings),
            KeyUses(database),
            database,
        )

    def of(self, principal: Principal) -> Service:
        """The same installation, as a caller sees it."""
        return replace(self, database=self.database.of(principal.workspace), principal=principal)

    @property
    def caller(self) -> Principal:
        """The caller.

        Raises
        ------
        NotSignedInError
            When the request has no valid key.
        """
        if self.principal is None:
            raise NotSignedInError("the request has no valid key; send a key, or sign in")
        return self.principal

    @property
    def workspace(self) -> str:
        """The caller's."""
        return self.caller.workspace

    @property
    def job_limits(self) -> JobLimits:
        return JobLimits.of(self.settings)

    def close(self) -> None:
        self.key_uses.close()
        self.publisher.close()
        self.database.dispose()


async def get_service(request: Request) -> Service:
    """The installation of this application; it waits for nothing and so takes no thread."""
    service: Service = request.app.state.service
    return service


BEARER: Final = HTTPBearer(auto_error=False, description="A key of a workspace, `fc_...`.")

OpenService = Annotated[Service, Depends(get_service)]


def allowed(scope: Scope) -> Callable[..., Service]:
    """A dependency that gives the service of the caller, if this is allowed."""

    def service_of_caller(
        request: Request,
        service: OpenService,
        # For the description of the interface; the header itself is read where cookies are.
        _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)] = None,
    ) -> Service:
        return service_of(request, service, scope)

    service_of_caller.scope = scope  # type: ignore[attr-defined]
    return service_of_caller


def service_of(request: Request, service: Service, scope: Scope) -> Service:
    """The service of the caller. Raises what `find_caller` raises, and ScopeMissingError when this is not allowed."""
    principal = find_caller(request, service.database, service.rates, service.key_uses)
    principal.require(scope)
    refuse_unknown_query(request)
    return service.of(principal)


Reader = Annotated[Service, Depends(allowed(Scope.READ))]
Submitter = Annotated[Service, Depends(allowed(Scope.SUBMIT))]
Admin = Annotated[Service, Depends(allowed(Scope.ADMIN))]
MetricsReader = Annotated[Service, Depends(allowed(Scope.METRICS))]
