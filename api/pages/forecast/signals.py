"""Indicators and factors: what was counted, what was expected, what comes next, and the hidden states behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.pages.forecast.estimates import EffectRow, Estimate, drawn_number, effect_row, effect_scale, number
from api.pages.forecast.figures import FigureSlot, figure_named
from api.pages.shared.bars import PROBABILITY
from forecast.answer import CountAhead, CountFit, CountPoint, FactorSummary, IndicatorSummary, Interval
from forecast.wording import numbers


@dataclass(frozen=True)
class CountRow:
    """One past period of an indicator."""

    period: str
    counted: str
    covered: str
    """Share of the period that was observed, where it is not all of it."""
    expected: str
    interval: str
    is_absent: bool


@dataclass(frozen=True)
class AheadRow:
    """One period to come of an indicator."""

    period: str
    median: str
    half: str
    interval: str


@dataclass(frozen=True)
class FitRow:
    """A statistic of the real counts beside replicated ones."""

    statistic: str
    observed: str
    replicated: str
    probability: str


@dataclass(frozen=True)
class IndicatorView:
    """A stream of counts."""

    id: str
    title: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    figure: FigureSlot | None
    rows: tuple[CountRow, ...]
    next_period: str
    next_median: str
    next_interval: str
    next_none: str
    ahead: tuple[AheadRow, ...]
    fit: tuple[FitRow, ...]


@dataclass(frozen=True)
class StateRow:
    """A factor in one past period."""

    period: str
    state: str
    interval: str


@dataclass(frozen=True)
class FactorView:
    """A hidden state and what it does."""

    id: str
    title: str
    summary: str
    persistence: Estimate
    figure: FigureSlot | None
    states: tuple[StateRow, ...]
    effects: tuple[EffectRow, ...]


def build_indicators(
    indicators: Iterable[IndicatorSummary], figures: Iterable[FigureSlot], period: str
) -> tuple[IndicatorView, ...]:
    """All indicators.

    Parameters
    ----------
    period
        The study's period, such as `month`.
    """
    slots = tuple(figures)
    return tuple(_indicator(indicator, slots, period) for indicator in indicators)


def build_factors(
    factors: Iterable[FactorSummary], figures: Iterable[FigureSlot], period: str
) -> tuple[FactorView, ...]:
    """All factors, their effects on one scale."""
    found, slots = tuple(factors), tuple(figures)
    scale = effect_scale((e.prior_mean, e.prior_sd, e.posterior) for factor in found for e in factor.effects)
    return tuple(
        FactorView(
            id=factor.id,
            title=factor.title,
            summary=f"Seen through {', '.join(factor.indicators) or 'no indicator'}.",
            persistence=drawn_number(factor.persistence, PROBABILITY),
            figure=figure_named(slots, f"factor-{factor.id}"),
            states=tuple(
                StateRow(
                    numbers.past_period(state.period, period),
                    numbers.signed(state.mean),
                    f"{numbers.signed(state.low)} to {numbers.signed(state.high)}",
                )
                for state in factor.states
            ),
            effects=tuple(
                effect_row(factor.id, e.outcome, e.prior_mean, e.prior_sd, e.posterior, scale) for e in factor.effects
            ),
        )
        for factor in found
    )


def _indicator(indicator: IndicatorSummary, figures: tuple[FigureSlot, ...], period: str) -> IndicatorView:
    ahead = indicator.next
    return IndicatorView(
        id=indicator.id,
        title=indicator.title,
        summary=_summary(indicator, period),
        facts=_facts(indicator, period),
        figure=figure_named(figures, f"indicator-{indicator.id}"),
        rows=tuple(_count_row(point, period) for point in indicator.periods),
        next_period=numbers.past_period(ahead.period, period),
        next_median=numbers.amount(ahead.median),
        next_interval=_amounts(ahead.interval),
        next_none=numbers.percent(ahead.zero_probability),
        ahead=tuple(_ahead_row(point, period) for point in indicator.ahead),
        fit=tuple(_fit_row(fit) for fit in indicator.fit),
    )


def _summary(indicator: IndicatorSummary, period: str) -> str:
    if not indicator.periods:
        return "Not observed yet."
    observed = f"{numbers.amount(indicator.observations)} of {numbers.plural(len(indicator.periods), period)} observed"
    if indicator.factor is None:
        return f"{observed}; no factor drives it."
    moved = "more of it when the factor is high" if indicator.direction > 0 else "less of it when the factor is high"
    return f"{observed}; driven by {indicator.factor}, {moved}."


def _facts(indicator: IndicatorSummary, period: str) -> tuple[tuple[str, str], ...]:
    shown = (
        (f"Usual count per {period}", indicator.rate),
        ("Loading (log rate per SD of the factor)", indicator.loading),
        ("Overdispersion", indicator.dispersion),
        ("Season (SD of log rate)", indicator.season),
        ("Share of spikes", indicator.spikes),
        ("Share of idle periods", indicator.idle),
    )
    return tuple((name, f"{number(s).text} ({number(s).interval})") for name, s in shown if s is not None)


def _ahead_row(point: CountAhead, period: str) -> AheadRow:
    return AheadRow(
        period=numbers.past_period(point.period, period),
        median=numbers.amount(point.median),
        half=_amounts(point.half),
        interval=_amounts(point.interval),
    )


def _fit_row(fit: CountFit) -> FitRow:
    return FitRow(
        statistic=fit.statistic.capitalize(),
        observed=numbers.significant(fit.observed),
        replicated=f"{numbers.significant(fit.low)} to {numbers.significant(fit.high)}",
        probability=numbers.percent(fit.probability),
    )


def _amounts(interval: Interval) -> str:
    return f"{numbers.amount(interval.low)} to {numbers.amount(interval.high)}"


def _count_row(point: CountPoint, period: str) -> CountRow:
    part = point.exposure
    return CountRow(
        period=numbers.past_period(point.period, period),
        counted="not observed" if point.value is None else f"{point.value:,}",
        covered="" if part is None or part == 1.0 else f"in {100 * part:.0f}{numbers.NO_BREAK_SPACE}% of it",
        expected=numbers.significant(point.mean),
        interval=f"{numbers.significant(point.low)} to {numbers.significant(point.high)}",
        is_absent=point.value is None,
    )
