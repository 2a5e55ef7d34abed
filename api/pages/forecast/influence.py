"""The largest moves of a probability when one case or expert is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.pages.shared import wording
from forecast.answer import Influence, InfluenceReport, ProbabilityStep

MAX_ROWS: Final = 40
"""Moves shown; the JSON has them all."""
PARETO_K_LIMIT: Final = 0.7
"""Above it importance weights cannot be trusted (Vehtari et al. 2024, Pareto smoothed importance sampling)."""


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
    left_out = wording.plural(len(report.items), "case or expert")
    refits = f", {report.refits:,} of them in a run without it" if report.refits else ""
    return InfluenceView(
        rows=tuple(_row(*move) for move in moves[:MAX_ROWS]),
        summary=f"{left_out} left out one at a time{refits}; took {wording.duration(report.seconds)}.",
        hidden=f"{hidden:,} smaller moves are not shown; the JSON has them." if hidden > 0 else "",
    )


def _row(item: Influence, outcome: str, step: ProbabilityStep) -> InfluenceRow:
    return InfluenceRow(
        kind=item.kind,
        id=item.id,
        outcome=outcome,
        probability=wording.percent(step.probability, step.mcse),
        change=wording.signed(step.change),
        error=f"±{wording.significant(step.change_mcse)}",
        pareto_k=wording.fixed(item.pareto_k, 2),
        is_high=item.pareto_k is not None and item.pareto_k > PARETO_K_LIMIT,
        how="run without it" if item.refitted else "weighted draws",
        reliable="yes" if item.reliable else "no",
        is_reliable=item.reliable,
    )
