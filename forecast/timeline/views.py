"""The history and the ledger of a study as everybody outside sees them."""

from __future__ import annotations

from datetime import date, datetime

from forecast.answer import Triage, Verdict
from forecast.jobs.view import View


class Move(View):
    """A probability and how it differs from the one in the forecast before."""

    probability: float
    mcse: float
    low: float
    """The 90 % posterior interval; so is `high`."""
    high: float
    log_odds: float | None
    """None for a probability of 0 or 1: an outcome that is settled, or one that no simulated future has."""
    change: float | None = None
    """Of the probability; None without an earlier one. So are the others."""
    change_mcse: float | None = None
    log_odds_change: float | None = None
    log_odds_change_mcse: float | None = None
    beyond_noise: bool | None = None
    """Whether the change is more than two of its Monte Carlo standard errors."""


class HistoryEntry(View):
    """One forecast in the history of its study."""

    forecast_id: str
    job_id: str
    study: str
    study_digest: str
    study_version: str | None
    as_of: date
    made_at: datetime
    verdict: Verdict
    previous: str | None
    """The forecast before it, by as-of date; None for the first, for one that was refused, and for documents sent with a job."""
    outcomes: dict[str, Move]
    scenarios: dict[str, Move]
    triage: Triage | None
    """Why it differs from the one before; None until a job of that kind has run."""


class ResolutionView(View):
    """How an outcome turned out, as somebody said at some time."""

    outcome: str
    resolution: str
    on: date
    known_at: date
    source: str | None
    recorded_at: datetime | None
    current: bool
    """Whether it counts now; an earlier one was corrected."""


class ScoreView(View):
    """One score."""

    forecast_id: str
    outcome: str
    forecaster: str
    """published, prior, reference, or expert:NAME"""
    as_of: date
    by: date
    probability: float
    happened: bool
    resolved_on: date
    brier: float
    """0 is best, 1 is worst."""
    log_score: float
    scored_at: datetime
    current: bool
    """Whether the resolution by which it was scored counts now."""


class Standing(View):
    """A forecaster's scores under the resolutions that count now."""

    forecaster: str
    scores: int
    outcomes: int
    brier: float
    log_score: float
    time_averaged_brier: float | None
    """Mean over outcomes of the mean over the days that a question was open."""
    published_brier: float
    """What the published forecasts scored on the very same questions."""


class Ledger(View):
    """Everything that was resolved and scored in a study."""

    study: str
    resolutions: tuple[ResolutionView, ...]
    scores: tuple[ScoreView, ...]
    standings: tuple[Standing, ...]
