"""Simulation-based calibration: data sets drawn from the prior and refitted must put the truth at uniform ranks.

Every block is a small study; its parameters are prior draws, its data come from `tests.statistical.simulators`, which
shares no code with the model's graph, and all fits run in the one compiled program. A wrong density, a wrong prior draw
or a wrong derived quantity tilts or bends the ranks. Two tests of the full size show that such errors are found.

`CALIBRATION_DATA_SETS` in the environment asks for the full size and sets the data sets per block, which take about a
second each.

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

from forecast.inference.loaded_study import LoadedStudy
from forecast.inference.program import Program, compilation_count, get_program
from forecast.inference.sampling import sample_posterior
from forecast.machine import sampling_cores
from forecast.model.arrays import ModelArrays
from forecast.study import SamplerSettings
from tests.statistical.simulators import BLOCKS, Block, Truth, simulate_counts, simulate_records
from tests.statistical.uniformity import uniformity

pytestmark = [pytest.mark.statistical, pytest.mark.slow, pytest.mark.timeout(900)]

FULL_SIZE = "CALIBRATION_DATA_SETS" in os.environ
DATA_SETS = int(os.environ.get("CALIBRATION_DATA_SETS", "20"))
LEVEL = 0.01
"""Chance that a correct model fails any of the tests, shared by Bonferroni among blocks and their quantities."""

SETTINGS = SamplerSettings(draws=240, tune=300, chains=2, target_accept=0.8)
THINNING = 20
"""Ranked are 24 draws: the effective sample sizes of the slowest quantities of these small studies are 15 to 100."""
LARGEST = 2 * SETTINGS.draws // THINNING


@pytest.fixture(scope="module")
def program() -> Program:
    return get_program()


def worlds(program: Program, block: Block, data_sets: int, seed: int) -> list[tuple[Truth, LoadedStudy]]:
    """Parameters from the prior, and the study with the data of a world that has them."""
    rng = np.random.default_rng(seed)
    size = int(2 * data_sets / block.acceptance) if block.acceptance < 1 else data_sets
    draws = program.draw_prior(block.arrays, size, seed)
    found: list[tuple[Truth, LoadedStudy]] = []
    for place in range(size):
        truth = {name: values[place] for name, values in draws.items()}
        data = block.simulate(rng, truth, block.arrays)
        if data is not None and len(found) < data_sets:
            arrays = ModelArrays({**block.arrays, **data}, frailties=block.arrays.lengths["frailty"])
            found.append((truth, program.load(arrays)))
    assert len(found) == data_sets
    return found


def rank_truth(block: Block, world: tuple[Truth, LoadedStudy], seed: int) -> dict[str, int]:
    """Of every scalar quantity, how many of the thinned posterior draws lie below the truth."""
    truth, loaded = world
    posterior = sample_posterior(loaded, SETTINGS, seed=seed, cores=1)["posterior"]
    ranks: dict[str, int] = {}
    for name in block.quantities:
        pick = block.picks.get(name, ...)
        draws = np.asarray(posterior[name].values)[:, THINNING - 1 :: THINNING]
        draws = draws.reshape(-1, *draws.shape[2:])
        below = (draws < truth[name]).sum(axis=0)
        constant = np.ptp(draws, axis=0) == 0
        for place, (rank, is_constant) in enumerate(zip(np.ravel(below[pick]), np.ravel(constant[pick]), strict=True)):
            if not is_constant:
                ranks[f"{name}[{place}]"] = int(rank)
    return ranks


def p_values(program: Program, block: Block, data_sets: int, seed: int) -> dict[str, float]:
    """Of uniform ranks, by scalar quantity."""
    found = worlds(program, block, data_sets, seed)
    with ThreadPoolExecutor(sampling_cores()) as pool:
        ranks = list(pool.map(partial(rank_truth, block), found, range(data_sets)))
    assert all(row.keys() == ranks[0].keys() for row in ranks)
    return {name: uniformity(np.array([row[name] for row in ranks]), LARGEST) for name in ranks[0]}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_truth_lies_at_uniform_ranks_of_the_posterior(program: Program, name: str) -> None:
    found = p_values(program, BLOCKS[name](), DATA_SETS, seed=7)
    print(f"\n{name}: least p-values of {len(found)}:", sorted((round(p, 4), which) for which, p in found.items())[:3])
    threshold = LEVEL / len(BLOCKS) / len(found)
    assert {which: p for which, p in found.items() if p < threshold} == {}
    assert compilation_count() == 1


@pytest.mark.skipif(not FULL_SIZE, reason="a minute of both cores: set CALIBRATION_DATA_SETS, 20 or more")
@pytest.mark.parametrize(
    ("name", "wrong", "suspect"),
    [
        ("indicators", partial(simulate_counts, dispersion=2.0), "dispersion"),
        ("track records", partial(simulate_records, slope_power=-1.0), "slope"),
    ],
    ids=["dispersion doubled", "slope inverted"],
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
