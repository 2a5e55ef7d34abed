"""The ledger of a study: how outcomes were resolved, and the scores of all forecasters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from forecast.timeline.views import Ledger
from forecast.wording import numbers

FORECASTERS: Final = {
    "published": "Published forecasts",
    "prior": "Prior alone",
    "reference": "Reference classes alone",
}
SCORES_SHOWN: Final = 100


@dataclass(frozen=True)
class ResolutionRow:
    """A stated resolution of an outcome."""

    title: str
    id: str
    resolution: str
    on: str
    known_at: str
    source: str
    is_current: bool


@dataclass(frozen=True)
class StandingRow:
    """A forecaster beside the published forecasts on the same questions."""

    forecaster: str
    scores: str
    outcomes: str
    brier: str
    published_brier: str
    over_time: str
    log_score: str


@dataclass(frozen=True)
class ScoreRow:
    """One score."""

    url: str
    as_of: str
    outcome: str
    forecaster: str
    probability: str
    happened: str
    brier: str
    log_score: str
    is_current: bool


@dataclass(frozen=True)
class LedgerView:
    """The whole ledger; scores up to a limit, newest first."""

    resolutions: tuple[ResolutionRow, ...]
    standings: tuple[StandingRow, ...]
    scores: tuple[ScoreRow, ...]
    hidden: str


def build_ledger(ledger: Ledger, outcomes: Mapping[str, str]) -> LedgerView:
    """The ledger as it is shown.

    Parameters
    ----------
    outcomes
        Title by id.
    """
    scores = list(reversed(ledger.scores))
    hidden = len(scores) - SCORES_SHOWN
    return LedgerView(
        resolutions=tuple(
            ResolutionRow(
                title=outcomes.get(row.outcome, row.outcome),
                id=row.outcome,
                resolution=row.resolution,
                on=numbers.short_day(row.on),
                known_at=numbers.short_day(row.known_at),
                source=row.source or "",
                is_current=row.current,
            )
            for row in ledger.resolutions
        ),
        standings=tuple(
            StandingRow(
                forecaster=_forecaster(row.forecaster),
                scores=f"{row.scores:,}",
                outcomes=f"{row.outcomes:,}",
                brier=f"{row.brier:.3f}",
                published_brier=f"{row.published_brier:.3f}",
                over_time=numbers.fixed(row.time_averaged_brier, 3),
                log_score=f"{row.log_score:.3f}",
            )
            for row in ledger.standings
        ),
        scores=tuple(
            ScoreRow(
                url=f"/forecasts/{row.forecast_id}",
                as_of=numbers.short_day(row.as_of),
                outcome=outcomes.get(row.outcome, row.outcome),
                forecaster=_forecaster(row.forecaster),
                probability=numbers.percent(row.probability),
                happened=f"yes, {numbers.short_day(row.resolved_on)}" if row.happened else "no",
                brier=f"{row.brier:.3f}",
                log_score=f"{row.log_score:.3f}",
                is_current=row.current,
            )
            for row in scores[:SCORES_SHOWN]
        ),
        hidden=f"{hidden:,} older scores" if hidden > 0 else "",
    )


def _forecaster(name: str) -> str:
    return FORECASTERS.get(name, name.replace("expert:", "Expert "))
