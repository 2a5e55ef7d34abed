"""The compiled program against the same density written down a second time, and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from forecast.inference.engine.program import Program, get_program
from forecast.model.arrays import probe_arrays, smallest_arrays
from forecast.model.latent_specs import LATENTS
from tests.model.random_studies import FULL, SHAPES, random_arrays
from tests.model.reference_density import HALF_NORMAL, log_density, unpack
from tests.model.reference_integrals import error_of
from tests.model.reference_options import spreads
from tests.suite.sizes import sized


@pytest.fixture(scope="module")
def program() -> Program:
    return get_program()


@pytest.mark.program
@pytest.mark.sized
@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES.keys())
def test_log_density_equals_the_one_written_down_by_hand(program: Program, sizes: dict[str, int]) -> None:
    """To nine digits: sums of a hundred terms, in which hazards near 0 cancel; integrals as near as their nodes are."""
    for seed in range(3):
        arrays = random_arrays(seed, **sizes)
        loaded = program.load(arrays)
        rng = np.random.default_rng(seed)
        for _ in range(sized(3, 1)):
            point = rng.normal(0, 0.7, arrays.parameters)
            logp, _ = loaded.log_density(point)
            _, sigma = spreads(unpack(point, arrays), arrays)
            expected = log_density(point, arrays)
            assert logp == pytest.approx(expected, rel=1e-9, abs=1e-9 * abs(expected) + error_of(arrays, sigma))


@pytest.mark.program
@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES.keys())
def test_gradient_equals_finite_differences(program: Program, sizes: dict[str, int]) -> None:
    arrays = random_arrays(5, **sizes)
    loaded = program.load(arrays)
    point = np.random.default_rng(6).normal(0, 0.5, arrays.parameters)
    _, gradient = loaded.log_density(point)
    numeric = approx_fprime(point, lambda x: loaded.log_density(x)[0], 1e-6)
    assert gradient == pytest.approx(numeric, rel=1e-3, abs=2e-4)


def test_every_latent_variable_is_in_the_reference_density() -> None:
    assert {name for name, spec in LATENTS.items() if spec.law == "half_normal"} == HALF_NORMAL


@pytest.mark.program
def test_a_block_of_length_zero_leaves_the_density_of_the_rest_alone(program: Program) -> None:
    """The probe has every block; the smallest study only the prior of one outcome, seven numbers."""
    smallest = program.load(smallest_arrays())
    point = np.linspace(-0.5, 0.6, 7)
    alone, _ = smallest.log_density(point)
    program.load(probe_arrays()).log_density(np.full(probe_arrays().parameters, 0.1))
    assert smallest.log_density(point)[0] == program.load(smallest_arrays()).log_density(point)[0] == alone


@pytest.mark.program
def test_a_study_loaded_later_does_not_change_the_record_of_an_earlier_one(program: Program) -> None:
    first = program.load(random_arrays(7, **FULL))
    point = np.full(first.parameters, 0.1)
    before = first.log_density(point)[0]
    program.load(smallest_arrays()).log_density(np.full(smallest_arrays().parameters, 0.1))
    assert first.log_density(point)[0] == before


@pytest.mark.program
def test_the_density_is_finite_far_out_where_warm_up_begins(program: Program) -> None:
    arrays = random_arrays(8, **FULL)
    loaded = program.load(arrays)
    for seed in range(20):
        point = np.random.default_rng(seed).uniform(-3, 3, arrays.parameters)
        logp, gradient = loaded.log_density(point)
        assert np.isfinite(logp)
        assert np.isfinite(gradient).all()
