"""Levels of single cases put together from their parts."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecast.model.encoding.encode import encode_study
from forecast.summary.reference import case_levels, summarize_reference
from tests.documents import binary_outcome, event_outcome, make_study


def test_a_case_of_two_outcomes_has_correlated_frailties() -> None:
    rows = [{"id": "a", "duration": 5, "event": "left"}, {"id": "b", "duration": 9, "event": "stayed"}]
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


def test_each_outcome_of_a_shared_class_shows_what_its_cases_say_of_it() -> None:
    rows = [
        {"id": "x", "entry": 2, "duration": 20, "event": 1, "a": 3, "b": 2, "trials": 5},
        {"id": "y", "entry": None, "duration": None, "event": None, "a": 4, "b": None, "trials": 5},
        {"id": "z", "entry": 0, "duration": 9, "event": 0, "a": None, "b": 1, "trials": 5, "weight": 0.5},
    ]
    study = make_study(
        event_outcome(pooling={"class_sd": 0.4, "case_sd": 0.5, "age_bands": [0]}),
        *[binary_outcome(id=name, pooling={"class_sd": 0.4, "case_sd": 0.5}) for name in ("a", "b")],
        dependence={},
        reference_classes=[
            {"id": "past", "outcome": ["a", "exit", "b"], "rows": [{"weight": 1} | row for row in rows]}
        ],
    )
    encoded = encode_study(study)
    dims = {"class_level": "level", "log_hazard_shape": "band", "new_class_level": "outcome"}
    posterior = xr.Dataset(
        {name: (("chain", "draw", dim), np.zeros((1, 50, len(encoded.coords[dim])))) for name, dim in dims.items()},
        coords={"chain": [0], "draw": range(50), **{dim: encoded.coords[dim] for dim in dims.values()}},
    )
    found = {o.id: summarize_reference(encoded, o, posterior, None).classes[0] for o in study.outcomes}
    assert [(name, c.cases, c.effective_cases, c.events) for name, c in found.items()] == [
        ("exit", 2, 1.5, 1), ("a", 2, 2, 7), ("b", 2, 1.5, 3)
    ]  # fmt: skip
    assert (found["exit"].exposure, found["exit"].trials, found["a"].exposure, found["a"].trials) == (
        27,
        None,
        None,
        10,
    )
    assert [(m.id, m.exposure, m.events, m.trials) for m in found["exit"].members] == [
        ("x", 18, 1, None),
        ("z", 9, 0, None),
    ]
    assert [(m.id, m.exposure, m.successes, m.trials) for m in found["b"].members] == [
        ("x", None, 2, 5),
        ("z", None, 1, 5),
    ]
