"""The largest moves of a probability when one case or expert is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forecast.answer import Influence, InfluenceReport, ProbabilityStep
from forecast.answer.thresholds import MAX_PARETO_K
from forecast.wording import numbers

MAX_ROWS: Final = 40
"""Moves shown; the JSON has them all."""


@dataclass(frozen=True)
class InfluenceRow:
    """One outcome without one case or expert."""

    kind: str
    id: str
    outcome: str
    probability: str
    change: str
    error: str
    pareto_k: str
    is_high: bool
    """Whether the Pareto k is above its limit."""
    how: str
    """By a run without it, or by weighing the draws."""
    reliable: str
    is_reliable: bool


@dataclass(frozen=True)
class InfluenceView:
    """The largest moves first."""

    rows: tuple[InfluenceRow, ...]
    summary: str
    hidden: str
    """How many smaller moves are not shown; empty when none."""


def build_influence(report: InfluenceReport) -> InfluenceView:
    """The largest moves of all items and outcomes."""
    moves = [(item, outcome, step) for item in report.items for outcome, step in item.outcomes.items()]
    moves.sort(key=lambda move: -abs(move[2].change))
    hidden = len(moves) - MAX_ROWS
    left_out = numbers.plural(len(report.items), "case or expert")
    refits = f", {report.refits:,} of them in a run without it" if report.refits else ""
    return InfluenceView(
        rows=tuple(_row(*move) for move in moves[:MAX_ROWS]),
        summary=f"{left_out} left out one at a time{refits}; took {numbers.duration(report.seconds)}.",
        hidden=f"{hidden:,} smaller moves are not shown; the JSON has them." if hidden > 0 else "",
    )


def _row(item: Influence, outcome: str, step: ProbabilityStep) -> InfluenceRow:
    return InfluenceRow(
        kind=item.kind,
        id=item.id,
        outcome=outcome,
        probability=numbers.percent(step.probability, step.mcse),
        change=numbers.signed(step.change),
        error=f"±{numbers.significant(step.change_mcse)}",
        pareto_k=numbers.fixed(item.pareto_k, 2),
        is_high=item.pareto_k is not None and item.pareto_k > MAX_PARETO_K,
        how="run without it" if item.refitted else "weighted draws",
        reliable="yes" if item.reliable else "no",
        is_reliable=item.reliable,
    )
