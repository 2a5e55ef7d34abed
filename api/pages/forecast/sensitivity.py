"""How far probabilities answer to their priors, and how much they lean on effects that were stated."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.shared.bars import PROBABILITY, Bar
from forecast.answer import Interval, Lean, PowerScaling, SensitivityReport
from forecast.answer.thresholds import MAX_PARETO_K, SCALING_NOTED
from forecast.wording import numbers


@dataclass(frozen=True)
class ScalingRow:
    """One outcome when one part of the prior, or the data, is weighed more or less."""

    component: str
    outcome: str
    sensitivity: str
    is_sensitive: bool
    pareto_k: str
    is_high: bool


@dataclass(frozen=True)
class LeanRow:
    """One outcome without one effect, and with its prior moved."""

    effect: str
    outcome: str
    probability: str
    without: str
    low: str
    high: str
    pareto_k: str
    is_high: bool
    bar: Bar


@dataclass(frozen=True)
class SensitivityView:
    """Both tables, the largest first."""

    scaling: tuple[ScalingRow, ...]
    leans: tuple[LeanRow, ...]
    summary: str


def build_sensitivity(report: SensitivityReport) -> SensitivityView:
    """Both tables, the largest sensitivity and the largest lean first."""
    above = sum(item.sensitivity > SCALING_NOTED for item in report.scaling)
    return SensitivityView(
        scaling=tuple(_scaling_row(item) for item in sorted(report.scaling, key=lambda item: -item.sensitivity)),
        leans=tuple(_lean_row(item) for item in sorted(report.leans, key=_reach, reverse=True)),
        summary=f"{above} of {len(report.scaling)} sensitivities above {SCALING_NOTED:g}, in "
        f"{numbers.duration(report.seconds)}.",
    )


def _reach(lean: Lean) -> float:
    return max(abs(lean.without - lean.probability), abs(lean.high - lean.low))


def _scaling_row(item: PowerScaling) -> ScalingRow:
    return ScalingRow(
        component=item.component,
        outcome=item.outcome,
        sensitivity=numbers.fixed(item.sensitivity, 3),
        is_sensitive=item.sensitivity > SCALING_NOTED,
        pareto_k=numbers.fixed(item.pareto_k, 2),
        is_high=item.pareto_k is not None and item.pareto_k > MAX_PARETO_K,
    )


def _lean_row(item: Lean) -> LeanRow:
    shown, without = numbers.percent(item.probability), numbers.percent(item.without)
    low, high = numbers.percent(item.low), numbers.percent(item.high)
    # Whichever way the effect works, the line spans all that was tried.
    tried = (item.low, item.high, item.without, item.probability)
    span = Interval(low=min(tried), high=max(tried))
    label = f"{shown}; without the effect {without}, its prior lower {low}, higher {high}"
    return LeanRow(
        effect=item.effect,
        outcome=item.outcome,
        probability=shown,
        without=without,
        low=low,
        high=high,
        pareto_k=numbers.fixed(item.pareto_k, 2),
        is_high=item.pareto_k is not None and item.pareto_k > MAX_PARETO_K,
        bar=PROBABILITY.bar(item.probability, span, label),
    )
