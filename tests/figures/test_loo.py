"""Cases left out, against the closed forms of Gamma and Poisson, and their places against uniformity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecast.explain.case_likelihood import find_cases
from forecast.explain.runs import Fit
from forecast.explain.weights import Weights
from forecast.figures.checks.loo import LeftOut, _places, leave_out, place_units
from forecast.model.encoding.encode import encode_study
from tests.documents import binary_outcome, event_outcome, make_study
from tests.explain.test_case_likelihood import fit_of

pytestmark = pytest.mark.program

POOLING = {"class_sd": 0, "case_sd": 0, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
DRAWS = 8000
PLACING_DRAWS = 800
"""They are all alike but for the frailty, over whose draws a place is a mean: with an error of 0.01, where even places of
400 cases are uneven by 0.05."""
SMALLEST_P = 0.001
"""Seeds are fixed: a right formula fails for one seed in a thousand."""


def constant_rate_fit(rows: list[dict[str, object]], log_rate: np.ndarray, frailty: float = 0.0) -> Fit:
    outcome = event_outcome(pooling={**POOLING, "case_sd": frailty})
    classes = [{"id": "past", "outcome": "exit", "rows": rows}]
    encoded = encode_study(make_study(outcome, reference_classes=classes))
    return fit_of(encoded, log_rate, frailty)


def test_what_a_case_adds_is_the_closed_form_of_gamma_and_poisson() -> None:
    events, exposure = np.array([0.0, 2, 1, 5, 3]), np.array([10.0, 30, 12, 20, 25])
    shape, rate = 1.0 + events.sum(), 20.0 + exposure.sum()
    # Independent draws of the exact posterior of the rate; `fit_of` makes one chain of them.
    log_rate = np.log(np.random.default_rng(1).gamma(shape, 1.0 / rate, DRAWS))
    rows = [{"id": f"c{k}", "exposure": e, "events": y} for k, (e, y) in enumerate(zip(exposure, events, strict=True))]
    fit = constant_rate_fit(rows, log_rate)
    found = list(leave_out(fit))
    assert [left.case.id for left in found] == ["c0", "c1", "c2", "c3", "c4"]
    places = place_units(fit, found)
    for k, left in enumerate(found):
        y, e = events[k], exposure[k]
        with_it = stats.nbinom.logpmf(y, shape, rate / (rate + e))
        own = stats.nbinom(shape - y, (rate - e) / rate)
        assert left.effective_parameters == pytest.approx(with_it - own.logpmf(y), abs=0.03)
        assert left.weights.reliable
        assert own.cdf(y - 1) - 0.01 < places[f"past/c{k}:exit"] < own.cdf(y) + 0.01


@pytest.mark.parametrize("frailty", [0.0, 0.8])
def test_places_of_late_censored_spells_are_uniform_when_the_model_is_right(frailty: float) -> None:
    rng = np.random.default_rng(7)
    rows = []
    while len(rows) < 400:
        rate = np.exp(-3.0 + frailty * rng.standard_normal())
        # Only what is still there at the start is ever seen.
        start, end = round(float(rng.uniform(0, 10)), 3), rng.exponential(1.0 / rate)
        if end < start:
            continue
        stop = start + rng.uniform(1, 60)
        rows.append(
            {
                "id": f"c{len(rows)}",
                "entry": start,
                "duration": round(float(min(end, stop)), 4),
                "event": int(end < stop),
            }
        )
    fit = constant_rate_fit(rows, np.full(PLACING_DRAWS, -3.0), frailty)
    places = list(place_units(fit, list(leave_out(fit))).values())
    assert len(places) == 400
    assert stats.kstest(places, "uniform").pvalue > SMALLEST_P
    wrong = constant_rate_fit(rows, np.full(PLACING_DRAWS, -2.0), frailty)
    assert stats.kstest(list(place_units(wrong, list(leave_out(wrong))).values()), "uniform").pvalue < SMALLEST_P


def test_places_of_late_cases_are_uniform_where_parameters_are_uncertain() -> None:
    """That a case was still there says nothing of the parameters: it is one of those that were, whatever they are."""
    rng, frailty, entry = np.random.default_rng(5), 0.8, 24.0
    draws = rng.normal(-3.0, 0.6, 3000)
    rows = []
    while len(rows) < 500:
        # Survivors of each level of the class, in equal number for each.
        v = np.linspace(-6, 6, 2001)
        base = rng.normal(-3.0, 0.6)
        weight = np.exp(-0.5 * v**2 - entry * np.exp(base + frailty * v))
        level = base + frailty * rng.choice(v, p=weight / weight.sum())
        end = entry + rng.exponential(np.exp(-level))
        stop = entry + rng.uniform(1, 60)
        rows.append(
            {
                "id": f"c{len(rows)}",
                "entry": entry,
                "duration": round(float(min(end, stop)), 4),
                "event": int(end < stop),
            }
        )
    fit = constant_rate_fit(rows, draws, frailty)
    even = Weights(np.full(len(draws), 1 / len(draws)), None, True)
    found = [LeftOut(case, even, 0.0) for case in find_cases(fit.encoded)]
    places = list(place_units(fit, found).values())
    assert len(places) == 500
    assert stats.kstest(places, "uniform").pvalue > SMALLEST_P


def test_places_of_trials_are_uniform_when_the_model_is_right() -> None:
    rng = np.random.default_rng(3)
    level = 0.4
    rows = [
        {"id": f"c{k}", "trials": int(n), "successes": int(rng.binomial(n, 1 / (1 + np.exp(-level))))}
        for k, n in enumerate(rng.integers(1, 12, 300))
    ]
    outcome = binary_outcome(pooling={"class_sd": 0, "case_sd": 0}, reference={"past": 1.0})
    encoded = encode_study(
        make_study(outcome, reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}])
    )
    fit = fit_of(encoded, np.full(500, level), 0.0)
    places = list(place_units(fit, list(leave_out(fit))).values())
    assert stats.kstest(places, "uniform").pvalue > SMALLEST_P


def test_a_late_case_has_no_place_in_what_it_carries_where_its_frailties_are_correlated() -> None:
    """That its spell was still going on says something of the other outcome's frailty."""
    rows = [
        {"id": name, "entry": entry, "duration": 20, "event": 1, "a": 3, "b": 2, "trials": 5}
        for name, entry in (("late", 5), ("new", 0))
    ]
    spreads = {"a": 0.5, "b": 0.0}
    encoded = encode_study(
        make_study(
            event_outcome(pooling={**POOLING, "case_sd": 0.5}),
            *[binary_outcome(id=name, pooling={"class_sd": 0, "case_sd": sd}) for name, sd in spreads.items()],
            dependence={},
            reference_classes=[{"id": "past", "outcome": ["exit", "a", "b"], "rows": rows}],
        )
    )
    fit = fit_of(encoded, np.zeros(50), 0.5)
    even = Weights(np.full(50, 1 / 50), None, True)
    places = place_units(fit, [LeftOut(case, even, 0.0) for case in find_cases(encoded)])
    assert set(places) == {"past/late:b", "past/new:exit", "past/new:a", "past/new:b"}


