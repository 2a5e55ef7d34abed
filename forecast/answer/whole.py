"""The answer as a whole."""

from __future__ import annotations

from datetime import date, datetime

from forecast.answer.diagnostics import Check, Diagnostics, Provenance
from forecast.answer.evidence import (
    ExpertSummary,
    FactorSummary,
    IndicatorSummary,
    LinkSummary,
    QuestionSummary,
    ResidualCorrelation,
    StatedChange,
)
from forecast.answer.explanation import Attribution, InfluenceReport, SensitivityReport, Triage
from forecast.answer.outcomes import CovariateEffect, OutcomeForecast, PairProbability, ScenarioForecast
from forecast.answer.parts import Part, Verdict
from forecast.answer.quantities import QuantityForecast
from forecast.answer.update import Update


class Answer(Part):
    """What the pipeline computes; the store adds `forecast_id`, `made_at` and, when read, `age_seconds`."""

    study: str
    """Id of the study."""
    study_digest: str
    """SHA-256 (hex) of the canonical document that was computed, with the evidence known on the as-of date."""
    title: str
    """Title of the study."""
    as_of: date
    """What was known on this day is used, nothing later."""
    period: str
    """Length of a period: day, week, month, quarter or year."""
    horizon_periods: int
    """How far the forecast looks ahead from the as-of date, in periods."""
    method_version: str
    """Number of the method; forecasts with the same number can be compared, updated and explained."""
    verdict: Verdict
    """Result of the publication checks. `degraded`: read with care. `refused`: do not use the numbers."""
    verdict_reasons: tuple[str, ...]
    """Message of each failed check; empty when published."""
    outcomes: tuple[OutcomeForecast, ...]
    """The forecast of each outcome, in the study's order."""
    scenarios: tuple[ScenarioForecast, ...]
    """The forecast of each scenario, in the study's order."""
    quantities: tuple[QuantityForecast, ...] = ()
    """The forecast of each number at a date, in the study's order."""
    covariates: tuple[CovariateEffect, ...] = ()
    """Estimated effect of each covariate."""
    pairs: tuple[PairProbability, ...] = ()
    """Joint and conditional probabilities of every ordered pair of different outcomes."""
    remainder: ScenarioForecast | None = None
    """The futures in which none of the scenarios comes true; null when the study has no scenarios."""
    factors: tuple[FactorSummary, ...] = ()
    """Each latent factor over time, with its effects."""
    indicators: tuple[IndicatorSummary, ...] = ()
    """Each indicator over time, with its next expected count."""
    experts: tuple[ExpertSummary, ...] = ()
    """What each expert's probabilities are worth."""
    questions: tuple[QuestionSummary, ...] = ()
    """Each question that experts judged, next to the model's own probability."""
    links: tuple[LinkSummary, ...] = ()
    """Prior and posterior of each link between outcomes."""
    changes: tuple[StatedChange, ...] = ()
    """Each change on stated days."""
    correlations: tuple[ResidualCorrelation, ...] = ()
    """Residual correlation of each pair of outcomes, beyond classes, links and factors."""
    update: Update | None = None
    """How an update came from an earlier forecast; null for a forecast made from the start."""
    checks: tuple[Check, ...]
    """Every publication check and note."""
    diagnostics: Diagnostics
    """Convergence of the sampler and of each quantity."""
    provenance: Provenance
    """Seed, settings, versions and evidence of the computation."""


class StoredForecast(Answer):
    """`forecast.json` and `GET /v1/forecasts/{id}`."""

    forecast_id: str
    """UUID of the forecast."""
    made_at: datetime
    """When the forecast was stored (UTC)."""
    age_seconds: float
    """Time since `made_at` when this was read, in seconds."""
    stale: bool = False
    """Whether it is older than the installation counts as fresh (`FORECAST_FRESH_SECONDS`)."""
    attribution: Attribution | None = None
    """How much each block of evidence moved it; null until a job of that kind has run."""
    influence: InfluenceReport | None = None
    """How it moves without single cases or experts; null until a job of that kind has run."""
    sensitivity: SensitivityReport | None = None
    """How much it leans on priors and stated effects; null until a job of that kind has run."""
    triage: Triage | None = None
    """Why it differs from the forecast before it; null until a job of that kind has run."""
