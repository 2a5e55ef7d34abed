"""Deviations in the sampler's variables: the kernel, given those, finds the deviations and all that is made of them."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.inference.deviations import draw_deviations, in_deviations, join
from forecast.inference.engine.program import get_program
from forecast.inference.engine.starts import as_sampled
from tests.model.random_studies import SHAPES, random_arrays

pytestmark = pytest.mark.program


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES.keys())
def test_the_way_to_the_sampler_and_back_ends_where_it_began(sizes: dict[str, int]) -> None:
    arrays = random_arrays(8, **sizes)
    deviations = join(draw_deviations(np.random.default_rng(4), 20, arrays))
    program = get_program()
    plain = program.load(in_deviations(arrays)).quantities(deviations)
    back = program.load(arrays).quantities(as_sampled(deviations, arrays))
    for name, values in plain.items():
        assert back[name] == pytest.approx(values, rel=1e-7, abs=1e-8), name


def test_the_variables_are_others_than_the_deviations() -> None:
    """Else the test above would hold whatever the way."""
    arrays = random_arrays(8, **SHAPES["full"])
    deviations = join(draw_deviations(np.random.default_rng(4), 20, arrays))
    moved = np.abs(as_sampled(deviations, arrays) - deviations).max(axis=0)
    assert (moved > 0.01).sum() > 10


def test_both_densities_differ_by_the_change_of_variables() -> None:
    """At two draws, against the determinant of finite differences of the way."""
    arrays = random_arrays(8, **SHAPES["full"])
    program = get_program()
    own, plain = program.load(arrays), program.load(in_deviations(arrays))
    for deviations in join(draw_deviations(np.random.default_rng(5), 2, arrays)):
        steps = np.eye(len(deviations)) * 1e-6
        above, below = (as_sampled(deviations + sign * steps, arrays) for sign in (1, -1))
        _, determinant = np.linalg.slogdet((above - below) / 2e-6)
        there = own.log_density(as_sampled(deviations[None], arrays)[0])[0]
        assert plain.log_density(deviations)[0] - there == pytest.approx(determinant, abs=1e-4)
