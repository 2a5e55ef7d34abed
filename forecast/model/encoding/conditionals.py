"""Questions that suppose another outcome to have occurred by their date, as chains of what may happen until then.

`forecast.model.graph.conditionals` says what they are for. A question is read so if links that keep the marginal make
the two outcomes depend on one another: from one to the other, either way, or from a cause of both. Outcomes on such
ways are in the chain, those nearest first, while its worlds are not too many.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.present import Present
from forecast.study import Judgment, Outcome, OutcomeKind

LEGS: Final = 24
"""At least, of the way to a date: the chain is then right to 0.1 % of a hazard for effects up to 2."""

MAX_WORLDS: Final = 32
"""Of one chain: five outcomes that do not compete."""

Contest = tuple[Outcome, ...]
"""Outcomes that exclude one another, or one alone."""


@dataclass(frozen=True)
class Chain:
    """What takes part in one question: a world says of each contest which of its outcomes occurred, from 1, or none, 0."""

    question: Judgment
    contests: tuple[Contest, ...]

    horizon: float
    """Periods until the date of the question, or until that of a supposed outcome which is settled later."""

    @property
    def goes_on(self) -> bool:
        """Whether the effect, first among the contests, may still occur after the date of the question."""
        return self.horizon > self.question.by_periods and self.contests[0][0].kind is OutcomeKind.EVENT

    @property
    def worlds(self) -> list[tuple[int, ...]]:
        """All of them; nothing has occurred in the first. What occurs after the date comes last among the effect's."""
        first = len(self.contests[0]) * (1 + self.goes_on)
        return list(itertools.product(range(first + 1), *(range(len(contest) + 1) for contest in self.contests[1:])))

    def occurred(self, world: tuple[int, ...]) -> list[str]:
        """Outcomes that have occurred in a world."""
        return [
            contest[(found - 1) % len(contest)].id
            for contest, found in zip(self.contests, world, strict=True)
            if found > 0
        ]


def made_chain(question: Judgment, present: Present) -> Chain | None:
    """The chain of a question; None for one that supposes nothing, or nothing that its outcome depends on."""
    cause_by = present.resolves.get(str(question.given), 0.0) if present.is_binary(question.given) else 0.0
    horizon = max(question.by_periods, cause_by)
    contests = _contests(horizon, present)
    ends = [
        next((place for place, contest in enumerate(contests) if any(o.id == name for o in contest)), None)
        for name in (question.outcome, question.given)
    ]
    effect, cause = ends
    if effect is None or cause is None or present.link_at_once(question.given, question.outcome):
        return None
    before = _before(contests, present)
    shared = _reaching(effect, before) & _reaching(cause, before)
    after = [{place for place, found in enumerate(before) if other in found} for other in range(len(contests))]
    # On a way from what both depend on to one of them.
    relevant = {
        place for place in _reaching(effect, before) | _reaching(cause, before) if _reaching(place, before) & shared
    }
    if not shared:
        return None
    chosen = [effect, cause]
    near = list(chosen)
    while near:
        place = near.pop(0)
        for other in sorted((before[place] | after[place]) & relevant - set(chosen)):
            if prod(len(contests[p]) + 1 for p in [*chosen, other]) <= MAX_WORLDS:
                chosen.append(other)
                near.append(other)
    # The last one takes each leg in one piece.
    return Chain(question, tuple(contests[place] for place in [*chosen[:1], *chosen[2:], chosen[1]]), horizon)


def _contests(horizon: float, present: Present) -> list[Contest]:
    """Outcomes that may yet occur within some periods, with those that they exclude."""

    def is_open(outcome: Outcome) -> bool:
        if outcome.id in present.refuted or any(rival.id in present.certain for rival in present.rivals(outcome)):
            return False
        return outcome.kind is OutcomeKind.EVENT or 0.0 < present.resolves[outcome.id] <= horizon

    found: dict[str, list[Outcome]] = {}
    for outcome in present.outcomes:
        if is_open(outcome):
            found.setdefault(outcome.competes or f" {outcome.id}", []).append(outcome)
    return [tuple(contest) for contest in found.values()]


def _before(contests: Sequence[Contest], present: Present) -> list[set[int]]:
    """Of each contest those that act on it, through links that keep the marginal."""
    return [
        {
            place
            for place, causes in enumerate(contests)
            if any((cause.id, effect.id) in present.keeping for cause in causes for effect in effects)
        }
        for effects in contests
    ]


def _reaching(place: int, before: Sequence[set[int]]) -> set[int]:
    """A contest and all that act on it, directly or through others."""
    found, new = {place}, {place}
    while new:
        new = {other for last in new for other in before[last]} - found
        found |= new
    return found


