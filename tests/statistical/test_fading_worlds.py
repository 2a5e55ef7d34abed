"""Worlds of two and three outcomes whose links fade or begin later equal their exact enumeration.

What is exact comes from masses on a fine grid of the time since the first outcome (tests/statistical/fading_worlds.py).
"""

from __future__ import annotations

import itertools
from math import inf, isinf

import numpy as np
import pytest

from tests.documents import Document, document
from tests.futures.time_since_cause import follow
from tests.statistical.coherent_studies import answer, links, outcomes
from tests.statistical.coherent_worlds import HORIZON, World
from tests.statistical.enumerations import (
    SAMPLER,
    SMALL,
    SURE,
    assert_equal,
    counted,
    enumerated,
    grid,
    happened,
    known_chain,
    quiet,
    sure,
    with_first,
)
from tests.statistical.fading_worlds import Cohorts, Fading
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

FADING = {1: Fading(half_life=4), 2: Fading(half_life=8, delay=2.5)}
"""Of the links from the first outcome, by effect; a third outcome's own link stays."""
LATE = {1: Fading(delay=5), 2: Fading(half_life=1.5)}
FUTURES = sized(10_000, 3_000)
"""Of a draw; they take a step for each period in which a link fades."""
EACH = [*itertools.product(SMALL, (FADING,), ("none", "marginal")), ("and an outcome between", LATE, "marginal")]
NAMES = [f"{name}-{base}{'-late' if fading is LATE else ''}" for name, fading, base in EACH]
OFTEN = ("and an outcome between-marginal", "a binary outcome between-marginal", "a binary outcome at the end-none")
"""What an ordinary run looks at."""
CASES = [
    pytest.param(*case, id=name, marks=() if name in OFTEN else pytest.mark.soak)
    for case, name in zip(EACH, NAMES, strict=True)
]


def fading_links(world: World, sd: float, base: str, fading: dict[int, Fading]) -> list[dict[str, object]]:
    """As a study states them."""
    found: list[dict[str, object]] = []
    for (cause, effect), row in zip(world.links, links(world, sd, base), strict=True):
        own = fading[effect] if cause == 0 else Fading()
        power = {} if isinf(own.half_life) else {"half_life": own.half_life}
        found.append({**row, "delay": own.delay, **power})
    return found


def study_of(world: World, base: str, fading: dict[int, Fading]) -> Document:
    """Its levels and effects as good as known."""
    return document(*outcomes(world, sure(world)), horizon=HORIZON, links=fading_links(world, SURE, base, fading))


@pytest.mark.parametrize(("name", "fading", "base"), CASES)
def test_a_cause_that_may_occur_fades_from_then_on(name: str, fading: dict[int, Fading], base: str) -> None:
    """With `base: none` bare hazards; else those whose means among survivors are the ones stated."""
    world = SMALL[name]
    exact = Cohorts(world, fading, "base" if base == "none" else "marginal").run()
    assert_equal(counted(study_of(world, base, fading), seed=6, futures=FUTURES), with_first(world.names), exact)


@pytest.mark.parametrize(("name", "fading", "base"), CASES)
def test_a_cause_that_has_occurred_fades_from_its_day(name: str, fading: dict[int, Fading], base: str) -> None:
    """Six months before the as-of date."""
    world = SMALL[name]
    exact = Cohorts(world, fading, "base" if base == "none" else "marginal", since=6.0).run()
    study = study_of(world, base, fading) | {"resolutions": happened(world.names[0], "2019-07-01")}
    assert_equal(counted(study, seed=5, futures=FUTURES), with_first(world.names), exact)


@pytest.mark.soak
def test_quiet_time_under_a_cause_that_fades() -> None:
    """Six quiet months before the cause of two rivals and eighteen after it; levels and effects are weighed by their chance."""
    world, level_sd, link_sd = SMALL["on two that exclude one another"], 0.8, 0.3
    nodes, weights = grid([level_sd, level_sd, link_sd, link_sd], nodes=sized(16, 8))
    first, second = np.exp(np.array(world.levels[1:])[:, None] + nodes[:, :2].T)
    months = np.arange(18 + HORIZON) + 0.5
    presses = np.stack([
        [fading_mean(delta + nodes[:, 1 + effect], FADING[effect], month) for month in months]
        for (_, effect), delta in world.links.items()
    ])  # fmt: skip
    past, ahead = presses[:, :18].sum(axis=1), presses[:, 18:]
    weights = weights * np.exp(-first * (6 + past[0]) - second * (6 + past[1]))
    hazards = np.stack([first, second])[:, None] * ahead
    total = hazards.sum(axis=0)
    left = np.exp(-(np.cumsum(total, axis=0) - total))
    each = (left * -np.expm1(-total) / total * hazards).sum(axis=1)
    exact = [1.0, *((weights * each).sum(axis=1) / weights.sum()).tolist()]
    study = document(
        *(quiet(outcome) for outcome in outcomes(world, sure(world, level_sd))),
        horizon=HORIZON,
        links=fading_links(world, link_sd, "none", FADING),
        resolutions=happened(world.names[0], "2018-07-01"),
        sampler=SAMPLER,
    )
    assert_equal(answer(study, seed=7), world.names, exact)


def fading_mean(deltas: np.ndarray, fading: Fading, middle: float) -> np.ndarray:
    """Mean of what a link multiplies hazards with in the month around an age; it changes in the middle of a month, if at all."""
    halves = fading.on_hazards(middle + np.array([-0.25, 0.25]))
    return np.asarray(np.exp(halves[:, None] * deltas).mean(axis=0))


@pytest.mark.parametrize("name", SMALL)
def test_without_fading_the_cohorts_are_the_chain(name: str) -> None:
    world = SMALL[name]
    laws = known_chain(world).run("marginal", parts=4)
    found = Cohorts(world, {1: Fading(), 2: Fading()}, "marginal").run()
    assert found == pytest.approx(enumerated(world, laws), abs=5e-5)


@pytest.mark.parametrize("fading", [Fading(4, 0), Fading(inf, 3), Fading(1, 2)])
def test_the_cohorts_of_two_outcomes_are_those_of_a_finer_grid(fading: Fading) -> None:
    world = SMALL["a cause and an effect"]
    rates, delta = np.exp(world.levels), world.links[0, 1]
    finer = follow(rates[0], rates[1], delta, HORIZON, half_life=fading.half_life, delay=fading.delay)
    assert Cohorts(world, {1: fading}, "base").run()[1] == pytest.approx(finer.effect, abs=3e-4)
