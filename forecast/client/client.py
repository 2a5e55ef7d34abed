"""A small client of the HTTP interface: submit, watch, wait, get. It imports neither the science nor the database."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self
from urllib.parse import quote, urlsplit

import httpx2

from forecast.answer import StoredForecast
from forecast.client.events import JobUpdate, parse_events, read_update
from forecast.errors import FieldError, ForecastError
from forecast.jobs.states import JobKind
from forecast.jobs.view import JobView
from forecast.runtime.settings import LOOPBACK_HOSTS
from forecast.timeline.views import HistoryEntry, Ledger

if TYPE_CHECKING:
    from forecast.futures.query import QueryAnswer, QueryRequest

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 90.0
"""Longer than the longest `Prefer: wait`."""

RECONNECT_SECONDS: Final = 1.0
POLL_SECONDS: Final = 30
PATIENCE_SECONDS: Final = 60.0
"""How long a watcher waits for a service that does not answer, such as while it restarts."""


class ServiceUnavailableError(ForecastError, ConnectionError):
    """The service does not answer."""

    code: ClassVar[str] = "service_unavailable"


class ServiceProblemError(ForecastError, RuntimeError):
    """The service answered with a problem (RFC 9457)."""

    code: ClassVar[str] = "service_problem"

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem_code = str(problem.get("code", "unknown"))
        self.errors = tuple(
            FieldError(str(error.get("path", "")), str(error.get("code", "")), str(error.get("message", "")))
            for error in problem.get("errors", ())
        )
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))


class ForecastClient:
    """Talks to one service."""

    def __init__(self, url: str, transport: httpx2.BaseTransport | None = None, *, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        try:
            is_local = (urlsplit(self.url).hostname or "") in LOOPBACK_HOSTS
        except ValueError as error:
            raise ServiceUnavailableError(f"{url[:80]!r} is not an address: {error}; write http://host:port") from error
        # A proxy of the environment has no business between two processes of one machine.
        self._http = httpx2.Client(
            base_url=self.url,
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=not is_local,
            transport=transport,
            headers={} if key is None else {"Authorization": f"Bearer {key}"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def is_healthy(self) -> bool:
        """Whether the service answers."""
        try:
            return self._http.get("/healthz", timeout=2.0).is_success
        except httpx2.HTTPError:
            return False

    def readiness(self) -> dict[str, Any]:
        """What the service says of itself: its status, and what that is made of."""
        try:
            found = self._http.get("/readyz").json()
        except (httpx2.HTTPError, ValueError) as error:
            raise ServiceUnavailableError(f"no service answers at {self.url} ({error})") from error
        return dict(found)

    def sign_in_address(self, path: str = "/") -> str:
        """An address of a page that signs one browser in, once and within ten minutes."""
        word = str(self._json("POST", "/v1/sign-in-links")["address"]).partition("#")[2]
        return f"{self.url}/sign-in?next={quote(path, safe='/')}#{word}"

    def put_study(self, study: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Store a study's canonical document as its current version, and return its summary."""
        return self._json("PUT", f"/v1/studies/{study}", json=document)

    def submit(
        self,
        *,
        study: str | None = None,
        document: Mapping[str, Any] | None = None,
        forecast: str | None = None,
        kind: JobKind = JobKind.FORECAST,
        version: str | None = None,
        as_of: date | None = None,
        recorded_by: datetime | None = None,
        sampler: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Submit a job for a stored study, for a document or (to explain it) for a forecast; returns at once."""
        given = {
            "kind": kind.value,
            "study": study,
            "document": document,
            "forecast": forecast,
            "version": version,
            "as_of": as_of.isoformat() if as_of else None,
            "recorded_by": recorded_by.isoformat() if recorded_by else None,
            "sampler": sampler,
        }
        body = {key: value for key, value in given.items() if value is not None}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return JobView.model_validate(self._json("POST", "/v1/jobs", json=body, headers=headers))

    def job(self, job_id: str) -> JobView:
        return JobView.model_validate(self._json("GET", f"/v1/jobs/{job_id}"))

    def jobs(self, limit: int = 20, state: str | None = None) -> tuple[JobView, ...]:
        """The newest jobs."""
        params: dict[str, Any] = {"limit": limit, **({"state": state} if state else {})}
        return tuple(JobView.model_validate(item) for item in self._json("GET", "/v1/jobs", params=params)["items"])

    def cancel(self, job_id: str) -> JobView:
        return JobView.model_validate(self._json("POST", f"/v1/jobs/{job_id}/cancel"))

    def forecast(self, forecast_id: str) -> StoredForecast:
        return StoredForecast.model_validate(self._json("GET", f"/v1/forecasts/{quote(forecast_id, safe='')}"))

    def latest(self, study: str) -> StoredForecast:
        """The newest forecast of a study."""
        return StoredForecast.model_validate(self._json("GET", f"/v1/studies/{quote(study, safe='')}/latest"))

    def request(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """The JSON object that any route of the service answers; `arguments` are those of httpx."""
        return self._json(method, path, **arguments)

    def history(self, study: str, limit: int = 50) -> tuple[HistoryEntry, ...]:
        """The forecasts of a study with how far each moved, the latest as-of date first."""
        found = self._json("GET", f"/v1/studies/{quote(study, safe='')}/forecasts", params={"limit": limit})
        return tuple(HistoryEntry.model_validate(item) for item in found["items"])

    def ledger(self, study: str) -> Ledger:
        """How a study's outcomes were resolved, and the score of each forecaster."""
        return Ledger.model_validate(self._json("GET", f"/v1/studies/{quote(study, safe='')}/ledger"))

    def explain(self, forecast_id: str, kind: JobKind, idempotency_key: str | None = None) -> JobView:
        """Submit a job that explains a forecast; what it finds is shown with the forecast."""
        return self.submit(forecast=forecast_id, kind=kind, idempotency_key=idempotency_key)

    def report(self, forecast_id: str) -> str:
        """A forecast as one HTML document for paper, with everything inside."""
        path = quote(forecast_id, safe="")
        try:
            answer = self._http.get(f"/forecasts/{path}/report")
        except httpx2.HTTPError as error:
            raise ServiceUnavailableError(self._unavailable(error)) from error
        if not answer.is_success:
            # Pages say in HTML what is wrong, the interface in a problem.
            self._json("GET", f"/v1/forecasts/{path}")
            raise ServiceUnavailableError(f"the report could not be had: {self.url} answered {answer.status_code}")
        return answer.text

    def query(self, forecast_id: str, query: QueryRequest | Mapping[str, Any]) -> QueryAnswer:
        """The probability of an expression over a forecast's outcomes, under conditions if there are any.

        Raises
        ------
        ServiceProblemError
            When the expression or a condition cannot be used, or too few futures fulfil the conditions.
        """
        from forecast.futures.query import QueryAnswer

        body = dict(query) if isinstance(query, Mapping) else query.model_dump(mode="json")
        return QueryAnswer.model_validate(
            self._json("POST", f"/v1/forecasts/{quote(forecast_id, safe='')}/query", json=body)
        )

    def wait(self, job_id: str, timeout_seconds: float = 3600.0) -> JobView:
        """The job when it has ended.

        Raises
        ------
        TimeoutError
            When it has not ended in time; it goes on all the same.
        """
        deadline = time.monotonic() + timeout_seconds
        for update in self.watch(job_id):
            if update.ended is not None:
                return update.ended
            if time.monotonic() >= deadline:
                break
        raise TimeoutError(f"job {job_id} has not ended within {timeout_seconds:g} seconds; it goes on")

    def watch(self, job_id: str) -> Iterator[JobUpdate]:
        """The job's updates as they come, the last one with the ended job; reconnects when the stream breaks.

        Raises
        ------
        ServiceProblemError
            When there is no such job.
        ServiceUnavailableError
            When the service does not answer for a minute.
        """
        last_id: str | None = None
        received_at = time.monotonic()
        while True:
            try:
                for event, event_id, data in self._events(job_id, last_id):
                    last_id, received_at = event_id or last_id, time.monotonic()
                    update = read_update(event, data)
                    yield update
                    if update.ended is not None:
                        return
            except httpx2.HTTPError as error:
                if time.monotonic() - received_at > PATIENCE_SECONDS:
                    raise ServiceUnavailableError(self._unavailable(error)) from error
            time.sleep(RECONNECT_SECONDS)

    def _events(self, job_id: str, last_id: str | None) -> Iterator[tuple[str, str, str]]:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
        # Keep-alives come every 15 seconds.
        timeout = httpx2.Timeout(POLL_SECONDS, connect=CONNECT_SECONDS)
        with self._http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers, timeout=timeout) as answer:
            if not answer.is_success:
                answer.read()
                raise _problem(answer)
            yield from parse_events(answer.iter_lines())

    def _json(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **arguments)
        except httpx2.HTTPError as error:
            raise ServiceUnavailableError(self._unavailable(error)) from error
        if not answer.is_success:
            raise _problem(answer)
        try:
            found = answer.json() if answer.content else {}
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ServiceUnavailableError(
                f"what answers at {self.url} is not this service; give its address with --url"
            )
        return found

    def _unavailable(self, error: httpx2.HTTPError) -> str:
        return f"no service answers at {self.url} ({error}); start one with `forecast serve`, or give its --url"


def _problem(answer: httpx2.Response) -> ServiceProblemError:
    try:
        found = answer.json()
    except ValueError:
        found = {}
    problem = found if isinstance(found, dict) and found else {"detail": f"HTTP {answer.status_code}"}
    return ServiceProblemError(answer.status_code, problem)
