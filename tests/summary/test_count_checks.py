"""Which counts contradict a model whose parameters are known, and which do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from forecast.answer import CountFit
from forecast.answer.thresholds import LEAST_TAIL
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.count_checks import check_counts, fit_counts
from tests.documents import event_outcome, make_study

CHAINS, DRAWS = 2, 500


def study_of(*counts: list[int], **own: Any) -> EncodedStudy:
    """Indicators of the last months before 2020."""
    longest = max(map(len, counts))
    months = [f"{2020 - 1 - k // 12}-{12 - k % 12:02d}" for k in reversed(range(longest))]
    indicators = [
        {
            "id": f"i{place}",
            "rows": [{"period": m, "value": v} for m, v in zip(months[-len(values) :], values, strict=True)],
            **own,
        }
        for place, values in enumerate(counts)
    ]
    return encode_study(make_study(event_outcome(), indicators=indicators))


def posterior_of(encoded: EncodedStudy, mean: float, dispersion: float) -> xr.Dataset:
    """Draws that know the mean to some 5 %; no drift, spikes or idle periods."""
    rng = np.random.default_rng(1)
    laws: dict[str, tuple[str, float, float]] = {
        "log_mean": ("indicator", np.log(mean), 0.05),
        "loading": ("indicator", 0.0, 0.0),
        "dispersion": ("indicator", dispersion, 0.02),
        "wave_height": ("wave", 0.0, 0.0),
        "spike_share": ("mixture", 0.0, 0.0),
        "spike_size": ("mixture", 3.0, 0.0),
        "idle_share": ("mixture", 0.0, 0.0),
    }
    variables = {
        name: (("chain", "draw", dim), rng.normal(centre, spread, (CHAINS, DRAWS, len(encoded.coords[dim]))))
        for name, (dim, centre, spread) in laws.items()
        if encoded.coords[dim]
    }
    return xr.Dataset(variables)


def fits_of(encoded: EncodedStudy, mean: float, dispersion: float) -> dict[str, float]:
    (fits,) = fit_counts(encoded, posterior_of(encoded, mean, dispersion), seed=1).values()
    return {fit.statistic: fit.probability for fit in fits}


def drawn(mean: float, dispersion: float, size: int, seed: int) -> list[int]:
    rng = np.random.default_rng(seed)
    shape = 1.0 / (dispersion**2 + 0.001)
    return [int(value) for value in rng.poisson(rng.gamma(shape, mean / shape, size))]


def test_counts_of_the_model_pass() -> None:
    for seed in range(5):
        encoded = study_of(drawn(8.0, 0.4, 20, seed))
        assert min(fits_of(encoded, 8.0, 0.4).values()) > LEAST_TAIL


@pytest.mark.parametrize(
    ("counts", "dispersion", "statistic"),
    [
        ([8] * 20, 0.4, "dispersion"),
        ([2, 30] * 10, 0.1, "dispersion"),
        ([0, 8, 9, 0, 7, 8, 0, 10, 9, 0] * 2, 0.1, "zeros"),
        ([*drawn(8.0, 0.4, 19, 3), 300], 0.4, "maximum"),
        ([3] * 5 + [4] * 5 + [12] * 5 + [14] * 5, 0.6, "likeness of neighbours"),
    ],
)
def test_counts_of_another_law_are_found_out(counts: list[int], dispersion: float, statistic: str) -> None:
    assert fits_of(study_of(counts), 8.0, dispersion)[statistic] < LEAST_TAIL


def test_a_season_that_the_model_does_not_have_is_found_out() -> None:
    rng = np.random.default_rng(2)
    level = 8.0 * np.exp(0.9 * np.cos(2 * np.pi * np.arange(48) / 12))
    encoded = study_of([int(value) for value in rng.poisson(level)], season="none")
    found = fits_of(encoded, float(level.mean()), 0.6)
    assert found["seasonal means"] < LEAST_TAIL
    # As many years of months that do not differ.
    assert fits_of(study_of(drawn(8.0, 0.6, 48, 4), season="none"), 8.0, 0.6)["seasonal means"] > LEAST_TAIL


def test_a_few_counts_say_nothing() -> None:
    encoded = study_of([0, 0, 900, 0, 0])
    assert fit_counts(encoded, posterior_of(encoded, 8.0, 0.4), seed=1) == {}
    assert check_counts({}) == ()


def test_ties_are_not_broken_by_rounding() -> None:
    """One count of one in eight: wherever it lies in the middle, neighbours are as like."""
    counts = [0, 0, 0, 1, 0, 0, 0, 0]
    assert fits_of(study_of(counts), 0.1, 0.1)["likeness of neighbours"] > 0.5


def fit(probability: float) -> CountFit:
    return CountFit(statistic="maximum", observed=1200.0, low=3.0, high=40.0, probability=probability)


@pytest.mark.parametrize("indicators", [1, 4])
def test_the_limit_is_shared_among_indicators(indicators: int) -> None:
    for probability in (0.9 * LEAST_TAIL / indicators, 1.1 * LEAST_TAIL / indicators):
        fits = {f"i{k}": (fit(0.5),) for k in range(indicators - 1)} | {"worst": (fit(probability),)}
        (check,) = check_counts(fits)
        assert check.passed is (probability * indicators > LEAST_TAIL)


def test_what_contradicts_is_named() -> None:
    (check,) = check_counts({"deaths": (fit(0.0001), fit(0.4))})
    assert (check.name, check.passed, check.value) == ("counts", False, 0.0001)
    assert "counts contradict the model: maximum of deaths: 1,200, where 90 % of replicated ones have" in check.message
