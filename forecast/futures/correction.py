"""What the offsets of marginals leave, measured on futures and corrected where it is more than chance.

`forecast.futures.offsets` takes causes and factors to be independent among survivors. Causes of one outcome that act on
one another, or that a factor moves together, are not. So futures from the stationary law of the factors are counted: the
number of events less the expected number among those at risk is a martingale, whose variance is the number of events
(Andersen and Gill 1982, doi:10.1214/aos/1176345976). Where it is more than `CHANCE` standard errors from 0, the offsets of
the outcome take the ratio of the two. Of a binary outcome that no factor moves, each future gives a probability and not only
yes or no: that on the odds of its date, given which causes had occurred (Rao-Blackwell). Its mean has the smaller error.
Light: NumPy alone.

References
----------
Conditional expectations for counts: Casella and Robert (1996), Biometrika 83(1), doi:10.1093/biomet/83.1.81.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Final

import numpy as np

from forecast.futures.hazards import cumulative_incidence, probability_by_resolution
from forecast.futures.offsets import marginal_offsets
from forecast.futures.present import FloatArray, IntArray, PresentCase
from forecast.futures.simulation import simulate_futures

CHANCE: Final = 2.5
"""Standard errors; smaller differences are left, as correcting them would only add noise."""
ROUNDS: Final = 3
BLOCKS: Final = 4
"""Parts of the way to the horizon that are corrected apart."""
NEGLIGIBLE: Final = 1e-4
"""Of a probability: less is not corrected, however small its error."""
FUTURES: Final = 40_000
"""About as many: a difference of .01 at a probability of .35 is then more than three standard errors."""
PILOT_SEED: Final = 11
"""The same for all jobs: it is a property of the draws."""


def corrected(present: PresentCase) -> PresentCase:
    """The same present case, with its offsets and what has to be added to them."""
    present = replace(present, offsets=marginal_offsets(present))
    if not present.links.keeps_marginal.any():
        return present
    states = np.random.default_rng(PILOT_SEED).standard_normal(present.factors.state.shape)
    pilot = replace(present, factors=replace(present.factors, state=states))
    replicates = max(1, round(FUTURES / present.draws))
    correction = np.zeros((len(present.outcomes), present.horizon))
    checked = _checked(present)
    for _ in range(ROUNDS):
        pilot = replace(pilot, correction=correction)
        times = simulate_futures(pilot, replicates=replicates, seed=PILOT_SEED).times
        found = np.stack([_differences(pilot, times, outcome) for outcome in checked]) if checked else np.zeros((0, 1))
        if not found.any():
            break
        correction = correction.copy()
        for outcome, difference in zip(checked, found, strict=True):
            correction[outcome] += difference
    return replace(present, correction=correction)


def _checked(present: PresentCase) -> list[int]:
    """Outcomes whose marginal is known for each draw, and which a link moves."""
    moved = present.links.effect_on[present.links.keeps_marginal]
    other = present.links.effect_on[~present.links.keeps_marginal]
    groups = set(present.groups[moved].tolist()) - set(present.groups[other].tolist())
    return [
        outcome
        for outcome in range(len(present.outcomes))
        if present.groups[outcome] in groups
        and np.isnan(present.settled[outcome])
        and not present.expected.lead[present.groups == present.groups[outcome]].any()
        and (present.is_event[outcome] or present.is_dated[outcome])
    ]


def _differences(present: PresentCase, times: FloatArray, outcome: int) -> FloatArray:
    """What has to be added to the log hazard, or the log odds, of an outcome; dims (horizon)."""
    if present.is_dated[outcome]:
        return np.full(present.horizon, _odds_difference(present, times, outcome))
    rates = present.rates[:, outcome, :]
    reached = np.concatenate([np.zeros((present.draws, 1)), np.cumsum(rates, axis=1)], axis=1)
    first = times[:, :, present.groups == present.groups[outcome]].min(axis=2)
    begins = present.begins_at(outcome)

    def within(until: FloatArray, whole: IntArray) -> FloatArray:
        """Share of the hazard of a period before a time in it: in the one in which the event becomes possible all lies after that."""
        late = np.clip(begins - whole, 0.0, 1.0)
        return np.asarray(np.clip((until - whole - late) / np.maximum(1.0 - late, 1e-12), 0.0, 1.0))

    edges = np.unique(np.linspace(0, present.horizon, BLOCKS + 1).round().astype(np.int64))
    events, expected = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    for block, (start, end) in enumerate(itertools.pairwise(edges.tolist())):
        until = np.clip(first, start, end)
        whole = np.minimum(np.floor(until).astype(np.int64), present.horizon - 1)
        at = np.take_along_axis(reached, whole, axis=1) + within(until, whole) * np.take_along_axis(
            rates, whole, axis=1
        )
        expected[block] = (at - reached[:, start, None]).sum()
        events[block] = np.count_nonzero((times[:, :, outcome] > start) & (times[:, :, outcome] <= end))
    if np.abs(events - expected).max() <= CHANCE * np.sqrt(expected.max() + 1.0) and abs(
        events.sum() - expected.sum()
    ) <= CHANCE * np.sqrt(expected.sum() + 1.0):
        return np.zeros(present.horizon)
    ratio = np.log((expected + 1.0) / (events + 1.0))
    return np.repeat(ratio, np.diff(edges))


def _odds_difference(present: PresentCase, times: FloatArray, outcome: int) -> float:
    """The same of a binary outcome, for all periods, or what has to be added to the score of an option."""
    stated = probability_by_resolution(present, cumulative_incidence(present))[:, outcome]
    if present.is_categorical[outcome] or outcome in present.factors.effect_outcome:
        found = (times[:, :, outcome] <= present.resolves[outcome]).astype(float)
        error = np.sqrt((stated * (1.0 - stated)).sum() / times.shape[1]) / len(stated)
    else:
        found = _given_causes(present, times, outcome)
        error = float((found - stated[:, None]).std()) / np.sqrt(found.size)
    mean, aim = float(found.mean()), float(stated.mean())
    if abs(mean - aim) <= max(CHANCE * error, NEGLIGIBLE) or not 0.0 < mean < 1.0:
        return 0.0
    if present.is_categorical[outcome]:
        return float(np.log(aim / mean))
    return _log_odds(aim) - _log_odds(mean)


def _given_causes(present: PresentCase, times: FloatArray, outcome: int) -> FloatArray:
    """Probability of a binary outcome in each future, given which of its causes had occurred by its date; dims (draw, replicate)."""
    assert present.offsets is not None
    links, date = present.links, float(present.resolves[outcome])
    offset = present.offsets.plus(present.correction).log_odds.get(outcome, np.zeros(present.draws))
    odds: FloatArray = np.repeat((present.level[:, outcome] + offset)[:, None], times.shape[1], axis=1)
    for link in np.flatnonzero(links.effect_on == outcome).tolist():
        when, course = times[:, :, links.cause[link]], links.courses[link]
        by_then = when <= date
        share = by_then.astype(float)
        if not course.is_plain:
            ages = date - np.where(when <= 0.0, -links.since[link], when)[by_then]
            share[by_then] = [course.share_on_day(age) for age in ages.tolist()]
        odds += links.delta[:, link, None] * share
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(-odds, -700.0, 700.0))))


def _log_odds(probability: float) -> float:
    return float(np.log(probability) - np.log1p(-probability))