@pytest.mark.parametrize(("a", "b", "words"), [(5, 5, "fewer"), (0.4, 0.4, "more")])
def test_the_caption_says_which_way_the_line_bends(a: float, b: float, words: str) -> None:
    values = stats.beta(a, b).ppf((np.arange(200) + 0.5) / 200)
    figure = _places({f"c{k}": float(value) for k, value in enumerate(values)})
    rows = figure["layout"]["meta"]["table"]["rows"]
    left = float(rows[1][2]) - float(rows[1][1])
    right = float(rows[3][2]) - float(rows[3][1])
    assert (left > 0 > right) == (words == "more")
    caption = figure["layout"]["meta"]["caption"]
    assert caption.index("Above zero on the left and below it on the right: more") < caption.index("fewer")


def test_a_case_that_a_competitor_ended_has_no_place_where_residuals_are_correlated() -> None:
    pooling = {**POOLING, "case_sd": 0.8}
    rows = [{"id": f"c{k}", "duration": 3 + k, "event": end} for k, end in enumerate(["left", "converted", "open"])]
    events = {"exit": "left", "conversion": "converted"}
    classes = [{"id": "past", "outcome": ["exit", "conversion"], "rows": rows, "event_value": events}]
    outcomes = [event_outcome(id=id, competes="end", pooling=pooling) for id in ("exit", "conversion")]
    for changes, expected in (({"dependence": {"eta": 2}}, 4), ({}, 6)):
        encoded = encode_study(make_study(*outcomes, reference_classes=classes, **changes))
        fit = fit_of(encoded, np.full(50, -2.0), 0.8)
        assert len(place_units(fit, list(leave_out(fit)))) == expected
