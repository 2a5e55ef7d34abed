"""Kaplan-Meier curves against lifelines, and replicated ones against the survival function they come from."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import xarray as xr
from lifelines import KaplanMeierFitter

from forecast.answer import Answer
from forecast.dims import CHAIN, DRAW
from forecast.figures.checks.material import Material
from forecast.figures.checks.survival import Spells, find_spells, kaplan_meier, replicate_survival
from tests.documents import event_outcome, make_study


def made_up(rng: np.random.Generator, count: int) -> Spells:
    entry = np.where(rng.uniform(size=count) < 0.5, 0.0, rng.uniform(0, 8, count))
    length = np.maximum(np.round(rng.exponential(12.0, count)), 1.0)
    return Spells(tuple(range(count)), entry, entry + length, rng.uniform(size=count) < 0.6)


def test_the_observed_curve_is_that_of_lifelines_with_late_entry_and_ties() -> None:
    spells = made_up(np.random.default_rng(2), 120)
    reference = KaplanMeierFitter().fit(spells.exit, spells.happened, entry=spells.entry)
    ages, left = kaplan_meier(spells)
    assert left == pytest.approx(reference.survival_function_at_times(ages).values, abs=1e-12)


def test_replicates_of_a_constant_rate_surround_its_survival_function() -> None:
    rows: list[dict[str, Any]] = [{"id": f"c{k}", "duration": 40, "event": 0} for k in range(200)]
    pooling = {"class_sd": 0, "case_sd": 0, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0, 12]}
    study = make_study(
        event_outcome(pooling=pooling), reference_classes=[{"id": "past", "outcome": "exit", "rows": rows}]
    )
    draws, rate, later = 400, 0.03, 0.5
    units = [f"past/c{k}:exit" for k in range(200)]
    posterior = xr.Dataset(
        {
            "case_level": ((CHAIN, DRAW, "unit"), np.full((1, draws, 200), np.log(rate))),
            "log_hazard_shape": ((CHAIN, DRAW, "band"), np.tile([0.0, np.log(later)], (1, draws, 1))),
        },
        coords={"unit": units, "band": ["exit@0", "exit@12"]},
    )
    answer = cast("Answer", type("Known", (), {"provenance": type("Seed", (), {"seed": 5})}))
    material = Material(study, answer, xr.DataTree.from_dict({"/posterior": posterior}))
    spells = find_spells(material, "exit")
    assert len(spells.units) == 200
    ages, left = replicate_survival(material, "exit", spells)
    expected = np.exp(-rate * np.minimum(ages, 12) - rate * later * np.maximum(ages - 12, 0))
    error = left.std(axis=0) / np.sqrt(draws)
    # A product of shares at a grid is below the exponential by half the squared hazard of an interval.
    assert np.all(np.abs(left.mean(axis=0) - expected) < 4 * error + 0.01)
    inside = (np.quantile(left, 0.05, axis=0) <= expected) & (expected <= np.quantile(left, 0.95, axis=0))
    assert inside.all()
