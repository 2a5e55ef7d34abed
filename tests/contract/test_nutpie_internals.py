"""The parts of the pinned nutpie that the engine relies on and nutpie does not promise.

When this fails after an update of nutpie, forecast/inference/engine/program.py and callback.py have to follow.
"""

from __future__ import annotations

import importlib.metadata
import inspect

import numpy as np
import pytest
from nutpie import _lib
from nutpie.compile_pymc import address_as_void_pointer
from nutpie.sample import CompiledModel

from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.model.arrays import smallest_arrays
from forecast.study import SamplerSettings


def test_nutpie_is_the_version_that_was_tried() -> None:
    assert importlib.metadata.version("nutpie") == "0.16.11"


@pytest.mark.parametrize("name", ["LogpFunc", "ExpandFunc", "PyMcModel", "PySampler", "PyVariable"])
def test_private_classes_are_there(name: str) -> None:
    assert hasattr(_lib, name)


def test_the_sampler_is_made_with_the_arguments_that_we_override() -> None:
    assert "_make_sampler" in vars(CompiledModel)
    assert callable(address_as_void_pointer)
    source = inspect.getsource(CompiledModel)
    assert "def n_dim" in source


@pytest.mark.program
@pytest.mark.program
def test_draws_through_our_callbacks_follow_the_prior() -> None:
    """No data: theta = mu + tau z + sigma u with mu ~ Normal(0, 1) and both spreads zero."""
    loaded = get_program().load(smallest_arrays())
    tree = sample_posterior(loaded, SamplerSettings(draws=2000, tune=300, chains=2), seed=11, cores=2)
    theta = tree["posterior"]["theta"].values.ravel()
    assert abs(theta.mean()) < 5 / np.sqrt(4000)
    assert theta.std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.program
@pytest.mark.program
def test_the_same_seed_gives_the_same_draws_on_one_core_and_on_two() -> None:
    program = get_program()
    settings = SamplerSettings(draws=100, tune=100, chains=2)
    one, two, other = (
        sample_posterior(program.load(smallest_arrays()), settings, seed=seed, cores=cores)["posterior"]["theta"].values
        for seed, cores in ((5, 1), (5, 2), (6, 2))
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(two, other)
