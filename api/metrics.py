"""Prometheus metrics: the database's counters of the installation and this process's counters of requests."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forecast.jobs.counting import Kind, Measurement

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
NO_ROUTE: Final = "none"


class RequestCounts:
    """Requests that one process has answered, by route, method and status; and how long they took."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answered = Counter(
            "forecast_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "forecast_http_seconds",
            "How long answers took.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._answered.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class CountRequests:
    """Counts each request under its route's template, since the number of addresses is unbounded."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        self.app = app
        self.counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self.counts.note(method, _route_of(scope), status, time.perf_counter() - began)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _route_of(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return str(path) if path else NO_ROUTE


class _Measured(Collector):
    """Measurements as Prometheus has them."""

    def __init__(self, measurements: Iterable[Measurement]) -> None:
        self._measurements = tuple(measurements)

    def collect(self) -> Iterable[Metric]:
        for found in self._measurements:
            family = CounterMetricFamily if found.kind is Kind.COUNTER else GaugeMetricFamily
            metric = family(found.name, found.help, labels=found.labels)
            for labels, value in sorted(found.values.items()):
                if len(labels) == len(found.labels):
                    metric.add_metric(list(labels), value)
            yield metric


def exposition(measurements: Iterable[Measurement], counts: RequestCounts) -> bytes:
    """Everything in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Measured(measurements))
    return generate_latest(registry) + generate_latest(counts.registry)
