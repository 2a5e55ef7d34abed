"""The history and the ledger of a study as they are shown."""

from __future__ import annotations

from datetime import date, datetime

from forecast.answer import Triage, Verdict
from forecast.jobs.view import View


class Move(View):
    """A probability and how it differs from the one in the forecast before."""

    probability: float
    """The probability in this forecast."""
    mcse: float
    """Monte Carlo standard error of `probability`, in units of probability."""
    low: float
    """Lower end of the 90 % posterior interval."""
    high: float
    """Upper end of the 90 % posterior interval."""
    log_odds: float | None
    """Log odds (natural logarithm); null for 0 or 1, a settled outcome or one that no simulated future has."""
    change: float | None = None
    """Change of the probability since the forecast before; null without one."""
    change_mcse: float | None = None
    """Monte Carlo standard error of `change`; null without an earlier forecast."""
    log_odds_change: float | None = None
    """Change of the log odds; null without an earlier forecast, or when either has no log odds."""
    log_odds_change_mcse: float | None = None
    """Monte Carlo standard error of `log_odds_change`; null when there is none."""
    beyond_noise: bool | None = None
    """Whether the change is more than two of its Monte Carlo standard errors; null without an earlier forecast."""


class HistoryEntry(View):
    """One forecast in the history of its study."""

    forecast_id: str
    """UUID of the forecast."""
    job_id: str
    """UUID of the job that made it."""
    study: str
    """Id of the study."""
    study_digest: str
    """SHA-256 (hex) of the canonical document that was computed."""
    study_version: str | None
    """Digest of the stored version that it was made from; null for a document sent with a job."""
    as_of: date
    """What was known on this day is used, nothing later."""
    made_at: datetime
    """When the forecast was stored (UTC)."""
    verdict: Verdict
    """Result of the publication checks."""
    previous: str | None
    """UUID of the forecast before it by as-of date; null for the first, a refused one, or a document sent with a
    job."""
    outcomes: dict[str, Move]
    """Probability of each outcome and its change, by id."""
    scenarios: dict[str, Move]
    """Probability of each scenario and its change, by id."""
    triage: Triage | None
    """Why it differs from the one before; null until a job of that kind has run."""


class ResolutionView(View):
    """One statement of how an outcome turned out."""

    outcome: str
    """Id of the outcome."""
    resolution: str
    """yes, no, ambiguous or annulled; of a categorical outcome the id of its option, ambiguous or annulled."""
    on: date
    """Day on which it turned out so."""
    known_at: date
    """Day on which this became known."""
    source: str | None
    """Where it was said; null when not stated."""
    recorded_at: datetime | None
    """When the service received it (UTC); null for a row of the study document."""
    current: bool
    """Whether it counts now; an earlier statement that was corrected does not."""


class ScoreView(View):
    """The score of one probability."""

    forecast_id: str
    """UUID of the forecast."""
    outcome: str
    """Id of the outcome."""
    forecaster: str
    """`published`, `prior`, `reference`, or `expert:` with the expert's name."""
    as_of: date
    """As-of date of the forecast."""
    by: date
    """Last day that counts for the question."""
    probability: float
    """The probability that is scored."""
    happened: bool
    """Whether the outcome occurred by then."""
    resolved_on: date
    """Day on which the outcome was resolved."""
    brier: float
    """Brier score: squared error of the probability; 0 is best, 1 is worst."""
    log_score: float
    """Minus the natural logarithm of the probability of what happened; 0 is best."""
    scored_at: datetime
    """When it was scored (UTC)."""
    current: bool
    """Whether the resolution that it was scored by counts now."""


class Standing(View):
    """A forecaster's mean scores under the resolutions that count now."""

    forecaster: str
    """`published`, `prior`, `reference`, or `expert:` with the expert's name."""
    scores: int
    """Number of scores."""
    outcomes: int
    """Number of different outcomes among them."""
    brier: float
    """Mean Brier score; 0 is best, 1 is worst."""
    log_score: float
    """Mean logarithmic score; 0 is best."""
    time_averaged_brier: float | None
    """Mean over questions of the mean Brier score of each day that the question was open; null without such a day."""
    published_brier: float
    """Mean Brier score of the published forecasts on the same questions."""


class Ledger(View):
    """Everything that was resolved and scored in a study."""

    study: str
    """Id of the study."""
    resolutions: tuple[ResolutionView, ...]
    """Every statement of how an outcome turned out, corrected ones included."""
    scores: tuple[ScoreView, ...]
    """Every score, those under corrected resolutions included."""
    standings: tuple[Standing, ...]
    """Each forecaster's mean scores."""
