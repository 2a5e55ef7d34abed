"""A forecast's diagnostics: everything that a statistician checks before trusting it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from api.pages.forecast.figures import FigureGroup, FigureSlot, diagnostic_groups
from api.pages.forecast.provenance import Download, build_downloads, build_identity
from api.pages.forecast.trust import Trust, build_trust
from api.pages.shared.page import PageContext
from forecast.answer import StoredForecast
from forecast.wording import numbers
from forecast.wording.verdicts import VerdictBadge, verdict_badge


@dataclass(frozen=True)
class DrawingState:
    """Whether the figures are there yet."""

    is_waiting: bool
    failures: tuple[str, ...]
    """What could not be drawn, and why."""
    url: str
    """Where that is said as JSON."""


@dataclass(frozen=True, kw_only=True)
class DiagnosticsPage(PageContext):
    """The checks, parameters, figures and provenance of one stored forecast."""

    template: ClassVar[str] = "diagnostics.html"

    heading: str
    study: str
    as_of: str
    forecast_url: str
    verdict: VerdictBadge
    trust: Trust
    drawing: DrawingState
    weighed_url: str | None
    """The diagnostics of the forecast whose draws were weighed for this one; None where a sampler made its own."""
    groups: tuple[FigureGroup, ...]
    identity: tuple[tuple[str, str], ...]
    downloads: tuple[Download, ...]
    job_url: str | None


def build_diagnostics(
    forecast: StoredForecast,
    figures: Sequence[FigureSlot] = (),
    *,
    is_drawn: bool = True,
    failures: Sequence[str] = (),
    draws_bytes: int | None = None,
    has_draws: bool = True,
    job_id: str | None = None,
) -> DiagnosticsPage:
    """The page of a stored forecast; the parameters are those of `api.pages.forecast.view.build_forecast`.

    Parameters
    ----------
    is_drawn
        Whether the figures that are drawn after the forecast are among `figures`.
    failures
        What could not be drawn.
    """
    base = f"/v1/forecasts/{forecast.forecast_id}"
    return DiagnosticsPage(
        page_title=f"Diagnostics: {numbers.shortened(forecast.title)}",
        json_url=f"{base}/diagnostics",
        heading=forecast.title,
        study=forecast.study,
        as_of=numbers.day(forecast.as_of),
        forecast_url=f"/forecasts/{forecast.forecast_id}",
        verdict=verdict_badge(forecast.verdict),
        trust=build_trust(forecast.checks, forecast.diagnostics, forecast.provenance),
        weighed_url=_weighed(forecast),
        drawing=DrawingState(not is_drawn, tuple(failures), f"{base}/plots"),
        groups=diagnostic_groups(figures),
        identity=build_identity(forecast),
        downloads=build_downloads(forecast.forecast_id, figures, draws_bytes, has_draws=has_draws),
        job_url=f"/jobs/{job_id}" if job_id else None,
    )


def _weighed(forecast: StoredForecast) -> str | None:
    update = forecast.update
    if update is None or update.way != "reweighted" or update.previous is None:
        return None
    return f"/forecasts/{update.previous}/diagnostics"
