"""Levels of single cases put together from their parts."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecast.model.encoding.encode import encode_study
from forecast.summary.reference import case_levels
from tests.documents import event_outcome, make_study


def test_a_case_of_two_outcomes_has_correlated_frailties() -> None:
    rows = [{"id": "a", "duration": 5, "event": "left"}, {"id": "b", "duration": 9}]
    pooling = {"class_sd": 0.3, "case_sd": 0.5, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
    encoded = encode_study(make_study(
        event_outcome(pooling=pooling), event_outcome(id="war", pooling=pooling),
        reference_classes=[{"id": "past", "outcome": ["exit", "war"], "rows": rows,
                            "event_value": {"exit": "left", "war": "fought"}}],
        dependence={"eta": 2.0},
    ))  # fmt: skip
    rng = np.random.default_rng(1)
    dims = {"class_level": "level", "sigma": "outcome", "frailty_z": "frailty", "partial_z": "pair"}
    posterior = xr.Dataset(
        {
            name: (("chain", "draw", dim), rng.normal(size=(2, 3, len(encoded.coords[dim]))))
            for name, dim in dims.items()
        },
        coords={"chain": [0, 1], "draw": range(3), **{dim: encoded.coords[dim] for dim in dims.values()}},
    )
    levels = case_levels(encoded, posterior, seed=1)
    assert levels is not None
    rho = np.tanh(posterior["partial_z"].isel(pair=0))
    for case in "ab":
        first, second = (posterior["frailty_z"].sel(frailty=f"past/{case}:{o}") for o in ("exit", "war"))
        own = {"exit": first, "war": rho * first + np.sqrt(1 - rho**2) * second}
        for outcome, frailty in own.items():
            level = posterior["class_level"].sel(level=f"past:{outcome}")
            expected = level + posterior["sigma"].sel(outcome=outcome) * frailty
            assert levels.sel(unit=f"past/{case}:{outcome}").values == pytest.approx(expected.values)
