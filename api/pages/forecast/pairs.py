"""Every two outcomes together: a matrix of conditional and joint probabilities."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.answer import OutcomeForecast, PairProbability
from forecast.wording import numbers


@dataclass(frozen=True)
class PairColumn:
    """The outcome that is given."""

    number: str
    id: str
    title: str


@dataclass(frozen=True)
class PairCell:
    """One outcome given another."""

    conditional: str
    joint: str
    """Empty on the diagonal, where the outcome stands alone."""
    title: str
    """The same in words."""
    is_alone: bool
    is_unknown: bool
    """Whether too few draws are left for a conditional probability."""


@dataclass(frozen=True)
class PairRow:
    """One outcome, given each of the others."""

    number: str
    id: str
    title: str
    cells: tuple[PairCell, ...]


@dataclass(frozen=True)
class PairMatrix:
    """All ordered pairs of outcomes; rows are outcomes, columns what is given."""

    columns: tuple[PairColumn, ...]
    rows: tuple[PairRow, ...]


def build_pairs(outcomes: tuple[OutcomeForecast, ...], pairs: tuple[PairProbability, ...]) -> PairMatrix | None:
    """The matrix of all pairs; None where there are none, as in forecasts of older versions."""
    if not pairs:
        return None
    found = {(pair.outcome, pair.given): pair for pair in pairs}
    named = [(str(place), outcome) for place, outcome in enumerate(outcomes, start=1)]
    return PairMatrix(
        columns=tuple(PairColumn(number, outcome.id, outcome.title) for number, outcome in named),
        rows=tuple(
            PairRow(
                number,
                outcome.id,
                outcome.title,
                tuple(
                    _alone(outcome) if given is outcome else _cell(found.get((outcome.id, given.id)), outcome, given)
                    for given in outcomes
                ),
            )
            for number, outcome in named
        ),
    )


def _alone(outcome: OutcomeForecast) -> PairCell:
    shown = numbers.percent(outcome.probability, outcome.mcse)
    title = f"{outcome.id} alone: {shown}"
    return PairCell(shown, joint="", title=title, is_alone=True, is_unknown=False)


def _cell(pair: PairProbability | None, outcome: OutcomeForecast, given: OutcomeForecast) -> PairCell:
    if pair is None:
        return PairCell(numbers.NONE, joint="", title="Not stored", is_alone=False, is_unknown=True)
    joint = numbers.percent(pair.joint, pair.joint_mcse)
    both = f"both: {joint} ±{numbers.points(pair.joint_mcse)}"
    if pair.conditional is None or pair.conditional_mcse is None:
        left = numbers.plural(round(pair.effective_draws), "effective draw")
        title = f"{outcome.id} given {given.id}: not shown, only {left} left; {both}"
        return PairCell(numbers.NONE, joint, title, is_alone=False, is_unknown=True)
    shown = numbers.percent(pair.conditional, pair.conditional_mcse)
    title = f"{outcome.id} given {given.id}: {shown} ±{numbers.points(pair.conditional_mcse)}; {both}"
    return PairCell(shown, joint, title, is_alone=False, is_unknown=False)
