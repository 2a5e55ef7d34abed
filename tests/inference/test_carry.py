"""What is carried from one study to another, what is not, and draws taken in proportion to their weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from forecast.inference.deviations import draw_deviations, join, join_latents
from forecast.inference.engine.carry import NotCarriedError, carry_draws, resample
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.latent_specs import LATENTS
from tests.documents import binary_outcome, event_outcome, make_study

OUTCOMES = (event_outcome(), binary_outcome())


def encoded(*experts: str) -> EncodedStudy:
    """Two outcomes, and experts who speak of one of them."""
    said = {"outcome": "agreement", "probability": 0.3, "on": "2019-12-01", "by": "2024-01-01"}
    rows = [{"expert": name, **said} for name in experts]
    return encode_study(make_study(*OUTCOMES, **({"judgments": {"rows": rows}} if rows else {})))


def latent_of(study: EncodedStudy, points: np.ndarray) -> xr.Dataset:
    """Points as ``draws.nc`` has them, as two chains."""
    variables, offset = {}, 0
    for name, spec in LATENTS.items():
        shape = [study.arrays.lengths[dim] for dim in spec.dims]
        size = int(np.prod(shape))
        values = points[:, offset : offset + size]
        offset += size
        if size:
            stored = np.exp(values) if spec.law == "half_normal" else values
            variables[name] = (("chain", "draw", *spec.dims), stored.reshape(2, -1, *shape))
    used = {dim for dims, _ in variables.values() for dim in dims}
    return xr.Dataset(variables, coords={dim: labels for dim, labels in study.coords.items() if dim in used})


def by_latent(study: EncodedStudy, points: np.ndarray) -> dict[str, np.ndarray]:
    sizes = [int(np.prod([study.arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    return dict(zip(LATENTS, np.split(points, np.cumsum(sizes)[:-1], axis=1), strict=True))


def drawn(study: EncodedStudy) -> np.ndarray:
    return join(draw_deviations(np.random.default_rng(1), 40, study.arrays))


def test_the_same_study_gets_the_same_draws_and_no_weight() -> None:
    study = encoded("ann", "ben")
    points = drawn(study)
    found = carry_draws(study, latent_of(study, points), study, np.random.default_rng(2))
    assert found.before == pytest.approx(points, abs=1e-9)
    assert found.after == pytest.approx(points, abs=1e-9)
    assert found.log_proposal == pytest.approx(np.zeros(40), abs=1e-9)


def test_a_label_keeps_its_deviation_wherever_it_stands() -> None:
    """Ben comes before ann in the later study, and cem is new: that expert is drawn from the prior."""
    before, after = encoded("ann", "ben"), encoded("cem", "ben", "ann")
    points = drawn(before)
    found = carry_draws(before, latent_of(before, points), after, np.random.default_rng(2))
    old, new = by_latent(before, points), by_latent(after, found.after)
    old_places, new_places = (
        {name: place for place, name in enumerate(study.coords["expert"])} for study in (before, after)
    )
    for latent in ("slope_z", "bias_z", "noise_z"):
        for name in ("ann", "ben"):
            assert new[latent][:, new_places[name]] == pytest.approx(old[latent][:, old_places[name]], abs=1e-8)
    assert new["mu_z"] == pytest.approx(old["mu_z"], abs=1e-8)
    assert abs(new["noise_z"][:, new_places["cem"]].std() - 1.0) < 0.4


def test_what_the_later_study_does_not_have_is_not_dropped_silently() -> None:
    before, after = encoded("ann", "ben"), encoded("ann")
    with pytest.raises(NotCarriedError, match="no longer part of the study"):
        carry_draws(before, latent_of(before, drawn(before)), after, np.random.default_rng(2))


def test_a_label_that_stands_twice_is_refused() -> None:
    before = encoded("ann", "ben")
    after = replace(before, coords={**before.coords, "expert": ["ann", "ann"]})
    with pytest.raises(NotCarriedError, match="a label twice"):
        carry_draws(before, latent_of(before, drawn(before)), after, np.random.default_rng(2))


def test_latents_are_joined_in_the_samplers_order_and_scale() -> None:
    study = encoded("ann")
    points = drawn(study)
    stored = latent_of(study, points)
    values = {str(name): stored[name].values.reshape(40, -1) for name in stored.data_vars}
    assert join_latents(values) == pytest.approx(points, abs=1e-12)


def test_draws_are_taken_in_proportion_to_their_weights() -> None:
    """Systematically: each as often as its weight says, up to one."""
    weights = np.array([0.5, 0.0, 0.125, 0.375])
    for seed in range(20):
        counts = np.bincount(resample(weights, 17, np.random.default_rng(seed)), minlength=4)
        assert counts.sum() == 17
        assert counts[1] == 0
        assert np.abs(counts - 17 * weights).max() < 1
