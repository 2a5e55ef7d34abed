"""Questions that suppose what other outcomes do, as arrays: worlds, what may happen in them, and when.

`forecast.model.encoding.chains` says what takes part.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.errors import FieldError, StudyError
from forecast.model.encoding.chains import Chain, made_chain
from forecast.model.encoding.present import Present
from forecast.study import Judgment, Outcome, OutcomeKind

LEGS: Final = 24
"""At least, of the way to a date: the chain is then right to 0.1 % of a hazard for effects up to 2."""

FEWER_LEGS: Final = 12
"""Of a chain of more than `FEW_WORLDS`, which costs more: right to 0.4 %."""

FEW_WORLDS: Final = 8

MOST_READINGS: Final = 64
"""Of one question."""

MOST_STEPS: Final = 50_000
"""Turns times worlds of all questions: some five milliseconds for each gradient."""

_TOO_MANY_STEPS: Final = (
    "conditional judgments take {:,} steps through what may happen, each time that the density is evaluated; expected at most "
    f"{MOST_STEPS:,}; ask fewer of them, suppose fewer outcomes in each, give fewer `age_bands`, or let outcomes name the same classes with the same weights"
)

_TOO_MANY: Final = (
    "{} depends on outcomes whose classes combine in {} ways; expected at most "
    f"{MOST_READINGS}; let outcomes name the same classes with the same weights, name fewer, or say `blend`"
)


@dataclass(frozen=True)
class Reading:
    """A question under one option of each membership that it depends on."""

    place: int
    """Of the question."""
    question: Judgment
    chosen: Mapping[int, int]
    """Option by membership, both by their places; options count from 1."""
    chain: Chain | None


def find_readings(questions: Sequence[Judgment], present: Present) -> list[Reading]:
    """All readings of all questions, question by question."""
    outcomes = {outcome.id: outcome for outcome in present.outcomes}
    found = []
    for place, question in enumerate(questions):
        chain = made_chain(question, present)
        contests = chain.contests if chain is not None else [present.rivals(outcomes[question.outcome])]
        concerned = [outcome.id for contest in contests for outcome in contest]
        if question.given:
            supposed = [name for name, _ in question.given]
            _refuse_courses(question, {*concerned, *supposed}, present)
            _refuse_what_acts_at_once(question, present)
            _refuse_sure(question, concerned if chain is not None else supposed, present)
        ways = present.memberships.ways(concerned)
        if ways > MOST_READINGS:
            raise StudyError([FieldError("judgments", "too_much_work", _TOO_MANY.format(question.question, ways))])
        found += [Reading(place, question, chosen, chain) for chosen in present.memberships.readings(concerned)]
    return found


def _refuse_courses(question: Judgment, concerned: Collection[str], present: Present) -> None:
    """What a fading or delayed link does under a condition is not worked out: those of a question act at once and stay."""
    for (cause, effect), course in present.courses.items():
        if not course.is_plain and cause in concerned and effect in concerned:
            message = (
                f"a judgment on {question.question} depends on the link from {cause!r} to {effect!r}, which has a half_life or a "
                "delay; expected a link that acts at once and stays where a judgment has a condition; remove these two fields "
                "or the judgment"
            )
            place = present.link(cause, effect) - 1
            raise StudyError([FieldError(f"links[{place}]", "judged_course", message)])


def _refuse_what_acts_at_once(question: Judgment, present: Present) -> None:
    """A cause without a law of when it occurs, or whose effect has a level without it, is read alone or not at all."""
    for name, occurs in present.links_at_once(question):
        others = [other for other, _ in question.given if other != name and other not in present.settled]
        if others:
            seen = f"{name!r} beside {', '.join(map(repr, others))}, but its link to {question.outcome!r} acts at once"
            expected = "it alone, or a link with `base: marginal` from an event or binary outcome"
        elif not occurs and (name, question.outcome) in present.keeping:
            seen = f"that {name!r} does not occur, which is a count, so that its effect has no level without it"
            expected = "that link to be stated with `base: none`"
        else:
            continue
        message = f"a judgment on {question.question} supposes {seen}; expected {expected}; change that or remove the judgment"
        # The link may be one that was made, which stands nowhere in the document.
        raise StudyError([FieldError("judgments", "judged_at_once", message)])


def _refuse_sure(question: Judgment, concerned: Collection[str], present: Present) -> None:
    """What is learned under a condition of outcomes of which one must occur is not worked out."""
    sure = [name for name in concerned if name in present.sure_within]
    if sure:
        message = (
            f"a judgment on {question.question} depends on {sure[0]!r}, which is exhaustive: one of its group must occur; "
            "expected conditions that such outcomes take no part in; remove the judgment or `exhaustive`"
        )
        raise StudyError([FieldError("judgments", "judged_exhaustive", message)])


def condition_arrays(readings: Sequence[Reading], present: Present) -> dict[str, npt.ArrayLike]:
    """The blocks condition, contest, turn, stake, move and pull."""
    chains = [(place, reading, reading.chain) for place, reading in enumerate(readings) if reading.chain is not None]
    steps = [_turns(chain, present) for *_, chain in chains]
    # Before worlds are gone through one by one: rivals of several supposed outcomes may have millions.
    _require_few_steps(sum(map(len, steps)), max((chain.least_worlds for *_, chain in chains), default=0))
    widest = max((len(chain.worlds) for *_, chain in chains), default=0)
    _require_few_steps(sum(map(len, steps)), widest)
    begins, joint, rest = (np.zeros((len(chains), widest)) for _ in range(3))
    contests: list[int] = []
    turns: list[tuple[int, int]] = []
    stakes: list[tuple[float, ...]] = []
    moves: list[tuple[int, int, int, int]] = []
    pulls: list[tuple[int, int]] = []
    for row, ((_, reading, chain), own) in enumerate(zip(chains, steps, strict=True)):
        first = len(contests)
        begins[row, : len(chain.worlds)] = chain.begins()
        for world, found in enumerate(chain.worlds):
            if chain.counts(found):
                (joint if chain.has_effect(found) else rest)[row, world] = 1.0
        for slot in range(len(chain.slots)):
            for before, after, link_places in _moves(chain, slot, present):
                pulls += [(len(moves), link) for link in link_places]
                moves.append((first + slot, before, after, 1 - chain.worlds[before][-1]))
            contests.append(row)
        for slot, start, end, share in own:
            contest = chain.contests[chain.slots[slot][0]]
            resolves = contest[0] if start == end else None
            for outcome in contest if resolves is None else ():
                age = present.ages[outcome.id] + (start + end) / 2.0
                band = present.offsets[outcome.id] + present.bands[outcome.id].band_of(age)
                step = (np.floor(start) + 1.0 + np.ceil(end)) / 2.0
                variant = present.memberships.variant(outcome.id, reading.chosen)
                is_at_risk = present.ages[outcome.id] + end > 0.0
                length = share * present.changes[outcome.id].length(start, end) * is_at_risk
                stakes.append((len(turns), variant, band, step, length))
            settles = 0 if resolves is None else present.memberships.variant(resolves.id, reading.chosen) + 1
            turns.append((first + slot, settles))
    staked = np.asarray(stakes, dtype=float).reshape(-1, 5).T
    moved = np.asarray(moves, dtype=int).reshape(-1, 4).T
    return {
        "condition_reading": np.array([place for place, *_ in chains], dtype=int),
        "condition_begins": begins,
        "condition_joint": joint,
        "condition_rest": rest,
        "contest_condition": np.array(contests, dtype=int),
        **_columns(("turn_contest", "turn_variant"), np.asarray(turns, dtype=int).reshape(-1, 2).T),
        **_columns(("stake_turn", "stake_variant", "stake_band"), staked[:3].astype(int)),
        **_columns(("stake_step", "stake_length"), staked[3:]),
        **_columns(("move_contest", "move_from", "move_to"), moved[:3]),
        "move_counts": moved[3].astype(float),
        **_columns(("pull_move", "pull_link"), np.asarray(pulls, dtype=int).reshape(-1, 2).T),
    }


def _require_few_steps(turns: int, worlds: int) -> None:
    if turns * worlds > MOST_STEPS:
        raise StudyError([FieldError("judgments", "too_much_work", _TOO_MANY_STEPS.format(turns * worlds))])


def _columns(names: Sequence[str], table: npt.NDArray[np.generic]) -> dict[str, npt.ArrayLike]:
    return dict(zip(names, table, strict=True))


def _moves(chain: Chain, slot: int, present: Present) -> list[tuple[int, int, list[int]]]:
    """What may happen to one contest: (world, world after it, links that act then), world by world."""
    worlds, found = chain.worlds, []
    numbers = {world: number for number, world in enumerate(worlds)}
    place, is_late = chain.slots[slot]
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
    """(slot of a contest, from, to, share of that time), in order; a date has no length.

    Within a leg each contest has its first half in turn, and then its second half in reverse (Strang 1968).
    """
    until, horizon = chain.question.by_periods, chain.horizon
    events = [place for place, contest in enumerate(chain.contests) if contest[0].kind is OutcomeKind.EVENT]
    dates = sorted(
        (present.resolves[contest[0].id], _depth(contest[0], present), place)
        for place, contest in enumerate(chain.contests)
        if place not in events and present.resolves[contest[0].id] <= horizon
    )
    is_small = chain.least_worlds <= FEW_WORLDS and len(chain.worlds) <= FEW_WORLDS
    legs = LEGS if is_small else FEWER_LEGS
    edges = {float(edge) for edge in np.linspace(0.0, horizon, legs + 1)} | {day for day, *_ in dates} | {until}
    for outcome in (outcome for place in events for outcome in chain.contests[place]):
        age = present.ages[outcome.id]
        edges.update(start - age for start in present.bands[outcome.id].starts if 0.0 < start - age < horizon)
        edges.update(present.changes[outcome.id].edges(0.0, horizon))
    found: list[tuple[int, float, float, float]] = []
    for start, end in itertools.pairwise(sorted(edges)):
        # What the outcomes of the question do after its date is told apart.
        running = [chain.slots.index((place, end > until and place in chain.late)) for place in events]
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
