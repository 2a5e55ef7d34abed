"""Questions that suppose a cause to have occurred by their date, as legs of constant hazards.

`forecast.model.graph.conditionals` says what they are for. A question is read so if a link that keeps the marginal leads
from the supposed outcome to the judged one or to one that excludes it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.present import Present
from forecast.study import Judgment, Outcome, OutcomeKind

LEGS: Final = 24
"""At least, of the way to a date: the chain is then right to 0.1 % of a hazard for effects up to 2."""

NAMES: Final = (
    "stake_leg", "stake_outcome", "stake_band", "stake_link", "stake_length", "stake_side", "stake_own",
)  # fmt: skip


def supposes_linked_cause(question: Judgment, present: Present) -> bool:
    """Whether the condition of a question acts, by its date, through a link that keeps the marginal."""
    given = question.given
    if given is None or given in present.refuted:
        return False
    judged = next(outcome for outcome in present.outcomes if outcome.id == question.outcome)
    if not any((given, rival.id) in present.keeping for rival in present.rivals(judged)):
        return False
    cause = next((outcome for outcome in present.outcomes if outcome.id == given), None)
    if cause is None:
        return False  # decided by counts, for which the chain has no hazard
    return given in present.certain or cause.kind is OutcomeKind.EVENT or present.resolves[given] <= question.by_periods


def condition_arrays(
    questions: Sequence[Judgment], present: Present, places: Mapping[str, int]
) -> dict[str, npt.ArrayLike]:
    """The blocks condition, leg and stake."""
    chosen = [(place, question) for place, question in enumerate(questions) if supposes_linked_cause(question, present)]
    legs: list[tuple[int, float, float]] = []
    stakes: list[tuple[float, ...]] = []
    for condition, (_, question) in enumerate(chosen):
        members = {outcome.id: outcome for outcome in present.outcomes}
        effects = [o for o in present.rivals(members[question.outcome]) if o.kind is OutcomeKind.EVENT]
        cause = members[str(question.given)]
        agents = (
            [] if question.given in present.certain or cause.kind is not OutcomeKind.EVENT else present.rivals(cause)
        )
        jump = present.resolves[cause.id] if cause.kind is OutcomeKind.BINARY else np.inf
        edges = _edges(question.by_periods, [*effects, *agents], jump, present)
        spans = [(start, end, False) for start, end in itertools.pairwise(edges)]
        if np.isfinite(jump) and question.given not in present.certain:
            # A date has no length: what comes after it sees the cause, what comes before does not.
            spans.append((jump, jump, True))
            spans.sort(key=lambda span: (span[1], span[2]))
        for start, end, jumps in spans:
            leg = len(legs)
            legs.append((condition, (np.floor(start) + 1.0 + np.ceil(end)) / 2.0, float(jumps)))
            for side, outcome in [*((0, o) for o in effects), *((1, o) for o in agents)]:
                age = present.ages[outcome.id] + (start + end) / 2.0
                band = present.offsets[outcome.id] + present.bands[outcome.id].band_of(age)
                link = present.link(question.given, outcome.id) if side == 0 else 0
                kept = (question.given, outcome.id) in present.keeping
                own = outcome.id in (question.outcome, question.given)
                stakes.append((leg, places[outcome.id], band, link * kept, end - start, side, own))
    table = np.asarray(stakes, dtype=float).reshape(-1, len(NAMES))
    ways = np.asarray(legs, dtype=float).reshape(-1, 3)
    return {
        "condition_question": np.array([place for place, _ in chosen], dtype=int),
        "condition_cause": np.array([places[str(question.given)] for _, question in chosen], dtype=int),
        "condition_is_certain": np.array([question.given in present.certain for _, question in chosen], dtype=float),
        "leg_condition": ways[:, 0].astype(int),
        "leg_step": ways[:, 1],
        "leg_jump": ways[:, 2],
        **{
            name: column.astype(int) if place < 4 else column
            for place, (name, column) in enumerate(zip(NAMES, table.T, strict=True))
        },
    }


def _edges(until: float, outcomes: Sequence[Outcome], jump: float, present: Present) -> list[float]:
    """Where legs begin and end, in periods from the as-of date: evenly, at the edges of age bands, and at the jump."""
    edges = {float(edge) for edge in np.linspace(0.0, until, LEGS + 1)}
    for outcome in outcomes:
        age = present.ages[outcome.id]
        edges.update(start - age for start in present.bands[outcome.id].starts if 0.0 < start - age < until)
    if 0.0 < jump < until:
        edges.add(jump)
    return sorted(edges)
