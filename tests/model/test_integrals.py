"""Integrals over frailties, by the program, against dense sums over a grid: values, gradients, weights, late entries."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.inference.engine.program import get_program
from forecast.model.arrays import ModelArrays, empty_arrays
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.integrals import RULES, integral_arrays, quadrature_rules
from forecast.model.latent_specs import LATENTS
from tests.documents import binary_outcome, event_outcome, make_study

pytestmark = pytest.mark.program

LEVELS = (-6.0, -2.5, 0.0, 2.0)
RECORDS = {
    "trials of one": (0, 1, 0.0),
    "success of one": (1, 1, 0.0),
    "five": (2, 5, 0.0),
    "two hundred": (170, 200, 0.0),
    "five thousand": (30, 5000, 0.0),
    "all of five thousand": (5000, 5000, 0.0),
    "censored early": (0, 0, 0.05),
    "censored late": (0, 0, 300.0),
    "an event": (1, 0, 2.0),
    "many events": (400, 0, 100.0),
}


def one_case(yes: float, n: float, hazard: float) -> ModelArrays:
    """An outcome whose level is Normal(0, 1) and spread half-normal, and one integrated case of it in one age band."""
    arrays = empty_arrays(outcome=1, variant=1, level=1, unit=1, band=1, integral=1, axis=1, span=int(hazard > 0))
    ones = np.ones((1, 1))
    # As in a study where another case has six axes, whose rules have few nodes.
    _, rules = quadrature_rules((1, 6))
    return ModelArrays(
        {
            **arrays,
            "mu_scale": np.ones(1),
            "sigma_scale": np.ones(1),
            "present_new": np.ones(1),
            "integral_power": np.ones(1),
            "integral_rule": np.zeros(1, dtype=np.int64),
            "integral_unit": ones.astype(np.int64),
            "integral_yes": yes * ones,
            "integral_n": n * ones,
            "span_exposure": np.full(int(hazard > 0), hazard),
            **rules,
        },
        frailties=0,
    )


def point_at(arrays: ModelArrays, level: float, sigma: float) -> np.ndarray:
    sizes = [int(np.prod([arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    starts = dict(zip(LATENTS, np.cumsum([0, *sizes[:-1]]), strict=True))
    point = np.zeros(arrays.parameters)
    point[starts["mu_z"]], point[starts["sigma_z"]] = level, np.log(sigma)
    return point


def dense(level: float, sigma: float, yes: float, n: float, hazard: float) -> float:
    """Log integral by sums over a fine grid about the mode."""

    def density(v: np.ndarray) -> np.ndarray:
        x = level + sigma * v
        return yes * x - n * np.logaddexp(0, x) - hazard * np.exp(np.minimum(x, 600)) - v * v / 2

    coarse = np.linspace(-300, 300, 60_001)
    top = coarse[np.argmax(density(coarse))]
    v = top + np.linspace(-14, 14, 140_001)
    values = density(v)
    return float(values.max() + np.log(np.exp(values - values.max()).sum() * (v[1] - v[0]) / np.sqrt(2 * np.pi)))


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_the_log_integral_and_its_gradient(record: tuple[float, float, float]) -> None:
    """1e-6 up to a spread of 1, 1e-4 up to 3; also just below where the next rule begins."""
    arrays = one_case(*record)
    loaded = get_program().load(arrays)
    none = get_program().load(ModelArrays({**arrays, "integral_power": np.zeros(1)}, frailties=0))
    starts = [start * (1 - 1e-9) for start, _ in RULES[1:]]
    for sigma in (0.05, *starts, 0.5, 1.0, 1.5, 2.5):
        for level in LEVELS:
            point = point_at(arrays, level, sigma)
            (value, slope), (prior, prior_slope) = loaded.log_density(point), none.log_density(point)
            exact = dense(level, sigma, *record)
            assert value - prior == pytest.approx(exact, abs=1e-6 if sigma <= 1 else 1e-4), (sigma, level)
            for place in (0, 2):
                step = 1e-4
                up, down = point.copy(), point.copy()
                up[place] += step
                down[place] -= step
                moved = [dense(p[0], float(np.exp(p[2])), *record) for p in (up, down)]
                expected = (moved[0] - moved[1]) / (2 * step)
                tolerance = 1e-5 if sigma <= 1 else 2e-3
                assert (slope - prior_slope)[place] == pytest.approx(
                    expected, rel=tolerance, abs=tolerance * max(1, abs(exact))
                )


def rows_of(encoded: EncodedStudy) -> tuple[np.ndarray, np.ndarray]:
    return encoded.arrays["integral_power"], encoded.arrays["integral_unit"]


def test_a_weight_below_one_is_the_power_of_an_integral_and_its_case_has_no_frailty_of_its_own() -> None:
    rows = [{"id": f"c{k}", "successes": 2, "trials": 9, "weight": w} for k, w in enumerate((1, 0.4, 0.1, 0))]
    encoded = encode_study(make_study(
        binary_outcome(reference={"past": 1.0}, pooling={"class_sd": 0.5, "case_sd": 0.5}),
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
    ))  # fmt: skip
    power, unit = rows_of(encoded)
    # Two cases with one record are one integral; it is of the first unit with its class and covariates.
    assert power.tolist() == [0.5]
    assert unit.tolist() == [[1]]
    assert encoded.arrays["integral_yes"].tolist() == [[2]]
    assert encoded.arrays["trial_n"].tolist() == [9]
    assert encoded.coords["frailty"] == ["past/c0:agreement"]


def test_without_frailty_a_weight_is_the_share_of_what_was_seen() -> None:
    rows = [{"id": f"c{k}", "successes": 2, "trials": 9, "weight": w} for k, w in enumerate((1, 0.4))]
    encoded = encode_study(make_study(
        binary_outcome(reference={"past": 1.0}, pooling={"class_sd": 0.5, "case_sd": 0}),
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
    ))  # fmt: skip
    assert encoded.arrays["trial_n"] == pytest.approx([9 * 1.4])
    assert encoded.arrays.lengths["integral"] == 0


POOLING = {"class_sd": 0.5, "case_sd": 0.5, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0, 12]}


def late_study(*, case_sd: float = 0.5, **row: object) -> EncodedStudy:
    rows = [{"id": "a", "entry": 5, "duration": 20, "event": "left", **row}]
    return encode_study(make_study(
        *[event_outcome(id=id, competes="end", pooling={**POOLING, "case_sd": case_sd}) for id in ("exit", "conversion")],
        reference_classes=[{"id": "past", "outcome": ["exit", "conversion"], "rows": rows,
                            "event_value": {"exit": "left", "conversion": "converted"}}],
    ))  # fmt: skip


def test_a_late_entry_counts_from_age_zero_and_is_divided_by_the_chance_of_being_there() -> None:
    arrays = late_study().arrays
    assert arrays["cell_exposure"].tolist() == [12, 8, 12, 8]
    assert arrays["integral_power"].tolist() == [-1, -1]  # one for each outcome that might have ended it before
    assert arrays["span_exposure"].tolist() == [5, 5]
    assert arrays["integral_yes"].sum() == arrays["span_events"].sum() == 0


def test_a_late_entry_of_weight_below_one_is_a_power_of_the_whole_ratio() -> None:
    arrays = late_study(weight=0.3).arrays
    assert arrays.lengths["cell"] == 0
    assert arrays["integral_power"].tolist() == [0.3, -0.3, 0.3, -0.3]
    assert [arrays["span_exposure"][arrays["span_integral"] == m].sum() for m in range(4)] == [20, 5, 20, 5]


def test_without_frailty_a_late_entry_is_time_at_risk_alone() -> None:
    arrays = late_study(case_sd=0).arrays
    assert arrays["cell_exposure"].tolist() == [7, 8, 7, 8]
    assert arrays.lengths["integral"] == 0


def test_cases_with_equal_records_share_an_integral_whatever_their_weights() -> None:
    rows = [
        {"id": f"c{k}", "duration": d, "event": 1, "weight": w}
        for k, (d, w) in enumerate([(8, 0.2), (8, 0.5), (9, 0.2)])
    ]
    encoded = encode_study(make_study(
        event_outcome(pooling=POOLING),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows}],
    ))  # fmt: skip
    assert encoded.arrays["integral_power"].tolist() == [0.7, 0.2]


def test_no_integrals_are_arrays_of_length_zero() -> None:
    assert all(np.size(values) == 0 for values in integral_arrays([]).values())
