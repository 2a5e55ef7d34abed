"""The log-odds waterfall: how far each block of evidence moved each probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from api.pages.shared.bars import Move, Scale
from forecast.answer import Attribution, AttributionStep, ProbabilityStep
from forecast.wording import numbers
from forecast.wording.evidence import BLOCKS

MAX_OPEN: Final = 3
"""Waterfalls shown at once; the others open on demand."""

LEAST_SPAN: Final = 2.0
"""Log odds that an axis covers at least, so that small steps look small."""


@dataclass(frozen=True)
class WaterfallStep:
    """The probability with the evidence up to one block."""

    block: str
    probability: str
    change: str
    """Of the log odds; empty for the prior, from which the steps start."""
    error: str
    bar: Move


@dataclass(frozen=True)
class Waterfall:
    """All steps of one outcome or scenario."""

    kind: str
    id: str
    title: str
    low: str
    """The probability at the left end of the axis."""
    high: str
    summary: str
    """From which probability to which: `from 52 % to 31 %`."""
    is_open: bool
    """Whether it is open when the page loads."""
    steps: tuple[WaterfallStep, ...]


@dataclass(frozen=True)
class AttributionView:
    """The waterfalls of all outcomes and scenarios."""

    waterfalls: tuple[Waterfall, ...]
    took: str


def build_attribution(attribution: Attribution, titles: dict[str, str]) -> AttributionView:
    """The waterfalls; all axes are equally long, so that lengths can be compared.

    Parameters
    ----------
    titles
        Title by ``outcome <id>`` or ``scenario <id>``.
    """
    found = {name: _steps(attribution, name) for name in _names(attribution)}
    reach = max((_span(steps) for steps in found.values()), default=0.0)
    half = max(LEAST_SPAN, reach) * 1.08 / 2
    return AttributionView(
        waterfalls=tuple(
            _waterfall(name, titles.get(name, ""), steps, half, is_open=place < MAX_OPEN)
            for place, (name, steps) in enumerate(found.items())
        ),
        took=numbers.duration(attribution.seconds),
    )


def _names(attribution: Attribution) -> tuple[str, ...]:
    """What has waterfalls, scenarios first: they are what a study was written for."""
    last = attribution.steps[-1:]
    return (
        *(f"scenario {name}" for step in last for name in step.scenarios),
        *(f"outcome {name}" for step in last for name in step.outcomes),
    )


def _steps(attribution: Attribution, name: str) -> list[tuple[AttributionStep, ProbabilityStep]]:
    kind, _, identifier = name.partition(" ")
    known = [(step, step.scenarios if kind == "scenario" else step.outcomes) for step in attribution.steps]
    return [(step, probabilities[identifier]) for step, probabilities in known if identifier in probabilities]


def _span(steps: list[tuple[AttributionStep, ProbabilityStep]]) -> float:
    values = [step.log_odds for _, step in steps]
    return max(values) - min(values)


def _waterfall(
    name: str, title: str, steps: list[tuple[AttributionStep, ProbabilityStep]], half: float, *, is_open: bool
) -> Waterfall:
    values = [step.log_odds for _, step in steps]
    middle = (max(values) + min(values)) / 2
    scale = Scale(middle - half, middle + half)
    kind, _, identifier = name.partition(" ")
    first, last = (numbers.percent(step.probability, step.mcse) for _, step in (steps[0], steps[-1]))
    return Waterfall(
        kind=kind,
        id=identifier,
        title=title or identifier,
        low=numbers.percent(_probability(scale.start)),
        high=numbers.percent(_probability(scale.end)),
        summary=f"from {first} to {last}",
        is_open=is_open,
        steps=tuple(
            _step(block.block, step, values[place - 1] if place else None, scale)
            for place, (block, step) in enumerate(steps)
        ),
    )


def _step(block: str, step: ProbabilityStep, before: float | None, scale: Scale) -> WaterfallStep:
    shown = numbers.percent(step.probability, step.mcse)
    change = "" if before is None else numbers.signed(step.change)
    start = step.log_odds if before is None else before
    return WaterfallStep(
        block=BLOCKS[block],
        probability=shown,
        change=change,
        error="" if before is None else f"±{numbers.significant(step.change_mcse)}",
        bar=scale.move(start, step.log_odds, f"{shown}, {change or 'the start'}"),
    )


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(log_odds, 700.0), -700.0)))
