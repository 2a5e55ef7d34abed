"""The parts of nutpie that the engine relies on and nutpie does not promise.

When this fails after an update of nutpie, forecasts are still right, by nutpie's public way, and several times slower;
forecast/inference/engine/seam.py and loaded_study.py have to follow.
"""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import numpy as np
import nutpie
import pytest
from nutpie import _lib
from nutpie.compiled_pyfunc import PyFuncModel
from nutpie.sample import CompiledModel

from forecast.inference.engine.loaded_study import KernelStudy
from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.inference.engine.seam import EXPECTED, Seam, private_differences, seam
from forecast.model.arrays import probe_arrays, smallest_arrays
from forecast.study import SamplerSettings


@pytest.mark.parametrize("name", EXPECTED)
def test_private_classes_take_the_arguments_that_we_give(name: str) -> None:
    assert not [difference for difference in private_differences(_lib) if difference.startswith(f"{name} ")]


def test_the_sampler_is_made_with_the_arguments_that_we_override() -> None:
    assert "_make_sampler" in vars(CompiledModel)
    of_nutpie = list(inspect.signature(PyFuncModel._make_sampler).parameters)
    assert len(inspect.signature(KernelStudy._make_sampler).parameters) == len(of_nutpie), of_nutpie


def test_a_library_that_differs_is_named_and_the_public_way_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = SimpleNamespace(**{name: getattr(_lib, name) for name in dir(_lib)})
    del changed.LogpFunc
    changed.PyMcModel = _lib.PyModel
    found = private_differences(changed)
    assert [text.split(" ")[0] for text in found] == ["LogpFunc", "PyMcModel"]
    monkeypatch.setattr("forecast.inference.engine.seam._lib", changed)
    seam.cache_clear()
    try:
        assert seam() is Seam.PUBLIC
    finally:
        seam.cache_clear()


@pytest.mark.program
def test_both_ways_give_the_same_draws() -> None:
    loaded = get_program().load(probe_arrays())
    settings = {"draws": 60, "tune": 60, "chains": 2, "cores": 2, "seed": 4, "progress_bar": False}
    by_address, by_functions = (nutpie.sample(model, **settings) for model in (loaded, loaded.by_functions()))
    for name in by_address.posterior.data_vars:
        one, other = by_address.posterior[name], by_functions.posterior[name]
        assert one.dtype == other.dtype
        assert one.dims == other.dims
        assert np.array_equal(one.values, other.values), name


@pytest.mark.program
def test_draws_through_our_callbacks_follow_the_prior() -> None:
    """No data: theta = mu + tau z + sigma u with mu ~ Normal(0, 1) and both spreads zero."""
    loaded = get_program().load(smallest_arrays())
    tree = sample_posterior(loaded, SamplerSettings(draws=2000, tune=300, chains=2), seed=11, cores=2)
    theta = tree["posterior"]["theta"].values.ravel()
    assert abs(theta.mean()) < 5 / np.sqrt(4000)
    assert theta.std() == pytest.approx(1.0, abs=0.05)


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
