"""A forecast's page: the answer first, then whether to trust it, then the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from api.pages.forecast.covariates import CovariateRow, build_covariates
from api.pages.forecast.dependence import CorrelationRow, build_changes, build_correlations, build_links
from api.pages.forecast.estimates import EffectRow
from api.pages.forecast.evidence import OutcomeEvidence, build_evidence
from api.pages.forecast.experts import Opinions, build_opinions
from api.pages.forecast.explanation import Explanation, build_explanation
from api.pages.forecast.figures import FigureSlot, figure_named
from api.pages.forecast.horizon import HorizonColumn, HorizonRow, horizon_rows
from api.pages.forecast.pairs import PairMatrix, build_pairs
from api.pages.forecast.provenance import Download, build_downloads, build_identity
from api.pages.forecast.quantities import QuantityView, build_quantities
from api.pages.forecast.rows import AnswerRow, RowGroup, outcome_row, row_group, scenario_row
from api.pages.forecast.signals import FactorView, IndicatorView, build_factors, build_indicators
from api.pages.forecast.trust import Trust, build_trust
from api.pages.forecast.what_if import WhatIf, build_what_if
from api.pages.shared.page import PageContext
from api.pages.shared.questions import Question, build_questions
from forecast.answer import StoredForecast, outcome_groups
from forecast.wording import numbers
from forecast.wording.verdicts import VerdictBadge, verdict_badge


@dataclass(frozen=True, kw_only=True)
class ForecastPage(PageContext):
    """One stored forecast."""

    template: ClassVar[str] = "forecast.html"

    forecast_id: str
    heading: str
    study: str
    study_url: str | None
    """None where the document came with the job and was not stored."""
    as_of: str
    horizon: str
    """How far it looks: `60 months, to 10 September 2026`."""
    made_at: str
    made_at_iso: str
    age: str
    verdict: VerdictBadge
    verdict_reasons: tuple[str, ...]
    level: str
    scenarios: tuple[AnswerRow, ...]
    remainder: AnswerRow | None
    """None of the scenarios."""
    outcomes: tuple[AnswerRow, ...]
    outcome_groups: tuple[RowGroup, ...]
    """The same in groups."""
    pairs: PairMatrix | None
    what_if: WhatIf | None
    questions: tuple[Question, ...]
    horizon_figure: FigureSlot | None
    unfolding_figure: FigureSlot | None
    horizon_columns: tuple[HorizonColumn, ...]
    horizon_rows: tuple[HorizonRow, ...]
    period: str
    quantities: tuple[QuantityView, ...]
    evidence: tuple[OutcomeEvidence, ...]
    covariates: tuple[CovariateRow, ...]
    indicators: tuple[IndicatorView, ...]
    factors: tuple[FactorView, ...]
    opinions: Opinions | None
    links: tuple[EffectRow, ...]
    changes: tuple[str, ...]
    correlations: tuple[CorrelationRow, ...]
    explanation: Explanation
    trust: Trust
    diagnostics_url: str
    report_url: str
    identity: tuple[tuple[str, str], ...]
    downloads: tuple[Download, ...]
    job_url: str | None


def build_forecast(
    forecast: StoredForecast,
    figures: Sequence[FigureSlot] = (),
    *,
    draws_bytes: int | None = None,
    has_draws: bool = True,
    job_id: str | None = None,
    is_stored: bool = False,
    pending: Mapping[str, str] | None = None,
    document: Mapping[str, Any] | None = None,
) -> ForecastPage:
    """The page of a stored forecast.

    Parameters
    ----------
    figures
        The places of its stored figures.
    draws_bytes
        Size of its `draws.nc`, if known.
    has_draws
        False when that was removed to make room: nothing can be asked of it any more.
    is_stored
        Whether it is of a stored study, which has a page of its own.
    pending
        Id by kind of jobs that will explain it.
    document
        The canonical document that was forecast.
    """
    levels = [outcome.interval for outcome in forecast.outcomes]
    return ForecastPage(
        page_title=numbers.shortened(forecast.title),
        json_url=f"/v1/forecasts/{forecast.forecast_id}",
        forecast_id=forecast.forecast_id,
        heading=forecast.title,
        study=forecast.study,
        study_url=f"/studies/{forecast.study}" if is_stored else None,
        as_of=numbers.day(forecast.as_of),
        horizon=_horizon(forecast),
        made_at=numbers.moment(forecast.made_at),
        made_at_iso=forecast.made_at.isoformat(),
        age=numbers.age(forecast.age_seconds),
        verdict=verdict_badge(forecast.verdict),
        verdict_reasons=forecast.verdict_reasons,
        level=numbers.level(levels[0]) if levels else f"90{numbers.NO_BREAK_SPACE}%",
        # The likeliest first: a dot plot is read by its order.
        scenarios=tuple(map(scenario_row, sorted(forecast.scenarios, key=lambda found: -found.probability))),
        remainder=None if forecast.remainder is None else scenario_row(forecast.remainder),
        outcomes=tuple(outcome_row(outcome, forecast) for outcome in forecast.outcomes),
        outcome_groups=tuple(row_group(group, forecast) for group in outcome_groups(forecast.outcomes)),
        pairs=build_pairs(forecast.outcomes, forecast.pairs),
        what_if=build_what_if(forecast) if has_draws else None,
        questions=build_questions(document) if document else (),
        horizon_figure=figure_named(figures, "horizon"),
        unfolding_figure=figure_named(figures, "unfolding"),
        horizon_columns=tuple(HorizonColumn(outcome.id, outcome.title) for outcome in forecast.outcomes),
        horizon_rows=horizon_rows(forecast.outcomes),
        period=forecast.period,
        quantities=build_quantities(forecast.quantities),
        evidence=_evidence(forecast),
        covariates=build_covariates(forecast.covariates),
        indicators=build_indicators(forecast.indicators, figures, forecast.period),
        factors=build_factors(forecast.factors, figures, forecast.period),
        opinions=build_opinions(
            forecast.experts,
            forecast.questions,
            {outcome.id: outcome.title for outcome in forecast.outcomes},
            forecast.checks,
        ),
        links=build_links(forecast.links, forecast.period),
        changes=build_changes(forecast.changes, {outcome.id: outcome.kind for outcome in forecast.outcomes}),
        correlations=build_correlations(forecast.correlations),
        explanation=build_explanation(forecast, pending or {}),
        trust=build_trust(forecast.checks, forecast.diagnostics, forecast.provenance),
        diagnostics_url=f"/forecasts/{forecast.forecast_id}/diagnostics",
        report_url=f"/forecasts/{forecast.forecast_id}/report",
        identity=build_identity(forecast),
        downloads=build_downloads(forecast.forecast_id, figures, draws_bytes, has_draws=has_draws),
        job_url=f"/jobs/{job_id}" if job_id else None,
    )


def _horizon(forecast: StoredForecast) -> str:
    length = numbers.plural(forecast.horizon_periods, forecast.period)
    points = forecast.outcomes[0].horizon if forecast.outcomes else ()
    return f"{length}, to {numbers.day(points[-1].date)}" if points else length


def _evidence(forecast: StoredForecast) -> tuple[OutcomeEvidence, ...]:
    found = (build_evidence(outcome, forecast.period) for outcome in forecast.outcomes)
    return tuple(evidence for evidence in found if evidence is not None)
