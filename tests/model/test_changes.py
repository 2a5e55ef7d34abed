"""Changes on stated days: what they multiply, and what a stated probability, a history and a judgment make of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import special

from forecast.futures.correction import corrected
from forecast.futures.hazards import cumulative_incidence, probability_by, probability_by_resolution
from forecast.futures.simulation import simulate_futures
from forecast.inference.engine.program import get_program
from forecast.model.encoding.changes import Changes
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.posterior import present_case
from tests.documents import NO_POOLING, Document, binary_outcome, event_outcome, make_study
from tests.futures.posteriors import make_posterior
from tests.model.present_quadrature import quantiles_alone

TRIPLE = (0.1, 0.35, 0.8)
STATED = {"probability": dict(zip(("low", "median", "high"), TRIPLE, strict=True))}


def change(log_ratio: float, since: str, to: str | None = None, outcome: str = "exit") -> Document:
    ends = {} if to is None else {"to": to}
    return {"outcome": outcome, "from": since, "log_ratio": log_ratio, **ends}


def encode(*outcomes: Document, **blocks: Any) -> EncodedStudy:
    return encode_study(make_study(*outcomes, **blocks))


def at_level(encoded: EncodedStudy, level: float, draws: int = 1) -> xr.Dataset:
    """A posterior in which every outcome has this level."""
    found = make_posterior(encoded, chains=1, draws=draws)
    return found.assign(theta=xr.full_like(found["theta"], level))


def test_a_course_is_cut_where_a_change_begins_or_ends() -> None:
    course = Changes(((2.0, 5.0, 1.0), (4.0, math.inf, -0.5)))
    pieces = list(course.pieces(0.0, 6.0))
    assert [piece[:2] for piece in pieces] == [(0.0, 2.0), (2.0, 4.0), (4.0, 5.0), (5.0, 6.0)]
    assert [piece[2] for piece in pieces] == pytest.approx(np.exp([0.0, 1.0, 0.5, -0.5]))
    assert course.length(1.0, 4.5) == pytest.approx(1 + 2 * np.e + 0.5 * np.exp(0.5))
    assert Changes().length(0.1, 0.7) == 0.7 - 0.1


@pytest.mark.parametrize(("since", "before"), [("2021-01-02", 12.0), ("2020-03-17", 2 + 15 / 31), ("2020-01-02", 0.0)])
def test_a_constant_hazard_with_a_change_ahead_has_its_closed_form(since: str, before: float) -> None:
    """P = 1 - exp(-r (t1 + e^L (t - t1))), also by the futures."""
    encoded = encode(event_outcome(), changes=[change(0.8, since)])
    present = present_case(encoded, at_level(encoded, -4.0, draws=400))
    incidence = cumulative_incidence(present)
    for time in (36, 60):
        exact = -np.expm1(-np.exp(-4.0) * (before + np.exp(0.8) * (time - before)))
        assert probability_by(present, incidence, 0, float(time)) == pytest.approx(exact, rel=1e-12)
    times = simulate_futures(present, replicates=250, seed=1).times
    assert (times <= 60).mean() == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / times.size))


def test_a_change_crosses_age_bands_and_periods() -> None:
    """At risk for 9 months, with an edge of bands at 12 and a change for 4.5 months after 1.5: what each period holds."""
    pooling = {**NO_POOLING, "wiggle_sd": 0.3, "age_bands": [0, 12]}
    encoded = encode(
        event_outcome(at_risk_since="2019-04-01", pooling=pooling),
        horizon=8,
        changes=[change(math.log(3), "2020-02-16", "2020-07-02")],
    )
    first = 1 + 14 / 29
    expected = np.zeros((8, 2))
    expected[:3, 0] = [1, (first - 1) + 3 * (2 - first), 3]
    expected[3:, 1] = [3, 3, 3, 1, 1]
    present = present_case(encoded, at_level(encoded, -4.0))
    assert present.time_in_band == pytest.approx(expected, abs=1e-12)


def test_a_stated_probability_has_the_change_inside() -> None:
    """The triple comes back with the changed hazards, across age bands and after quiet time under an earlier change."""
    pooling = {"class_sd": 0.3, "case_sd": 0.2, "trend_sd": 0.2, "wiggle_sd": 0.1, "age_bands": [0, 24]}
    outcome = event_outcome(prior=STATED, pooling=pooling, at_risk_since="2019-01-01")
    without = encode(outcome)
    study = encode(outcome, changes=[change(1.0, "2019-07-02", "2019-10-02"), change(1.5, "2021-07-02", "2024-01-02")])
    quiet = {0: 6 + 3 * np.e + 3}
    ahead = {0: 12.0, 1: 6 + np.exp(1.5) * 30 + 12}
    assert np.abs(special.logit(quantiles_alone(study.arrays, 0, ahead, quiet)) - special.logit(TRIPLE)).max() < 0.02
    assert study.arrays["mu_loc"][0] < without.arrays["mu_loc"][0] - 0.5


def test_a_stated_answer_of_yes_or_no_has_the_change_inside() -> None:
    outcome = binary_outcome(prior=STATED)
    without = encode(outcome)
    study = encode(outcome, changes=[change(0.7, "2023-12-01", "2024-01-02", outcome="agreement")])
    assert study.arrays["mu_loc"] == pytest.approx(without.arrays["mu_loc"] - 0.7, abs=1e-6)
    assert study.arrays["present_change"].tolist() == [0.7]
    assert special.expit(special.logit(quantiles_alone(study.arrays, 0, {}, {})) + 0.7) == pytest.approx(
        TRIPLE, abs=5e-3
    )


def test_a_change_from_the_beginning_on_only_moves_the_levels_of_all_that_compete() -> None:
    """Equations of rivals, their quiet time, and of the one that has no statement: as if levels were so much lower."""
    outcomes = [
        event_outcome(prior=STATED, competes="end", at_risk_since="2019-03-01"),
        event_outcome(prior={"distribution": "normal(-4.5, 0.5)"}, id="conversion", competes="end"),
    ]
    changes = [change(0.6, "2000-01-01"), change(-0.4, "2000-01-01", outcome="conversion")]
    lower = [outcomes[0], {**outcomes[1], "prior": {"distribution": "normal(-4.9, 0.5)"}}]
    study, without = encode(*outcomes, changes=changes), encode(*lower)
    assert study.arrays["mu_loc"][0] == pytest.approx(without.arrays["mu_loc"][0] - 0.6, abs=1e-5)
    assert study.arrays["mu_scale"] == pytest.approx(without.arrays["mu_scale"], abs=1e-5)
    assert study.arrays["history_exposure"] == pytest.approx(without.arrays["history_exposure"] * np.exp(0.6))


def test_base_rates_and_typical_cases_do_not_have_it() -> None:
    typical = {**STATED, "about": "typical"}
    for prior in (typical, {"distribution": "normal(-3, 1)"}, None):
        outcome = event_outcome(prior=prior, pooling={}, reference={"past": 1.0})
        rows = [{"id": "past", "outcome": "exit", "rows": [{"exposure": 200, "events": 4}]}]
        changed = encode(outcome, reference_classes=rows, changes=[change(1.0, "2020-06-01")]).arrays
        for name, values in encode(outcome, reference_classes=rows).arrays.items():
            assert np.array_equal(changed[name], values), name


def test_history_before_and_after_a_change_counts_by_its_hazard() -> None:
    """Ten months since March, at twice the rate from July on; an event in October ends it."""
    outcome = event_outcome(at_risk_since="2019-03-01", prior=None, reference={"past": 1.0})
    rows = [{"id": "past", "outcome": "exit", "rows": [{"exposure": 200, "events": 4}]}]
    changes = [change(math.log(2), "2019-07-02")]
    quiet = encode(outcome, reference_classes=rows, changes=changes)
    assert quiet.arrays["history_exposure"] == pytest.approx([4 + 2 * 6])
    settled = {"rows": [{"outcome": "exit", "resolution": "yes", "on": "2019-10-01", "source": "x"}]}
    ended = encode(outcome, reference_classes=rows, changes=changes, resolutions=settled)
    assert ended.arrays["history_exposure"] == pytest.approx([4 + 2 * 3])
    assert ended.arrays["history_events"].tolist() == [1.0]


@pytest.mark.program
def test_a_judged_event_is_judged_with_the_change() -> None:
    """Two rivals, one of which changes for two years; and a statement that was made before the change."""
    outcomes = [event_outcome(competes="end", at_risk_since="2018-01-01"), event_outcome(id="stay", competes="end")]
    rows = [
        {"expert": "x", "outcome": "exit", "probability": 0.3, "on": "2020-01-01", "by": "2023-01-01"},
        {"expert": "y", "outcome": "exit", "probability": 0.3, "on": "2019-07-01", "by": "2022-01-01"},
    ]
    changes = [change(1.2, "2019-10-02", "2021-10-02")]
    encoded = encode(*outcomes, judgments={"rows": rows}, changes=changes)
    found = (
        get_program()
        .load(encoded.arrays)
        .quantities(np.random.default_rng(1).normal(0, 0.5, (1, encoded.arrays.parameters)))
    )
    own, rival = np.exp(found["theta"][0])

    def incidence(segments: list[tuple[float, float, float]]) -> float:
        alive, total = 1.0, 0.0
        for length, a, b in segments:
            total += alive * a / (a + b) * -np.expm1(-length * (a + b))
            alive *= np.exp(-length * (a + b))
        return total

    high = own * np.exp(1.2)
    asked = [
        incidence([(21.0, high, rival), (15.0, own, rival)]),
        # The rival is not at risk before the as-of date.
        incidence([(3.0, own, 0.0), (3.0, high, 0.0), (21.0, high, rival), (3.0, own, rival)]),
    ]
    assert special.expit(found["judged_log_odds"][0]) == pytest.approx(asked, rel=1e-9)


@pytest.mark.program
def test_a_binary_outcome_changes_if_it_resolves_on_one_of_the_days() -> None:
    rows = [{"expert": "x", "outcome": "agreement", "probability": 0.3, "on": "2020-01-01"}]
    found = {}
    for since, to in (("2024-01-01", "2024-01-02"), ("2024-01-02", None), ("2020-01-01", "2024-01-01")):
        encoded = encode(
            binary_outcome(), judgments={"rows": rows}, changes=[change(0.9, since, to, outcome="agreement")]
        )
        point = np.random.default_rng(1).normal(0, 0.5, (1, encoded.arrays.parameters))
        found[since] = get_program().load(encoded.arrays).quantities(point)["judged_log_odds"][0, 0]
    on_it, after, before = found.values()
    assert after == before
    assert on_it == pytest.approx(before + 0.9, abs=1e-12)


def test_links_leave_the_changed_probability_where_it_is() -> None:
    """Offsets take the changed hazards as the marginal ones, of the cause as of the effect, and of a binary outcome."""
    links = [{"cause": "exit", "effect_on": effect, "log_ratio": "normal(1.4, 0.1)"} for effect in ("war", "agreement")]
    encoded = encode(
        event_outcome(), event_outcome(id="war"), binary_outcome(), links=links,
        changes=[
            change(1.5, "2021-01-02", "2022-04-17"), change(-1.0, "2021-09-10", outcome="war"),
            change(-0.8, "2023-01-01", outcome="agreement"),
        ],
    )  # fmt: skip
    posterior = at_level(encoded, -4.0, draws=1000)
    posterior["theta"].loc[{"outcome": "agreement"}] = -0.5 + float(encoded.arrays["present_change"][2])
    posterior["delta"] = xr.full_like(posterior["delta"], 1.4)
    present = corrected(present_case(encoded, posterior))
    r, middle = np.exp(-4.0), 27 + 15 / 30
    exit_ahead = 12 + np.exp(1.5) * (middle - 12) + (60 - middle)
    changed = 20 + 8 / 30
    exact = [
        -np.expm1(-r * exit_ahead),
        -np.expm1(-r * (changed + np.exp(-1.0) * (60 - changed))),
        special.expit(-0.5 - 0.8),
    ]
    assert probability_by_resolution(present, cumulative_incidence(present))[0] == pytest.approx(exact, rel=1e-9)
    times = simulate_futures(present, replicates=200, seed=3).times
    assert (times <= present.resolves).mean(axis=(0, 1)) == pytest.approx(exact, abs=0.006)


def test_a_change_that_never_acts_leaves_every_bit() -> None:
    outcome = event_outcome(at_risk_since="2019-03-01", prior=STATED, pooling={})
    rows = [{"expert": "x", "outcome": "exit", "probability": 0.3, "on": "2019-11-01", "by": "2023-01-01"}]
    without = encode(outcome, binary_outcome(), judgments={"rows": rows})
    over = encode(
        outcome, binary_outcome(), judgments={"rows": rows}, changes=[change(2.0, "2018-01-01", "2019-03-02")]
    )
    for name, values in without.arrays.items():
        assert np.array_equal(over.arrays[name], values), name
    posterior = make_posterior(without)
    assert np.array_equal(present_case(over, posterior).time_in_band, present_case(without, posterior).time_in_band)
