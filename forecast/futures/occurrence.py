"""When every outcome occurs in every future, with links, competition and interventions; exact in continuous time.

Every outcome has a unit-exponential clock of its own. An event happens when its cumulative hazard reaches the clock; a
binary outcome resolves yes if its clock is below log(1 + odds). Of the options of a categorical outcome the one with the least
clock over exp(score) turns out true, which happens with the softmax of the scores. An occurrence that multiplies a hazard by exp(delta)
from time t on leaves the clock's remaining hazard to be reached exp(delta) times as fast, which is the same path with
the remainder multiplied by exp(-delta).

References
----------
Simulation by the next reaction, clocks rescaled in place: Gibson and Bruck (2000), doi:10.1021/jp993732q; Anderson
(2007), doi:10.1063/1.2799998.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.futures.certain import sure_times
from forecast.futures.offsets import marginal_offsets
from forecast.futures.paths import (
    HazardPath,
    factor_states,
    hazard_path,
    log_odds,
)
from forecast.futures.present import BINARY, CATEGORICAL, EVENT, THRESHOLD, FloatArray, IntArray, Offsets, PresentCase
from forecast.futures.steps import Steps
from forecast.futures.thresholds import threshold_times


@dataclass
class _Clocks:
    """One block of futures on its way; first dim of the arrays is outcome, second future."""

    present: PresentCase
    owner: IntArray
    """Per future: the place of its draw."""
    times: FloatArray
    """When each outcome occurs if nothing else intervenes; infinite if it does not."""
    clock: FloatArray
    paths: dict[int, HazardPath]
    """Cumulative hazards of the event outcomes that links lead to."""
    odds: dict[int, FloatArray]
    """Log odds of the binary outcomes, scores of options."""
    forced: Mapping[int, float]
    free: frozenset[int]
    """Outcomes whose times are to be worked out: not forced, not known."""

    def remove(self, outcome: int, futures: IntArray) -> None:
        """Make an event outcome impossible from now on."""
        self.clock[outcome, futures] = np.inf
        self.times[outcome, futures] = np.inf

    def push(self, outcome: int, futures: IntArray, when: FloatArray, delta: FloatArray) -> None:
        """Add `delta` to the log rate or log odds of an outcome from `when` on."""
        if self.present.kinds[outcome] in (BINARY, CATEGORICAL):
            asked = when <= self.present.resolves[outcome]
            futures, delta = futures[asked], delta[asked]
            self.odds[outcome][futures] += delta
            self.resolve(outcome, futures)
            return
        pending = self.times[outcome, futures] > when
        futures, when, delta = futures[pending], when[pending], delta[pending]
        path = self.paths[outcome]
        reached = path.at(futures, np.maximum(when, 0.0))  # what is known to have happened acts from the as-of date on
        remaining = np.maximum(self.clock[outcome, futures] - reached, 0.0)
        clock = reached + remaining * np.exp(np.minimum(np.maximum(-delta, -300.0), 300.0))
        self.clock[outcome, futures] = clock
        self.times[outcome, futures] = np.maximum(path.first_passage(futures, clock), when)

    def resolve(self, outcome: int, futures: IntArray) -> None:
        """The time of a binary outcome is its resolution date where it is yes, else infinite; those of options of one
        outcome are settled together."""
        date = self.present.resolves[outcome]
        if self.present.kinds[outcome] == BINARY:
            is_yes = self.clock[outcome, futures] < np.logaddexp(0.0, self.odds[outcome][futures])
            self.times[outcome, futures] = np.where(is_yes, date, np.inf)
            return
        options = [option for option in self.present.members(outcome).tolist() if option in self.free]
        waits = np.stack([np.log(self.clock[option, futures]) - self.odds[option][futures] for option in options])
        first, can_win = waits.argmin(axis=0), np.isfinite(waits.min(axis=0))
        for place, option in enumerate(options):
            self.times[option, futures] = np.where((first == place) & can_win, date, np.inf)


def occurrence_times(
    present: PresentCase,
    replicates: int,
    seed: np.random.SeedSequence,
    forced: Mapping[int, float],
    known: FloatArray | None = None,
) -> FloatArray:
    """Times of all outcomes, dims (draw, replicate, outcome), in periods; infinite when not by the horizon.

    Parameters
    ----------
    forced
        Place of an outcome -> when it occurs, infinite for never: its causes are cut, and if it occurs, what it
        competes with never does. Whatever is forced, the same seed gives the same randomness.
    known
        The result for the same seed with nothing forced; what the forced outcomes cannot reach is taken from it.
    """
    owner = np.repeat(np.arange(present.draws), replicates)
    streams = [np.random.Generator(np.random.SFC64(child)) for child in seed.spawn(3)]
    clock = streams[1].standard_exponential((len(present.outcomes), len(owner)))
    if known is None:
        times, moved = np.full(clock.shape, np.inf), set(range(len(present.outcomes)))
    else:
        times, moved = np.array(known.reshape(-1, len(present.outcomes)).T, order="C"), reachable(present, forced)
    clocks = _Clocks(present, owner, times, clock, {}, {}, forced, frozenset(moved - set(forced)))
    offsets = marginal_offsets(present) if present.offsets is None else present.offsets
    _start(clocks, offsets.plus(present.correction), streams[0], streams[2])
    everyone = np.arange(len(owner))
    for outcome, time in forced.items():
        for rival in _rivals(clocks, outcome):
            if np.isfinite(time):
                clocks.remove(rival, everyone)
        clocks.times[outcome] = time
    _let_outcomes_act(clocks)
    return np.ascontiguousarray(clocks.times.T).reshape(present.draws, replicates, -1)


def reachable(present: PresentCase, outcomes: Iterable[int]) -> set[int]:
    """The outcomes themselves and all that they can move, through links and competition."""
    found = set(outcomes)
    while True:
        linked = present.links.effect_on[np.isin(present.links.cause, list(found))]
        rivals = np.flatnonzero(np.isin(present.groups, present.groups[list(found)]))
        more = found | set(linked.tolist()) | set(rivals.tolist())
        if more == found:
            return found
        found = more


def _start(
    clocks: _Clocks, offsets: Offsets, factor_stream: np.random.Generator, count_stream: np.random.Generator
) -> None:
    """Times of the outcomes to be worked out, before any of them acts on another."""
    present, owner = clocks.present, clocks.owner
    driven = set(present.factors.effect_outcome.tolist()) | set(
        np.flatnonzero(present.thresholds.streams.any(axis=1)).tolist()
    )
    states = factor_states(present, owner, factor_stream) if driven & clocks.free else np.zeros((0, 0, 0))
    everyone, linked = np.arange(len(owner)), set(present.links.effect_on.tolist())
    for outcome in clocks.free:
        if present.kinds[outcome] == EVENT:
            path = hazard_path(present, outcome, owner, states, offsets.log_hazard.get(outcome))
            clocks.times[outcome] = path.first_passage(everyone, clocks.clock[outcome])
            if outcome in linked:
                clocks.paths[outcome] = path
        elif present.kinds[outcome] in (BINARY, CATEGORICAL):
            clocks.odds[outcome] = log_odds(present, outcome, owner, states, offsets.log_odds.get(outcome))
    for outcome in clocks.odds:
        clocks.resolve(outcome, everyone)
    for group in np.unique(present.groups[present.is_sure]):
        members = np.flatnonzero(present.groups == group)
        still = np.array([outcome for outcome in members if outcome in clocks.free], dtype=np.int64)
        if still.size and not any(np.isfinite(time) for outcome, time in clocks.forced.items() if outcome in members):
            clocks.times[still] = sure_times(present, members, still, owner, clocks.clock)
    if any(present.kinds[outcome] == THRESHOLD for outcome in clocks.free):
        for outcome, times in threshold_times(present, owner, states, count_stream).items():
            clocks.times[outcome] = times


def _rivals(clocks: _Clocks, outcome: int) -> list[int]:
    """What an outcome ends when it occurs."""
    groups = clocks.present.groups
    return [other for other in clocks.free if groups[other] == groups[outcome] and other != outcome]


def _let_outcomes_act(clocks: _Clocks) -> None:
    """In each future, let the earliest outcome that has not acted yet act on the others, until none is left."""
    present = clocks.present
    links = [
        (int(cause), int(effect), link)
        for link, (cause, effect) in enumerate(zip(present.links.cause, present.links.effect_on, strict=True))
        if int(effect) in clocks.free
    ]
    steps = _steps(clocks, links)
    # Options of one outcome are settled together: none has to be removed.
    alone = set(clocks.forced) | set(np.flatnonzero(present.is_categorical).tolist())
    rivals = {o: [] if o in alone else _rivals(clocks, o) for o in range(len(present.outcomes))}
    order = acting_order(present, clocks.forced)
    actors = [o for o in order if rivals[o] or any(cause == o for cause, _, _ in links)]
    has_acted = np.zeros((len(actors), len(clocks.owner)), dtype=bool)
    while actors:
        pending = np.where(has_acted, np.inf, clocks.times[actors])
        if steps:
            pending = np.vstack([pending, *(each.following for each in steps.values())])
        first = pending.argmin(axis=0)
        when = np.take_along_axis(pending, first[None], axis=0)[0]
        first[~np.isfinite(when)] = -1
        if first.max(initial=-1) < 0:
            return
        for place, actor in enumerate(actors):
            futures = np.flatnonzero(first == place)
            if not futures.size:
                continue
            has_acted[place, futures] = True
            for rival in rivals[actor]:
                clocks.remove(rival, futures)
            for cause, effect, link in links:
                if cause == actor:
                    delta = present.links.delta[clocks.owner[futures], link]
                    if not present.links.courses[link].is_plain:
                        delta = delta * _share(clocks, link, steps.get(link), futures, when[futures])
                    clocks.push(effect, futures, when[futures], delta)
        for place, each in enumerate(steps.values(), start=len(actors)):
            futures = np.flatnonzero(first == place)
            delta = present.links.delta[clocks.owner[futures], each.link] * each.turn(futures)
            clocks.push(each.effect, futures, when[futures], delta)
            each.end(futures[clocks.times[each.effect, futures] <= when[futures]])


def _steps(clocks: _Clocks, links: Sequence[tuple[int, int, int]]) -> dict[int, Steps]:
    """By link onto an event that fades or is delayed."""
    present = clocks.present
    return {
        link: Steps.of(
            link, effect, present.links.courses[link], present.links.since[link] + present.horizon, present.horizon,
            len(clocks.owner),
        )
        for _, effect, link in links
        if present.kinds[effect] == EVENT and not present.links.courses[link].is_plain
    }  # fmt: skip


def _share(clocks: _Clocks, link: int, steps: Steps | None, futures: IntArray, when: FloatArray) -> FloatArray:
    """Of the effect of a link, as its cause occurs or, where it is known to have, on the as-of date."""
    links = clocks.present.links
    began = np.where(when <= 0.0, -links.since[link], when)
    if steps is not None:
        return steps.begin(futures, began, np.maximum(when, 0.0))
    ages = clocks.present.resolves[links.effect_on[link]] - began
    return np.array([links.courses[link].share_on_day(age) for age in ages.tolist()])


def acting_order(present: PresentCase, forced: Collection[int] = ()) -> list[int]:
    """Outcomes in the order in which they act when they occur at the same time.

    What is forced, thresholds, then events, then binary outcomes and options, of which a cause comes before its effects, and
    before all that are settled together with these, where they share a date.
    """
    rank = {THRESHOLD: 0, EVENT: 1, BINARY: 2, CATEGORICAL: 2}
    waiting = sorted(range(len(present.outcomes)), key=lambda o: -1 if o in forced else rank[present.kinds[o]])
    causes: dict[int, set[int]] = {o: set() for o in waiting}
    for cause, effect in zip(present.links.cause.tolist(), present.links.effect_on.tolist(), strict=True):
        both_dated = present.is_dated[cause] and present.is_dated[effect]
        if both_dated and effect not in forced and present.resolves[cause] == present.resolves[effect]:
            for member in present.members(effect).tolist():
                causes[member].add(cause)
    order: list[int] = []
    while waiting:
        ready = next((o for o in waiting if not causes[o] - set(order)), waiting[0])
        waiting.remove(ready)
        order.append(ready)
    return order
