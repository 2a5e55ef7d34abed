"""Simulation-based calibration: data sets drawn from the prior and refitted must put the truth at uniform ranks.

Every block is a small study; its parameters are prior draws, its data come from `tests.statistical.simulators`, which
shares no code with the model's graph, and all fits run in the one compiled program. A wrong density or a wrong prior
draw tilts or bends the ranks; `test_identities.py` finds smaller ones of these, without sampling, in every run. What a
data set adds for its second or two is the sampler, and so this is done at full size (`make soak`) alone.

With 100 data sets, at the level used here, a posterior mean that is off by half a posterior standard deviation is found
in 65 % of runs and one by three quarters in 99 %, a spread of half its size in 98 % and of twice its size in 69 % (ranks
of normal posteriors, simulated 400 times); with 20 data sets 2 %, 9 %, 7 % and none. `CALIBRATION_DATA_SETS` in the
environment asks for another number of data sets per block.

References
----------
Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788. The test of uniformity:
`tests.statistical.uniformity`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from forecast.inference.engine.program import Program, compilation_count, get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.runtime.machine import sampling_cores
from forecast.study import SamplerSettings
from tests.statistical.simulators.block import Block
from tests.statistical.simulators.blocks import BLOCKS
from tests.statistical.simulators.opinions import simulate_records
from tests.statistical.simulators.signals import simulate_counts
from tests.statistical.uniformity import uniformity
from tests.statistical.worlds import World, draw_worlds

DATA_SETS = int(os.environ.get("CALIBRATION_DATA_SETS", "100"))
LEVEL = 0.01
"""Chance that a correct model fails any of the tests, shared by Bonferroni among blocks and their quantities."""

SETTINGS = SamplerSettings(draws=240, tune=300, chains=2, target_accept=0.8)
THINNING = 20
"""Ranked are 24 draws: the effective sample sizes of the slowest quantities of these small studies are 15 to 100."""
LARGEST = 2 * SETTINGS.draws // THINNING

sampled = [pytest.mark.soak, pytest.mark.program, pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def program() -> Program:
    return get_program()


def rank_truth(block: Block, world: World, seed: int) -> dict[str, int]:
    """Of every scalar quantity, how many of the thinned posterior draws lie below the truth."""
    posterior = sample_posterior(world.loaded, SETTINGS, seed=seed, cores=1)["posterior"]
    ranks: dict[str, int] = {}
    for name in block.quantities:
        pick = block.picks.get(name, ...)
        draws = np.asarray(posterior[name].values)[:, THINNING - 1 :: THINNING]
        draws = draws.reshape(-1, *draws.shape[2:])
        below = (draws < world.truth[name]).sum(axis=0)
        constant = np.ptp(draws, axis=0) == 0
        for place, (rank, is_constant) in enumerate(zip(np.ravel(below[pick]), np.ravel(constant[pick]), strict=True)):
            if not is_constant:
                ranks[f"{name}[{place}]"] = int(rank)
    return ranks


def p_values(program: Program, block: Block, data_sets: int, seed: int) -> dict[str, float]:
    """Of uniform ranks, by scalar quantity."""
    found = draw_worlds(program, block, data_sets, seed)
    with ThreadPoolExecutor(sampling_cores()) as pool:
        ranks = list(pool.map(partial(rank_truth, block), found, range(data_sets)))
    assert all(row.keys() == ranks[0].keys() for row in ranks)
    return {name: uniformity(np.array([row[name] for row in ranks]), LARGEST) for name in ranks[0]}


@pytest.mark.parametrize("name", [pytest.param(name, marks=sampled) for name in BLOCKS])
def test_the_truth_lies_at_uniform_ranks_of_the_posterior(program: Program, name: str) -> None:
    found = p_values(program, BLOCKS[name](), DATA_SETS, seed=7)
    print(f"\n{name}: least p-values of {len(found)}:", sorted((round(p, 4), which) for which, p in found.items())[:3])
    threshold = LEVEL / len(BLOCKS) / len(found)
    assert {which: p for which, p in found.items() if p < threshold} == {}
    assert compilation_count() == 1


@pytest.mark.parametrize(
    ("name", "wrong", "suspect"),
    [
        pytest.param(
            "indicators",
            partial(simulate_counts, dispersion=2.0),
            "dispersion",
            marks=sampled,
            id="dispersion doubled",
        ),
        pytest.param(
            "track records",
            partial(simulate_records, slope_power=-1.0),
            "slope",
            marks=sampled,
            id="slope inverted",
        ),
    ],
)
def test_data_from_another_law_are_found_out(program: Program, name: str, wrong: object, suspect: str) -> None:
    block = BLOCKS[name]().with_simulator(wrong)  # type: ignore[arg-type]
    found = p_values(program, block, 40, seed=8)
    threshold = LEVEL / len(BLOCKS) / len(found)
    assert any(p < threshold for which, p in found.items() if which.startswith(suspect)), found


def test_uniform_ranks_pass_and_bent_ones_do_not() -> None:
    rng = np.random.default_rng(1)
    even = [uniformity(rng.integers(0, 101, 100), 100) for _ in range(500)]
    assert abs(np.mean(np.array(even) < 0.05) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 500)
    narrow = rng.binomial(100, rng.beta(2.5, 2.5, 100))  # posteriors too wide
    tilted = rng.binomial(100, rng.beta(1.0, 2.0, 100))
    heaped = np.where(rng.random(100) < 0.2, 0, rng.integers(0, 101, 100))
    assert max(uniformity(ranks, 100) for ranks in (narrow, tilted, heaped)) < 1e-3
