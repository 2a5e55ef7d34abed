"""The stored answer of one study at one as-of date (`forecast.json`), as typed, frozen objects.

This module is the contract between the pipeline that computes, the API that serves and the pages that show. It
imports pydantic alone, so the web process can read an answer without the science.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Part(BaseModel):
    """Base of every part of the answer: frozen, closed, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Verdict(StrEnum):
    """Whether the checks let a forecast be used as it is."""

    PUBLISHED = "published"
    DEGRADED = "degraded"
    REFUSED = "refused"


class Interval(Part):
    """The posterior spread of a quantity; equal-tailed."""

    kind: Literal["eti"] = "eti"
    level: float = 0.9
    low: float
    high: float


class HorizonPoint(Part):
    """The probability that the outcome has occurred by the end of one future period."""

    period: int
    date: date
    probability: Probability
    low: Probability
    high: Probability


class Timing(Part):
    """When an event happens, if it does; in periods from the as-of date."""

    median_period: float | None
    """The period by which half of all futures have it; None when fewer than half have it by the horizon."""
    median_period_given_event: float | None
    """The same among the futures in which it happens by the horizon, before any competing outcome."""


class CaseSummary(Part):
    """One historical case as one outcome sees it."""

    id: str
    weight: float
    exposure: float | None = None
    """Periods at risk (event outcomes)."""
    events: float | None = None
    successes: float | None = None
    trials: float | None = None
    entered: date | None = None
    exited: date | None = None
    event: str | None = None
    """The outcome that ended it, None when censored."""
    estimate: float | None = None
    """Posterior mean of the case's own probability (binary) or of its rate ratio to its class (event)."""
    interval: Interval | None = None
    source: str | None = None
    note: str | None = None


class ClassSummary(Part):
    """One reference class as one outcome sees it."""

    id: str
    title: str
    weight: float
    """Weight in the present case."""
    cases: int
    effective_cases: float
    """Cases counted by their weights; events, exposure and trials below are not weighted."""
    events: float
    exposure: float | None
    """Periods at risk (event outcomes)."""
    trials: float | None
    measure: Literal["rate_per_period", "probability"]
    rate_or_probability: float
    interval: Interval
    members: tuple[CaseSummary, ...] = ()


class NewClassSummary(Part):
    """What the model expects of a class that it has not seen."""

    weight: float
    measure: Literal["rate_per_period", "probability"]
    rate_or_probability: float
    interval: Interval


class ReferenceSummary(Part):
    classes: tuple[ClassSummary, ...]
    new_class: NewClassSummary


class OutcomeForecast(Part):
    """The answer for one outcome."""

    id: str
    title: str
    kind: Literal["event", "binary", "threshold"]
    probability: Probability
    mcse: float
    interval: Interval
    words: str
    """The ICD 203 wording of the probability."""
    by: date
    horizon: tuple[HorizonPoint, ...]
    timing: Timing | None
    reference: ReferenceSummary


class ScenarioForecast(Part):
    """The answer for one scenario."""

    id: str
    title: str
    when: str
    probability: Probability
    mcse: float
    effective_draws: float
    """p (1 - p) / mcse^2: how many independent futures would give the same error."""
    interval: Interval
    words: str


class CovariateEffect(Part):
    """The effect of a covariate on the log rate or log odds, per unit of the covariate as it stands in the tables."""

    id: str
    mean: float
    sd: float
    interval: Interval
    standardized: bool
    center: float
    scale: float


class Check(Part):
    """One check of the publication gate, or a note (`passed` is None)."""

    name: str
    passed: bool | None
    value: float | None
    threshold: float | None
    message: str


class ParameterDiagnostics(Part):
    """Convergence of one scalar quantity; None where it is constant and the number is not defined."""

    name: str
    """Variable and label, as in ``theta[withdrawal]``."""
    reported: bool
    """Whether the publication gate looks at it."""
    mean: float | None
    sd: float | None
    rhat: float | None
    ess_bulk: float | None
    ess_tail: float | None
    mcse: float | None


class Diagnostics(Part):
    parameters: tuple[ParameterDiagnostics, ...]
    chains: int
    draws: int
    divergences: int
    divergence_fraction: float
    bfmi: tuple[float | None, ...]
    tree_depth_mean: float | None
    tree_depth_max: int | None
    tree_depth_limit_hits: int
    compilations: int
    """How often this process has compiled the program; one, however many studies it has run."""
    seconds: dict[str, float]
    """Wall time by stage: load, compile, swap, sample, diagnose, futures."""


class Provenance(Part):
    seed: int
    sampler: dict[str, JsonValue]
    versions: dict[str, str]
    host: str
    duration_seconds: float
    evidence: dict[str, int]
    """How many pieces of each kind of evidence were used."""
    latest_known_at: date | None


class Answer(Part):
    """What the pipeline computes; the store adds `forecast_id`, `made_at` and, when read, `age_seconds`."""

    study: str
    study_digest: str
    title: str
    as_of: date
    period: str
    horizon_periods: int
    method_version: str
    verdict: Verdict
    verdict_reasons: tuple[str, ...]
    outcomes: tuple[OutcomeForecast, ...]
    scenarios: tuple[ScenarioForecast, ...]
    covariates: tuple[CovariateEffect, ...] = ()
    factors: tuple[JsonValue, ...] = ()
    indicators: tuple[JsonValue, ...] = ()
    experts: tuple[JsonValue, ...] = ()
    checks: tuple[Check, ...]
    diagnostics: Diagnostics
    provenance: Provenance


class StoredForecast(Answer):
    """`forecast.json` and `GET /v1/forecasts/{id}`."""

    forecast_id: str
    made_at: datetime
    age_seconds: float


ICD_203 = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (1.00, "almost certain"),
)
"""Upper ends of the seven steps of Intelligence Community Directive 203 (2015), section D.6.e(2)(a)."""


def icd203_words(probability: float) -> str:
    """The ICD 203 wording of a probability; an end belongs to the higher step, 0 and 1 to the outermost ones.

    Raises
    ------
    ValueError
        When the number is not in [0, 1].
    """
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"{probability} is not a probability; expected a number in [0, 1]")
    return next((words for end, words in ICD_203 if probability < end), ICD_203[-1][1])
