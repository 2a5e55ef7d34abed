"""Worlds of two and three outcomes, with causes that have occurred and quiet time, equal their exact enumeration.

What is exact comes from the chain of tests/statistical/coherent_worlds.py.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.documents import document
from tests.statistical.coherent_studies import answer, links, outcomes
from tests.statistical.coherent_worlds import HORIZON, Chain, occurs
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

pytestmark = [pytest.mark.statistical, pytest.mark.program]

BASES = ("none", "marginal")
EACH = list(itertools.product(SMALL, BASES))


@pytest.mark.parametrize(("name", "base"), EACH)
def test_a_cause_that_has_occurred_acts_or_is_inside(name: str, base: str) -> None:
    """With `base: none` it presses from the as-of date on; else what was stated that day has it in already."""
    world = SMALL[name]
    chain = known_chain(world)
    chain.settle(0)
    laws = chain.run("base" if base == "none" else "marginal", parts=16)
    study = document(
        *outcomes(world, sure(world)),
        horizon=HORIZON,
        links=links(world, SURE, base),
        resolutions=happened(world.names[0], "2019-07-01"),
    )
    assert_equal(counted(study, seed=5), with_first(world.names), enumerated(world, laws))


@pytest.mark.parametrize(("name", "base"), EACH)
def test_a_cause_that_may_occur_acts_in_continuous_time(name: str, base: str) -> None:
    """With `base: none` the chain of bare hazards; else the one whose mean hazards among survivors are those stated."""
    world = SMALL[name]
    laws = known_chain(world).run("base" if base == "none" else "marginal", parts=16)
    study = document(*outcomes(world, sure(world)), horizon=HORIZON, links=links(world, SURE, base))
    assert_equal(counted(study, seed=6), with_first(world.names), enumerated(world, laws))


SPREAD = 0.3
"""Standard deviation of links on the scale, where they are not known."""
MODERATE = 0.8
"""The same of levels on which quiet time bears."""
QUIET = 24
"""Months before the as-of date in which outcomes could have occurred."""
LEAST_WEIGHT = 1e-9
"""Of points of a grid; hazards of those below are too high for the steps of the chain."""


@pytest.mark.parametrize("base", ["none", pytest.param("marginal", marks=pytest.mark.soak)])
def test_quiet_time_of_rivals_under_a_cause_that_has_occurred(base: str) -> None:
    """Six quiet months before the cause and eighteen after it; levels and effects are weighed by their chance."""
    world = SMALL["on two that exclude one another"]
    nodes, weights = grid([MODERATE, MODERATE, SPREAD, SPREAD], nodes=16)
    first, second = np.exp(np.array(world.levels[1:])[:, None] + nodes[:, :2].T)
    presses = [
        np.exp(delta + nodes[:, 2 + k]) if base == "none" else 1.0 for k, delta in enumerate(world.links.values())
    ]
    weights = weights * np.exp(-first * (6 + 18 * presses[0]) - second * (6 + 18 * presses[1]))
    total = first * presses[0] + second * presses[1]
    each = [-np.expm1(-HORIZON * total) * part / total for part in (first * presses[0], second * presses[1])]
    exact = [1.0, *(float((weights * p).sum() / weights.sum()) for p in each)]
    study = document(
        *(quiet(outcome) for outcome in outcomes(world, sure(world, MODERATE))),
        horizon=HORIZON,
        links=links(world, SPREAD, base),
        resolutions=happened(world.names[0], "2018-07-01"),
        sampler=SAMPLER,
    )
    assert_equal(answer(study, seed=7), world.names, exact)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        case if case == ("a cause and an effect", "marginal") else pytest.param(*case, marks=pytest.mark.soak)
        for case in itertools.product(("a cause and an effect", "and an outcome between"), BASES)
    ],
)
def test_quiet_time_in_which_no_cause_occurred(name: str, base: str) -> None:
    """All were quiet: with `base: none` at hazards without causes, else at the marginal ones, as section 13 says."""
    world = SMALL[name]
    count = len(world.kinds)
    nodes, weights = grid([MODERATE] * count, nodes=16)
    levels = np.array(world.levels) + nodes
    weights = weights * np.exp(-QUIET * np.exp(levels).sum(axis=1))
    levels, weights = levels[weights > LEAST_WEIGHT], weights[weights > LEAST_WEIGHT]
    deltas = np.tile(list(world.links.values()), (len(levels), 1))
    laws = Chain(world, levels, deltas).run("base" if base == "none" else "marginal", parts=4)
    exact = [float((weights * occurs(laws[HORIZON], k)).sum() / weights.sum()) for k in range(count)]
    study = document(
        *(quiet(outcome) for outcome in outcomes(world, sure(world, MODERATE))),
        horizon=HORIZON,
        links=links(world, SURE, base),
        sampler=SAMPLER,
    )
    assert_equal(answer(study, seed=8), world.names, exact)
