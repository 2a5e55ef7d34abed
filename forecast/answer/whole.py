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
)
from forecast.answer.explanation import Attribution, InfluenceReport, SensitivityReport, Triage
from forecast.answer.outcomes import CovariateEffect, OutcomeForecast, PairProbability, ScenarioForecast
from forecast.answer.parts import Part, Verdict
from forecast.answer.update import Update


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
    pairs: tuple[PairProbability, ...] = ()
    """Every ordered pair of different outcomes."""
    remainder: ScenarioForecast | None = None
    """Futures in which none of the scenarios comes true; None without scenarios."""
    factors: tuple[FactorSummary, ...] = ()
    indicators: tuple[IndicatorSummary, ...] = ()
    experts: tuple[ExpertSummary, ...] = ()
    questions: tuple[QuestionSummary, ...] = ()
    links: tuple[LinkSummary, ...] = ()
    correlations: tuple[ResidualCorrelation, ...] = ()
    update: Update | None = None
    """How it came from an earlier forecast; None for one that was made from nothing."""
    checks: tuple[Check, ...]
    diagnostics: Diagnostics
    provenance: Provenance


class StoredForecast(Answer):
    """`forecast.json` and `GET /v1/forecasts/{id}`."""

    forecast_id: str
    made_at: datetime
    age_seconds: float
    stale: bool = False
    """Whether it is older than the installation holds a forecast to be fresh."""
    attribution: Attribution | None = None
    """What moved it; None until a job of that kind has run. The same holds for the three below."""
    influence: InfluenceReport | None = None
    sensitivity: SensitivityReport | None = None
    triage: Triage | None = None
    """Why it differs from the forecast before it."""
