"""Covariates that vary in time: cells and integrals of cases in several rows, against likelihoods written out here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.latent_specs import LATENTS
from forecast.summary.archive import _predict_events
from forecast.summary.frailties import draw_frailties
from forecast.summary.posterior import present_case
from tests.documents import NO_POOLING, Document, event_outcome, make_study
from tests.futures.posteriors import make_posterior
from tests.kernel.defined import compare

POOLING = {**NO_POOLING, "trend_sd": 0.4, "age_bands": [0, 12]}
A = [(4.0, 10.0, 2.0, 0), (10.0, 30.0, 0.5, 1)]
"""Entry, exit, covariate, event: of a case that entered late."""
B = [(0.0, 20.0, 1.0, 0), (26.0, 40.0, -1.0, 0)]
"""Of one with a gap."""
C = [(0.0, 15.0, 0.0, 1)]


def rows(*named: tuple[str, list[tuple[float, float, float, int]]], weight: float = 1.0) -> list[Document]:
    return [
        {"id": id, "entry": entry, "duration": leave, "size": size, "event": event, "weight": weight}
        for id, own in named
        for entry, leave, size, event in own
    ]


def study(table: list[Document], *, case_sd: float = 0.0, standardize: bool = False, **more: Any) -> EncodedStudy:
    outcome = event_outcome(pooling={**POOLING, "case_sd": case_sd}, reference={"past": 1.0}, covariates={"size": 1.0})
    group = {"id": "past", "outcome": "exit", "covariates": ["size"], "rows": table}
    covariate = {"id": "size", "sd": 0.8, "standardize": standardize}
    return encode_study(make_study(outcome, reference_classes=[group], covariates=[covariate], **more))


def values(encoded: EncodedStudy, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    point = np.random.default_rng(seed).normal(0, 0.5, encoded.arrays.parameters)
    found = get_program().load(encoded.arrays).quantities(point[None])
    return point, {name: value[0] for name, value in found.items()}


def seen(own: list[tuple[float, float, float, int]], v: dict[str, np.ndarray], level: np.ndarray) -> np.ndarray:
    """Log likelihood of a case at some levels, row by row and band by band."""
    total = np.zeros_like(level)
    for entry, leave, size, event in own:
        at = level + v["beta"][0] * size
        for band, (start, end) in enumerate(((0.0, 12.0), (12.0, np.inf))):
            time = max(min(leave, end) - max(entry, start), 0.0)
            total -= time * np.exp(at + v["log_hazard_shape"][band])
            total += event * (start < leave <= end) * (at + v["log_hazard_shape"][band])
    return total


def integrated(log: np.ndarray, z: np.ndarray) -> float:
    return float(np.logaddexp.reduce(log - 0.5 * z**2) + np.log((z[1] - z[0]) / np.sqrt(2 * np.pi)))


Z = np.linspace(-9, 9, 4001)


def density_without_cases(encoded: EncodedStudy, point: np.ndarray) -> float:
    """Log density of the same point where every case weighs nothing; it has the same parameters without frailties."""
    table = [{**row, "weight": 0.0} for row in encoded.study.reference_classes[0].table_rows]
    empty = study(table, case_sd=encoded.study.outcomes[0].pooling.case_sd)
    return float(get_program().load(empty.arrays).log_density(point)[0])


@pytest.mark.program
def test_without_frailty_the_likelihood_is_that_of_the_rows_one_by_one() -> None:
    """And of rows with ids of their own, each with the covariate that it has."""
    encoded = study(rows(("a", A), ("b", B), ("c", C)))
    point, v = values(encoded, 1)
    found = get_program().load(encoded.arrays).log_density(point)[0] - density_without_cases(encoded, point)
    expected = sum(float(seen(own, v, v["class_level"][0])) for own in (A, B, C))
    assert found == pytest.approx(expected, rel=1e-10)
    apart = study(rows(*((f"r{k}", [own]) for k, own in enumerate([*A, *B, *C]))))
    assert get_program().load(apart.arrays).log_density(point)[0] == pytest.approx(
        get_program().load(encoded.arrays).log_density(point)[0], rel=1e-12
    )


@pytest.mark.program
def test_an_integrated_frailty_is_shared_by_the_rows_of_a_case() -> None:
    """Weights of one half; late entry from the first row alone, with its covariate; a gap is not at risk."""
    encoded = study(rows(("a", A), ("b", B), ("c", C), weight=0.5), case_sd=0.9)
    point, v = values(encoded, 2)
    found = get_program().load(encoded.arrays).log_density(point)[0] - density_without_cases(encoded, point)
    level = v["class_level"][0] + v["sigma"][0] * Z
    from_birth = [(0.0, 4.0, 2.0, 0), *A]
    expected = 0.5 * sum(integrated(seen(own, v, level), Z) for own in (from_birth, B, C))
    expected -= 0.5 * integrated(seen([(0.0, 4.0, 2.0, 0)], v, level), Z)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.program
def test_a_sampled_frailty_is_one_for_all_rows_of_a_case() -> None:
    encoded = study(rows(("a", A), ("b", B)), case_sd=0.9)
    assert encoded.coords["frailty"] == ["past/a:exit", "past/b:exit"]
    point, v = values(encoded, 3)
    level = v["class_level"][0] + v["sigma"][0] * v["frailty_z"]
    found = get_program().load(encoded.arrays).log_density(point)[0]
    expected = float(seen([(0.0, 4.0, 2.0, 0), *A], v, level[0]) + seen(B, v, level[1]))
    expected -= integrated(seen([(0.0, 4.0, 2.0, 0)], v, v["class_level"][0] + v["sigma"][0] * Z), Z)
    # The rest is the prior's: that of the frailties, and of what a study with weights of 0 has as well.
    empty = study(rows(("a", A), ("b", B), weight=0.0), case_sd=0.9)
    others = np.delete(point, frailty_places(encoded))
    expected += float(get_program().load(empty.arrays).log_density(others)[0])
    expected += float(stats.norm.logpdf(v["frailty_z"]).sum())
    assert found == pytest.approx(expected, rel=1e-6)


def frailty_places(encoded: EncodedStudy) -> list[int]:
    sizes = [int(np.prod([encoded.arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    start = sum(sizes[: list(LATENTS).index("frailty_z")])
    return list(range(start, start + encoded.arrays.lengths["frailty"]))


@pytest.mark.program
@pytest.mark.parametrize(("case_sd", "weight"), [(0.0, 1.0), (0.9, 1.0), (0.9, 0.4)])
def test_the_kernel_is_the_definition(case_sd: float, weight: float) -> None:
    encoded = study(rows(("a", A), ("b", B), ("c", C), weight=weight), case_sd=case_sd, standardize=True)
    point, _ = values(encoded, 4)
    compare(encoded.arrays, point)


def test_a_covariate_is_standardised_over_the_time_of_a_case() -> None:
    """Case b has 1 for 20 of 34 periods and -1 for 14; a and c count as one each, a by its time too."""
    encoded = study(rows(("a", A), ("b", B), ("c", C)), standardize=True)
    values, shares = np.array([2.0, 0.5, 1.0, -1.0, 0.0]), np.array([6 / 26, 20 / 26, 20 / 34, 14 / 34, 1.0]) / 3
    center = float(values @ shares)
    scale = float(np.sqrt(((values - center) ** 2) @ shares))
    found = encoded.standardizations["size"]
    assert (found.center, found.scale) == pytest.approx((center, scale), rel=1e-12)
    means = np.array([values[:2] @ shares[:2], values[2:4] @ shares[2:4], 0.0]) * 3
    assert encoded.arrays["unit_covariates"][:, 0] == pytest.approx((means - center) / scale)
    apart = (values[:4] - np.repeat(means[:2], 2)) / scale
    assert encoded.arrays["stage_covariates"][:, 0] == pytest.approx(apart)


def test_the_draws_of_an_integrated_frailty_know_the_stages() -> None:
    """The mean of a frailty given all that its case showed, by quadrature."""
    encoded = study(rows(("a", A), weight=0.5), case_sd=0.9)
    posterior = make_posterior(encoded, chains=1, draws=4000)
    for name, dim, labels, value in (
        ("class_level", "level", encoded.coords["level"], -3.0), ("sigma", "outcome", encoded.outcomes, 1.1),
        ("beta", "covariate", ["size"], 0.9),
    ):  # fmt: skip
        posterior[name] = (("chain", "draw", dim), np.full((1, 4000, len(labels)), value))
        posterior = posterior.assign_coords({dim: list(labels)})
    found = draw_frailties(encoded, posterior, np.random.default_rng(1))[0]
    v = {"beta": np.array([0.9]), "log_hazard_shape": np.zeros(2)}
    log = seen([(0.0, 4.0, 2.0, 0), *A], v, -3.0 + 1.1 * Z) - 0.5 * Z**2
    shares = np.exp(log - np.logaddexp.reduce(log))
    exact = float(shares @ (1.1 * Z))
    assert found.mean() == pytest.approx(exact, abs=0.06)


def test_events_are_replicated_at_the_covariates_of_their_time() -> None:
    encoded = study(rows(("a", A), ("b", B)))
    posterior = make_posterior(encoded, chains=1, draws=20_000)
    beta = (("chain", "draw", "covariate"), np.full((1, 20_000, 1), 0.9))
    posterior = posterior.assign(beta=beta).assign_coords(covariate=["size"])
    means = encoded.arrays["unit_covariates"][:, 0]
    levels = xr.DataArray(np.tile(-3.0 + 0.9 * means, (1, 20_000, 1)), dims=("chain", "draw", "unit"))
    replicated, _ = _predict_events(encoded, posterior, levels, np.random.default_rng(1))
    rate = {size: np.exp(-3.0 + 0.9 * size) for size in (2.0, 0.5, 1.0, -1.0)}
    exact = [
        6 * rate[2.0] + 2 * rate[0.5] + 12 * rate[1.0],
        18 * rate[0.5] + 8 * rate[1.0] + 14 * rate[-1.0],
    ]
    assert replicated.mean(("chain", "draw")).values == pytest.approx(exact, abs=5 * np.sqrt(max(exact) / 20_000))


def test_the_present_case_is_as_it_was() -> None:
    """Stages are of the past's cases: futures do not know them."""
    encoded = study(rows(("a", A), ("b", B)))
    assert present_case(encoded, make_posterior(encoded)).time_in_band.sum() == pytest.approx(60.0)