def condition_arrays(
    questions: Sequence[Judgment], present: Present, places: Mapping[str, int]
) -> dict[str, npt.ArrayLike]:
    """The blocks condition, contest, turn, stake, move and pull."""
    chains = [(place, chain) for place, question in enumerate(questions) if (chain := made_chain(question, present))]
    widest = max((len(chain.worlds) for _, chain in chains), default=0)
    begins, joint, rest = (np.zeros((len(chains), widest)) for _ in range(3))
    contests: list[int] = []
    turns: list[tuple[int, int]] = []
    stakes: list[tuple[float, ...]] = []
    moves: list[tuple[int, int, int]] = []
    pulls: list[tuple[int, int]] = []
    for row, (_, chain) in enumerate(chains):
        question, first = chain.question, len(contests)
        begins[row, 0] = 1.0
        for world, found in enumerate(chain.worlds):
            if question.given in chain.occurred(found):
                happened = question.outcome in chain.occurred(found) and found[0] <= len(chain.contests[0])
                (joint if happened else rest)[row, world] = 1.0
        for place in range(len(chain.contests) + chain.goes_on):
            for before, after, link_places in _moves(chain, place, present):
                pulls += [(len(moves), link) for link in link_places]
                moves.append((first + place, before, after))
            contests.append(row)
        for place, start, end, share in _turns(chain, present):
            contest = chain.contests[place % len(chain.contests)]
            resolves = contest[0] if start == end else None
            for outcome in contest if resolves is None else ():
                age = present.ages[outcome.id] + (start + end) / 2.0
                band = present.offsets[outcome.id] + present.bands[outcome.id].band_of(age)
                step = (np.floor(start) + 1.0 + np.ceil(end)) / 2.0
                stakes.append((len(turns), places[outcome.id], band, step, share * (end - start)))
            turns.append((first + place, 0 if resolves is None else places[resolves.id] + 1))
    staked = np.asarray(stakes, dtype=float).reshape(-1, 5).T
    moved = np.asarray(moves, dtype=int).reshape(-1, 3).T
    return {
        "condition_question": np.array([place for place, _ in chains], dtype=int),
        "condition_begins": begins,
        "condition_joint": joint,
        "condition_rest": rest,
        "contest_condition": np.array(contests, dtype=int),
        **_columns(("turn_contest", "turn_outcome"), np.asarray(turns, dtype=int).reshape(-1, 2).T),
        **_columns(("stake_turn", "stake_outcome", "stake_band"), staked[:3].astype(int)),
        **_columns(("stake_step", "stake_length"), staked[3:]),
        **_columns(("move_contest", "move_from", "move_to"), moved),
        "move_counts": np.ones(len(moves)),
        **_columns(("pull_move", "pull_link"), np.asarray(pulls, dtype=int).reshape(-1, 2).T),
    }


def _columns(names: Sequence[str], table: npt.NDArray[np.generic]) -> dict[str, npt.ArrayLike]:
    return dict(zip(names, table, strict=True))


def _moves(chain: Chain, place: int, present: Present) -> list[tuple[int, int, list[int]]]:
    """What may happen to one contest: (world, world after it, links that act then), world by world.

    One place more stands for the effect's after the date of the question.
    """
    worlds, found = chain.worlds, []
    numbers = {world: number for number, world in enumerate(worlds)}
    place, is_late = place % len(chain.contests), place == len(chain.contests)
    first = 1 + is_late * len(chain.contests[place])
    for number, world in enumerate(worlds):
        if world[place] > 0:
            continue
        causes = chain.occurred(world)
        for member, effect in enumerate(chain.contests[place], start=first):
            links = [present.link(cause, effect.id) - 1 for cause in causes if (cause, effect.id) in present.keeping]
            found.append((number, numbers[*world[:place], member, *world[place + 1 :]], links))
    return found


def _turns(chain: Chain, present: Present) -> list[tuple[int, float, float, float]]:
    """(contest, from, to, share of that time), in order; a date has no length.

    Within a leg each contest has its first half in turn, and then its second half in reverse (Strang 1968).
    """
    until, horizon = chain.question.by_periods, chain.horizon
    events = [place for place, contest in enumerate(chain.contests) if contest[0].kind is OutcomeKind.EVENT]
    dates = sorted(
        (present.resolves[contest[0].id], _depth(contest[0], present), place)
        for place, contest in enumerate(chain.contests)
        if place not in events
    )
    edges = {float(edge) for edge in np.linspace(0.0, horizon, LEGS + 1)} | {day for day, *_ in dates} | {until}
    for outcome in (outcome for place in events for outcome in chain.contests[place]):
        age = present.ages[outcome.id]
        edges.update(start - age for start in present.bands[outcome.id].starts if 0.0 < start - age < horizon)
    found: list[tuple[int, float, float, float]] = []
    for start, end in itertools.pairwise(sorted(edges)):
        # What the effect does after the date of the question is told apart.
        running = [len(chain.contests) if place == 0 and end > until else place for place in events]
        halves = [(place, 0.5) for place in running[:-1]]
        whole = [*halves, *((place, 1.0) for place in running[-1:]), *reversed(halves)]
        found += [(place, start, end, share) for place, share in whole]
        found += [(place, day, day, 1.0) for day, _, place in dates if day == end]
    return found


def _depth(outcome: Outcome, present: Present) -> int:
    """How many binary outcomes in a row lead to one: on one day causes come before their effects."""
    found, new = 0, {outcome.id}
    binary = {other.id for other in present.outcomes if other.kind is OutcomeKind.BINARY}
    seen: set[str] = set()
    while new := {c for c, e in present.links if e in new and c in binary} - seen:
        seen |= new
        found += 1
    return found
