"""A forecast's page: the answer first, then whether to trust it, then the evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from api.pages.forecast.covariates import CovariateRow, build_covariates
from api.pages.forecast.dependence import CorrelationRow, build_changes, build_correlations, build_links
from api.pages.forecast.estimates import EffectRow
from api.pages.forecast.evidence import OutcomeEvidence, build_evidence
from api.pages.forecast.experts import Opinions, build_opinions
from api.pages.forecast.explanation import Explanation, build_explanation
from api.pages.forecast.figures import FigureSlot, figure_named
from api.pages.forecast.pairs import PairMatrix, build_pairs
from api.pages.forecast.provenance import Download, build_downloads, build_identity
from api.pages.forecast.signals import FactorView, IndicatorView, build_factors, build_indicators
from api.pages.forecast.trust import Trust, build_trust
from api.pages.forecast.what_if import WhatIf, build_what_if
from api.pages.shared.bars import PROBABILITY, Bar, Shares, share_segments
from api.pages.shared.page import PageContext
from api.pages.shared.questions import Question, build_questions
from forecast.answer import (
    HorizonPoint,
    Interval,
    OutcomeForecast,
    OutcomeGroup,
    ScenarioForecast,
    StoredForecast,
    outcome_groups,
)
from forecast.wording import numbers
from forecast.wording.confidence import confidence_level
from forecast.wording.stated import median_and_statement
from forecast.wording.verdicts import VerdictBadge, verdict_badge


@dataclass(frozen=True)
class AnswerRow:
    """The answer for one scenario or outcome."""

    id: str
    title: str
    probability: str
    interval: str
    ends_error: str
    """Of the interval's ends; empty where rounding hides it."""
    error: str
    words: str
    confidence: str
    by: str
    """Until when, for an outcome; empty for a scenario, whose expression says it."""
    expression: str
    note: str
    bar: Bar


@dataclass(frozen=True)
class RowGroup:
    """Options of one categorical outcome under one bar, or outcomes that are none."""

    id: str
    """Empty for outcomes that are no options."""
    title: str
    shares: Shares | None
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True)
class HorizonColumn:
    """One outcome of the horizon table."""

    id: str
    title: str


@dataclass(frozen=True)
class HorizonRow:
    """All outcomes by the end of one period."""

    period: str
    date: str
    cells: tuple[tuple[str, str], ...]
    """Probability and interval, by outcome."""


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
        scenarios=tuple(map(_scenario_row, sorted(forecast.scenarios, key=lambda found: -found.probability))),
        remainder=None if forecast.remainder is None else _scenario_row(forecast.remainder),
        outcomes=tuple(_outcome_row(outcome, forecast) for outcome in forecast.outcomes),
        outcome_groups=tuple(_row_group(group, forecast) for group in outcome_groups(forecast.outcomes)),
        pairs=build_pairs(forecast.outcomes, forecast.pairs),
        what_if=build_what_if(forecast) if has_draws else None,
        questions=build_questions(document) if document else (),
        horizon_figure=figure_named(figures, "horizon"),
        unfolding_figure=figure_named(figures, "unfolding"),
        horizon_columns=tuple(HorizonColumn(outcome.id, outcome.title) for outcome in forecast.outcomes),
        horizon_rows=_horizon_rows(forecast.outcomes),
        period=forecast.period,
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


def _scenario_row(scenario: ScenarioForecast) -> AnswerRow:
    return _answer_row(scenario, by="", expression=scenario.when, note="")


def _row_group(group: OutcomeGroup, forecast: StoredForecast) -> RowGroup:
    shares = [(outcome.option or outcome.title, outcome.probability) for outcome in group.outcomes]
    return RowGroup(
        id=group.id or "",
        title=group.title,
        shares=None if group.id is None else share_segments(shares),
        rows=tuple(_outcome_row(outcome, forecast) for outcome in group.outcomes),
    )


def _outcome_row(outcome: OutcomeForecast, forecast: StoredForecast) -> AnswerRow:
    note = " ".join(filter(None, (median_and_statement(outcome), _timing(outcome, forecast.period))))
    return _answer_row(outcome, by=numbers.day(outcome.by), expression="", note=note)


def _answer_row(part: OutcomeForecast | ScenarioForecast, *, by: str, expression: str, note: str) -> AnswerRow:
    probability = numbers.percent(part.probability, part.mcse)
    interval = numbers.percent_range(part.interval, part.mcse)
    return AnswerRow(
        id=part.id,
        title=part.title,
        probability=probability,
        interval=interval,
        ends_error=numbers.ends_error(part.interval_mcse, part.mcse),
        error=numbers.points(part.mcse),
        words=part.words,
        confidence=confidence_level(part.interval),
        by=by,
        expression=expression,
        note=note,
        bar=PROBABILITY.bar(
            part.probability, part.interval, f"{probability}, {numbers.level(part.interval)} interval {interval}"
        ),
    )


def _timing(outcome: OutcomeForecast, period: str) -> str:
    timing = outcome.timing
    if timing is None:
        return ""
    if timing.median_period is not None:
        return f"Half of all futures have it by {_when(timing.median_period, outcome.horizon, period)}."
    if timing.median_period_given_event is not None:
        when = _when(timing.median_period_given_event, outcome.horizon, period)
        return f"Fewer than half of all futures have it by the horizon; of those that do, half by {when}."
    return "No simulated future has it by the horizon."


def _when(periods: float, horizon: tuple[HorizonPoint, ...], period: str) -> str:
    """The end of a future period, as a date where it is known."""
    index = max(math.ceil(periods), 1) - 1
    ends: date | None = horizon[index].date if index < len(horizon) else None
    return f"{ends:%B %Y}" if ends and period != "day" else numbers.day(ends) if ends else f"{period} {index + 1}"


def _horizon_rows(outcomes: tuple[OutcomeForecast, ...]) -> tuple[HorizonRow, ...]:
    if not outcomes:
        return ()
    return tuple(
        HorizonRow(
            period=str(same_end[0].period),
            date=numbers.short_day(same_end[0].date),
            cells=tuple(_horizon_cell(point, outcome) for point, outcome in zip(same_end, outcomes, strict=True)),
        )
        for same_end in zip(*(outcome.horizon for outcome in outcomes), strict=True)
    )


def _horizon_cell(point: HorizonPoint, outcome: OutcomeForecast) -> tuple[str, str]:
    if outcome.kind in ("binary", "categorical") and point.high == 0.0:
        return numbers.NONE, ""
    spread = Interval(low=point.low, high=point.high)
    return numbers.percent(point.probability, outcome.mcse), numbers.percent_range(spread, outcome.mcse)
