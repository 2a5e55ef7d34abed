"""Which forecast it is, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.forecast.figures import FigureSlot
from forecast.answer import StoredForecast
from forecast.wording import numbers


@dataclass(frozen=True)
class Download:
    """A file of the forecast."""

    url: str
    name: str
    what: str


def build_identity(forecast: StoredForecast) -> tuple[tuple[str, str], ...]:
    """What names the forecast, its document and its method."""
    return (
        ("Forecast", forecast.forecast_id),
        ("Study", forecast.study),
        ("Study digest (SHA-256)", forecast.study_digest),
        ("Method version", forecast.method_version),
    )


def build_downloads(
    forecast_id: str, figures: Sequence[FigureSlot], draws_bytes: int | None, *, has_draws: bool = True
) -> tuple[Download, ...]:
    """The answer, its draws, its diagnostics and its figures."""
    base = f"/v1/forecasts/{forecast_id}"
    size = f", {numbers.size(draws_bytes)}" if draws_bytes is not None else ""
    return (
        Download(f"/forecasts/{forecast_id}/report", "report.html", "all of it for paper, in one file"),
        Download(base, "forecast.json", "everything on this page"),
        *(
            [
                Download(
                    f"{base}/draws.nc",
                    "draws.nc",
                    f"posterior draws and simulated futures; NetCDF, opens in ArviZ{size}",
                )
            ]
            if has_draws
            else []
        ),
        Download(f"{base}/diagnostics", "diagnostics.json", "checks and convergence"),
        Download(f"{base}/plots", "figures", f"{len(figures)} figures: as Plotly reads them, as images, as numbers"),
    )
