"""The density that is sampled is that of the worlds: many of them against Stein's identities, without sampling.

As in `test_calibration.py`, parameters are prior draws and data come from `tests.statistical.simulators`. Where prior,
likelihood and the way to the sampler's variables are right, the gradient of the program's density has known means in
these worlds (`tests.statistical.identities`). In 2000 worlds errors of this size are found: a spread or a correlation
off by a fifth, a level by 0.1 or 0.2 on the log scale (`test_small_errors_are_found_out`), a judgment's way that is a
month of twelve too short. A simulator and the model that disagree in this way would, in calibration with 20 data sets of
each block at ten times the cost, hardly ever be told from ones that agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from forecast.inference.deviations import join
from forecast.inference.engine.program import compilation_count, get_program
from forecast.inference.engine.starts import as_sampled
from forecast.model.arrays import ModelArrays
from tests.statistical.identities import identity_errors, p_value
from tests.statistical.simulators.block import Arrays, Block, Simulate, Truth
from tests.statistical.simulators.blocks import BLOCKS
from tests.statistical.simulators.cases import simulate_stages
from tests.statistical.simulators.conditionals import simulate_conditionals
from tests.statistical.simulators.courses import simulate_courses
from tests.statistical.simulators.memberships import simulate_members
from tests.statistical.worlds import draw_worlds
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

BRIEFLY = ("stages", "columns", "memberships", "courses", "conditionals", "open questions")
"""Blocks that an ordinary run looks at in an eighth of the worlds, where errors of a quarter of a posterior sd are found."""
WORLDS = sized(5000, 2000)
"""An ordinary run looks at the other blocks in half as many, and finds errors that are 1.4 times as large."""
LEVEL = 0.001 / len(BLOCKS)
"""Chance that a correct block fails; terms have heavy tails, so that it is somewhat more."""


def errors_of(block: Block, seed: int, count: int = WORLDS) -> np.ndarray:
    """How many standard errors each mean is off."""
    worlds = draw_worlds(get_program(), block, count, seed)
    names = worlds[0].deviations
    joined = join({name: np.concatenate([w.deviations[name] for w in worlds]) for name in names})
    points = as_sampled(joined, block.arrays)
    for world, point in list(zip(worlds, points, strict=True))[::20]:
        found = world.loaded.quantities(point[None])
        for name in block.quantities:
            assert found[name][0] == pytest.approx(world.truth[name], rel=1e-9, abs=1e-9), name
    return identity_errors(points, np.array([w.loaded.log_density(p)[1] for w, p in zip(worlds, points, strict=True)]))


@pytest.mark.parametrize("name", BLOCKS)
def test_the_gradient_has_the_means_that_the_law_of_the_worlds_implies(name: str) -> None:
    count = sized(WORLDS, WORLDS // (8 if name in BRIEFLY else 2))
    found = errors_of(BLOCKS[name](), seed=7, count=count)
    assert p_value(found) > LEVEL, np.abs(found).max()
    assert compilation_count() == 1


@pytest.mark.parametrize(
    ("name", "quantity", "change"),
    [
        ("classes", "sigma", lambda value: 1.2 * value),
        ("correlation", "correlation", lambda value: 0.8 * value),
        ("shared cases", "correlation", lambda value: 0.7 * value),
        ("indicators", "dispersion", lambda value: 1.2 * value),
        ("history", "theta", lambda value: value + 0.2),
        ("judgments", "theta", lambda value: value + 0.1),
        ("track records", "slope", lambda value: value**0.8),
        pytest.param("columns", "correlation", lambda value: 0.7 * value, marks=pytest.mark.soak),
        pytest.param("open questions", "slope", lambda value: value**0.8, marks=pytest.mark.soak),
    ],
)
def test_small_errors_are_found_out(name: str, quantity: str, change: Callable[[Any], Any]) -> None:
    block = BLOCKS[name]()

    def misled(rng: np.random.Generator, truth: Truth, a: ModelArrays) -> Arrays | None:
        return block.simulate(rng, {**truth, quantity: change(truth[quantity])}, a)

    assert p_value(errors_of(block.with_simulator(misled), seed=8)) < LEVEL


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        pytest.param("stages", partial(simulate_stages, turns=False), id="a covariate that stays"),
        pytest.param("memberships", partial(simulate_members, chances=np.array([0.3, 0.5, 0.2])), id="other odds"),
        pytest.param("memberships", partial(simulate_members, counts_quiet=False), id="shares without quiet time"),
        pytest.param("courses", partial(simulate_courses, half_life=0.3), id="a link that is gone at once"),
        pytest.param("courses", partial(simulate_courses, log_ratio=0.0), id="a hazard that does not change"),
        pytest.param("conditionals", partial(simulate_conditionals, keeps_marginals=False), id="bare hazards"),
    ],
)
def test_what_is_meant_otherwise_is_found_out(name: str, wrong: Simulate) -> None:
    assert p_value(errors_of(BLOCKS[name]().with_simulator(wrong), seed=8)) < LEVEL


def test_a_normal_density_has_its_identities_and_another_one_does_not() -> None:
    """In 100 repetitions: no more small p-values than there should be, and a spread that is off by a tenth is found."""
    rng = np.random.default_rng(1)
    points = rng.standard_normal((100, 1000, 3))
    right = np.array([p_value(identity_errors(own, -own)) for own in points])
    assert np.mean(right < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 100)
    wrong = np.array([p_value(identity_errors(own, -1.21 * own)) for own in points])
    assert np.mean(wrong < 0.05) > 0.95
