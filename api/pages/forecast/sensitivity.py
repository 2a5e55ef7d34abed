"""How far probabilities answer to their priors, and how much they lean on effects that were stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.pages.forecast.influence import PARETO_K_LIMIT
from api.pages.shared import wording
from api.pages.shared.bars import PROBABILITY, Bar
from forecast.answer import Interval, Lean, PowerScaling, SensitivityReport

THRESHOLD: Final = 0.05
"""Above it a power-scaling sensitivity deserves a look (Kallioinen et al. 2024, doi:10.1007/s11222-023-10366-5)."""


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
    above = sum(item.sensitivity > THRESHOLD for item in report.scaling)
    return SensitivityView(
        scaling=tuple(_scaling_row(item) for item in sorted(report.scaling, key=lambda item: -item.sensitivity)),
        leans=tuple(_lean_row(item) for item in sorted(report.leans, key=_reach, reverse=True)),
        summary=f"{above} of {len(report.scaling)} sensitivities above {THRESHOLD:g}, in "
        f"{wording.duration(report.seconds)}.",
    )


def _reach(lean: Lean) -> float:
    return max(abs(lean.without - lean.probability), abs(lean.high - lean.low))


def _scaling_row(item: PowerScaling) -> ScalingRow:
    return ScalingRow(
        component=item.component,
        outcome=item.outcome,
        sensitivity=wording.fixed(item.sensitivity, 3),
        is_sensitive=item.sensitivity > THRESHOLD,
        pareto_k=wording.fixed(item.pareto_k, 2),
        is_high=item.pareto_k is not None and item.pareto_k > PARETO_K_LIMIT,
    )


def _lean_row(item: Lean) -> LeanRow:
    shown, without = wording.percent(item.probability), wording.percent(item.without)
    low, high = wording.percent(item.low), wording.percent(item.high)
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
        pareto_k=wording.fixed(item.pareto_k, 2),
        is_high=item.pareto_k is not None and item.pareto_k > PARETO_K_LIMIT,
        bar=PROBABILITY.bar(item.probability, span, label),
    )
