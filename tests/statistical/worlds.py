"""Worlds: parameters from the prior, and a study with data that came about under them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.inference.deviations import draw_deviations
from forecast.inference.engine.loaded_study import LoadedStudy
from forecast.inference.engine.program import Program
from forecast.model.arrays import ModelArrays
from tests.statistical.simulators.block import Block, Truth


@dataclass(frozen=True)
class World:
    """What is true, and what is seen of it."""

    truth: Truth
    """The named quantities."""
    deviations: Truth
    """The draw of the prior that they come from, dims (1, size), with the errors that the simulator drew itself."""
    loaded: LoadedStudy
    """The study with the data."""


def draw_worlds(program: Program, block: Block, count: int, seed: int) -> list[World]:
    """Independent worlds of a block; the same seed gives the same ones."""
    size = int(2 * count / block.acceptance) if block.acceptance < 1 else count
    deviations = draw_deviations(np.random.default_rng(seed), size, block.arrays)
    draws = program.draw_prior(block.arrays, size, seed)  # of these deviations, as its seed is the same
    rng = np.random.default_rng([seed, 1])
    found: list[World] = []
    for place in range(size):
        truth = {name: values[place] for name, values in draws.items()}
        data = block.simulate(rng, truth, block.arrays)
        if data is None:
            continue
        own = {name: np.atleast_2d(data.pop(name, values[place])) for name, values in deviations.items()}
        truth |= {name: data.pop(name) for name in truth.keys() & data.keys()}
        arrays = ModelArrays({**block.arrays, **data}, frailties=block.arrays.lengths["frailty"])
        found.append(World(truth, own, program.load(arrays)))
        if len(found) == count:
            return found
    raise AssertionError(f"{len(found)} worlds of {size} were kept; expected {count}")
