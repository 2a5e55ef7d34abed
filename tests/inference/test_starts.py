"""Deviations in the sampler's variables: the kernel, given those, finds the deviations and all that is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from forecast.inference.deviations import draw_deviations, in_deviations, join
from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.inference.engine.starts import SPREAD, as_sampled, near_counts, near_the_prior
from forecast.kernel.data import Record
from forecast.model.encoding.encode import encode_study
from forecast.model.latent_specs import LATENTS
from forecast.study import SamplerSettings
from tests.documents import event_outcome, make_study
from tests.model.random_studies import SHAPES, random_arrays
from tests.statistical.coherent_studies import EXACT_EXPERTS

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


def test_chains_begin_near_the_counts_of_an_indicator_with_spikes() -> None:
    """And where they did where there is none; thousands of times below, all counts would be spikes."""
    arrays = random_arrays(8, **SHAPES["every block"])
    data = {name: np.asarray(array) for name, array in Record(arrays, 1).data.items()}
    point = np.random.default_rng(1).uniform(-1, 1, arrays.parameters)
    found = near_counts(point, data)
    sizes = [int(np.prod([arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    starts = dict(zip(LATENTS, np.cumsum([0, *sizes]).tolist(), strict=False))
    mixed = np.flatnonzero(arrays["indicator_mixture"])
    assert len(mixed) > 0
    for place in mixed.tolist():
        own = arrays["count_indicator"] == place
        if own.any():
            middle = np.median(arrays["count_value"][own] / np.exp(arrays["count_log_exposure"][own]))
            log_mean = (
                arrays["log_mean_loc"][place] + arrays["log_mean_scale"][place] * found[starts["log_mean_z"] + place]
            )
            assert log_mean == pytest.approx(np.log(middle + 0.5), abs=0.03)
    plain = {starts["log_mean_z"] + place for place in mixed.tolist()}
    plain |= {starts["wave_z"] + wave for wave in range(arrays.lengths["wave"])}
    same = np.array([place not in plain for place in range(arrays.parameters)])
    assert np.array_equal(found[same], point[same])


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


def test_chains_start_near_the_centre_of_the_prior() -> None:
    """In its standard deviations, whatever the variables that are sampled."""
    arrays = random_arrays(8, **SHAPES["full"])
    rng = np.random.default_rng(6)
    found = get_program().load(arrays).quantities(np.array([near_the_prior(rng, arrays) for _ in range(200)]))
    for name, latent in LATENTS.items():
        deviations = np.log(found[name]) if latent.law == "half_normal" else found[name]
        if deviations.size:
            assert np.abs(deviations).max() < SPREAD + 1e-6, name
            assert deviations.min() < -0.9 * SPREAD < 0.9 * SPREAD < deviations.max(), name


def test_chains_are_not_caught_where_everything_occurs_at_once() -> None:
    """Two pairs that exclude one another, with levels of weak priors, and experts who say exactly what is true of them.

    Where all hazards are high a pair's probabilities sum to 1 and hardly depend on the hazards; the tails of StudentT hold
    what contradicts the experts. Of 16 chains that began near the centre of the sampler's variables 7 stayed there.
    """
    chances = {"a": 0.24, "b": 0.234, "c": 0.58, "d": 0.063}
    links = {("a", "c"): 1.3, ("a", "d"): -1.66, ("d", "a"): 0.7}
    given = {("a", "c"): 0.73, ("a", "d"): 0.069, ("d", "a"): 0.26}
    said: list[dict[str, Any]] = [{"outcome": name, "probability": p} for name, p in chances.items()]
    said += [{"outcome": effect, "given": cause, "probability": p} for (cause, effect), p in given.items()]
    prior = {"distribution": "normal(-4, 2)"}
    study = make_study(
        *[event_outcome(id=name, competes="early" if name in "ab" else "late", prior=prior) for name in chances],
        horizon=24,
        experts=EXACT_EXPERTS,
        links=[
            {"cause": cause, "effect_on": effect, "log_ratio": f"normal({delta}, 0.05)", "rationale": "Known."}
            for (cause, effect), delta in links.items()
        ],
        judgments={"rows": [{"expert": f"e{k}", "on": "2020-01-01", **row} for k in range(3) for row in said]},
    )
    settings = SamplerSettings(draws=100, tune=300, chains=10, target_accept=0.8)
    posterior = sample_posterior(get_program().load(encode_study(study).arrays), settings, seed=1, cores=2)["posterior"]
    found = special.expit(posterior["judged_log_odds"].mean("draw").values[:, : len(chances)])
    assert np.abs(found - list(chances.values())).max() < 0.05, found
