"""A stated probability of the present case comes back from the arrays, whatever the spreads, rivals and quiet time."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from forecast.errors import StudyError
from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.stated.equations import LEAST_SHARE
from forecast.model.encoding.stated.law import MAX_SKEW
from forecast.study import study_from_document, with_as_of
from tests.documents import Document, binary_outcome, document, event_outcome, make_study
from tests.model.present_quadrature import levels, quantiles_alone, quantiles_of_pair

WITHIN = 0.02
"""On the log odds."""
MEDIANS = (0.001, 0.01, 0.05, 0.15, 0.35, 0.6, 0.8, 0.95, 0.99, 0.999)
ENDS = ((1.0, 1.0), (2.0, 2.0), (0.7, 1.8), (1.8, 0.7), (0.4, 0.5))
"""How far low and high are from the median, on the log odds."""
TRIPLES = [(float(expit(logit(m) - down)), m, float(expit(logit(m) + up))) for m in MEDIANS for down, up in ENDS]
NO_AGES = {"trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}


def stated(low: float, median: float, high: float, **keys: Any) -> Document:
    return {"probability": {"low": low, "median": median, "high": high}, **keys}


def event(*triple: float, **changes: Any) -> Document:
    """With the default pooling, none of which is stated."""
    keys = {name: changes.pop(name) for name in ("by", "on", "about") if name in changes}
    found = event_outcome(prior=stated(*triple, **keys), **changes)
    if "pooling" not in changes:
        del found["pooling"]
    return found


def binary(*triple: float, **changes: Any) -> Document:
    found = binary_outcome(prior=stated(*triple), **changes)
    if "pooling" not in changes:
        del found["pooling"]
    return found


def encoded(*outcomes: Document, **changes: Any) -> EncodedStudy:
    return encode_study(make_study(*outcomes, **changes))


def exposures(study: EncodedStudy, outcome: str, age: float, until: float) -> tuple[dict[int, float], dict[int, float]]:
    """Time ahead and quiet time by age band."""
    place = study.outcomes.index(outcome)
    first = int(np.flatnonzero(study.arrays["band_outcome"] == place)[0])
    starts = study.bands[outcome].starts
    ends = [*starts[1:], np.inf]

    def inside(a: float, b: float) -> dict[int, float]:
        times = {first + k: min(b, e) - max(a, s) for k, (s, e) in enumerate(zip(starts, ends, strict=True))}
        return {band: time for band, time in times.items() if time > 0}

    return inside(age, until), inside(0.0, age)


def skewed(z: np.ndarray, skew: float) -> np.ndarray:
    along = skew * z
    return np.where(along > 3, np.exp(3) * (along - 2) - 1, np.expm1(np.minimum(along, 3))) / skew


def assert_stated(found: np.ndarray, triple: tuple[float, ...]) -> None:
    assert np.abs(logit(found) - logit(np.array(triple))).max() < WITHIN, found


@pytest.mark.parametrize("place", range(len(TRIPLES)))
def test_fifty_triples_come_back(place: int) -> None:
    triple = TRIPLES[place]
    if place % 2:
        study = encoded(binary(*triple))
        found = quantiles_alone(study.arrays, 0, {}, {})
    else:
        study = encoded(event(*triple))
        found = quantiles_alone(study.arrays, 0, *exposures(study, "exit", 0.0, 60.0))
    assert_stated(found, triple)


@pytest.mark.parametrize("triple", [(0.03, 0.1, 0.3), (0.1, 0.35, 0.8), (0.002, 0.005, 0.03)])
def test_with_classes_and_covariates_whose_spreads_are_stated(triple: tuple[float, float, float]) -> None:
    pooling = {"class_sd": 0.3, "case_sd": 0.2, "trend_sd": 0.2, "wiggle_sd": 0.1, "age_bands": [0, 24]}
    rows = [{"id": str(k), "exposure": 50, "events": k} for k in range(3)]
    study = encoded(
        event(*triple, pooling=pooling, reference={"past": 0.6}, covariates={"size": 0.8}, by=40),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows}],
        covariates=[{"id": "size", "sd": 0.3, "standardize": False}],
    )
    assert [float(study.arrays[name][0]) for name in ("tau_scale", "wiggle_scale")] == [0.3, 0.1]
    assert_stated(quantiles_alone(study.arrays, 0, *exposures(study, "exit", 0.0, 40.0)), triple)


@pytest.mark.parametrize("since", ["2019-07-01", "2018-01-01"])
def test_quiet_time_before_the_statement_is_inside_it(since: str) -> None:
    triple = (0.1, 0.35, 0.8)
    study = encoded(event(*triple, at_risk_since=since))
    age = study.ages["exit"]
    assert_stated(quantiles_alone(study.arrays, 0, *exposures(study, "exit", age, age + 60)), triple)


def test_quiet_time_after_the_statement_is_data() -> None:
    triple = (0.1, 0.35, 0.8)
    earlier = encoded(event(*triple, at_risk_since="2019-01-01", on="2019-07-01"))
    assert_stated(quantiles_alone(earlier.arrays, 0, *exposures(earlier, "exit", 6.0, 66.0)), triple)
    at_its_time = encoded(event(*triple, at_risk_since="2019-01-01"), as_of="2019-07-01")
    for name in ("mu_loc", "mu_scale", "mu_skew", "tau_scale", "trend_scale"):
        assert earlier.arrays[name] == pytest.approx(at_its_time.arrays[name], abs=1e-12), name
    # All of it is in the history: what came after July as well.
    assert float(earlier.arrays["history_exposure"].sum()) == pytest.approx(12.0)
    assert float(at_its_time.arrays["history_exposure"].sum()) == pytest.approx(6.0)
    after = quantiles_alone(earlier.arrays, 0, *exposures(earlier, "exit", 12.0, 66.0))
    assert after[1] < 0.35


@pytest.mark.parametrize(
    ("first", "second", "quiet"),
    [
        ((0.1, 0.35, 0.8), (0.015, 0.08, 0.35), 0),
        ((0.1, 0.35, 0.8), (0.015, 0.08, 0.35), 10),
        ((0.3, 0.5, 0.8), (0.1, 0.3, 0.5), 0),
        ((0.02, 0.05, 0.2), (0.5, 0.8, 0.9), 0),
        ((0.001, 0.002, 0.01), (0.2, 0.4, 0.6), 4),
    ],
)
def test_competing_outcomes_each_have_the_probability_that_this_one_happens(
    first: tuple[float, ...], second: tuple[float, ...], quiet: int
) -> None:
    since = {"at_risk_since": f"{2020 - (quiet + 11) // 12}-{(12 - quiet) % 12 + 1:02d}-01"} if quiet else {}
    study = encoded(
        event(*first, competes="end", pooling=NO_AGES, **since),
        event(*second, id="conversion", competes="end", pooling=NO_AGES, **since),
    )
    if quiet:
        assert study.ages["exit"] == pytest.approx(quiet)
    assert_stated(quantiles_of_pair(study.arrays, 0, 1, 60.0, quiet), first)
    assert_stated(quantiles_of_pair(study.arrays, 1, 0, 60.0, quiet), second)


def test_a_rival_with_a_law_of_its_own_keeps_it() -> None:
    triple = (0.1, 0.3, 0.6)
    rival = event_outcome(id="conversion", competes="end", prior={"distribution": "normal(-4, 0.7)"})
    study = encoded(event(*triple, competes="end", pooling=NO_AGES), rival)
    assert [float(study.arrays[f"mu_{name}"][1]) for name in ("loc", "scale", "skew")] == [-4.0, 0.7, 0.0]
    assert_stated(quantiles_of_pair(study.arrays, 0, 1, 60.0), triple)


def test_competing_outcomes_with_ages_and_days_of_their_own_come_back_by_simulation() -> None:
    triples = {"exit": (0.1, 0.35, 0.7), "conversion": (0.03, 0.1, 0.3)}
    study = encoded(
        event(*triples["exit"], competes="end", at_risk_since="2019-01-01"),
        event(*triples["conversion"], id="conversion", competes="end", at_risk_since="2019-06-01", by=30),
    )
    a, count, rng = study.arrays, 1_000_000, np.random.default_rng(5)
    theta, shape = np.zeros((2, count)), np.zeros((len(a["band_outcome"]), count))
    for j in (0, 1):
        skew = float(a["mu_skew"][j])
        z = rng.standard_normal((6, count))
        mu = a["mu_loc"][j] + a["mu_scale"][j] * skewed(z[0], skew)
        theta[j] = mu + a["tau_scale"][j] * abs(z[1]) * z[2] + a["sigma_scale"][j] * abs(z[3]) * z[4]
        bands, steps = np.flatnonzero(a["band_outcome"] == j), slice(5 * j, 5 * j + 5)
        walked = np.asarray(a["walk"])[np.ix_(bands, np.arange(10)[steps])] @ rng.standard_normal((5, count))
        trend = a["trend_scale"][j] * z[5]
        shape[bands] = trend * np.asarray(a["band_log_age"])[bands, None] + a["wiggle_scale"][j] * abs(rng.standard_normal(count)) * walked  # fmt: skip
    first = {name: int(np.flatnonzero(a["band_outcome"] == j)[0]) for j, name in enumerate(study.outcomes)}

    def hazard(name: str, start: float, end: float) -> np.ndarray:
        j, band = (
            study.outcomes.index(name),
            first[name] + AgeBands(study.bands[name].starts).band_of((start + end) / 2),
        )
        return (end - start) * np.exp(theta[j] + shape[band])

    quiet = sum(
        hazard(name, max(s, 0.0), min(e, study.ages[name]))
        for name in study.outcomes
        for s, e in zip(study.bands[name].starts, [*study.bands[name].starts[1:], np.inf], strict=True)
        if s < study.ages[name]
    )
    for name, by in (("exit", 60.0), ("conversion", 30.0)):
        edges = sorted(
            {0.0, by}
            | {s - study.ages[o] for o in study.outcomes for s in study.bands[o].starts if 0 < s - study.ages[o] < by}
        )
        alive, chance = np.ones(count), np.zeros(count)
        for start, end in itertools.pairwise(edges):
            each = {o: hazard(o, study.ages[o] + start, study.ages[o] + end) for o in study.outcomes}
            total = sum(each.values())
            chance += alive * -np.expm1(-total) * each[name] / total
            alive *= np.exp(-total)
        order, weights = np.argsort(chance), np.exp(-quiet)
        rank = np.cumsum(weights[order]) / weights.sum()
        found = chance[order][np.searchsorted(rank, [0.05, 0.5, 0.95])]
        # A quantile of a million draws has an error of some 0.004 on the log odds.
        assert np.abs(logit(found) - logit(np.array(triples[name]))).max() < WITHIN + 0.012, (name, found)


def test_unstated_spreads_shrink_together_and_leave_a_quarter_to_the_level() -> None:
    wide = encoded(event(0.01, 0.1, 0.6))
    assert wide.stated["exit"].factor == 1.0
    narrow = encoded(event(0.03, 0.1, 0.3))
    level = narrow.stated["exit"]
    scales = [float(narrow.arrays[f"{name}_scale"][0]) for name in ("tau", "sigma", "trend", "wiggle")]
    assert scales == pytest.approx([level.factor * scale for scale in (0.7, 0.5, 0.5, 0.3)])
    assert 0.5 < level.factor < 0.9
    y = np.log(-np.log1p(-np.array([0.03, 0.3])))
    q = 1.6448536
    assert level.law.half_width(q) == pytest.approx(LEAST_SHARE * (y[1] - y[0]) / (2 * q), rel=0.2)
    assert abs(level.law.skew) < MAX_SKEW


def test_stated_spreads_stay_while_the_others_shrink() -> None:
    study = encoded(event(0.03, 0.1, 0.3, pooling={"class_sd": 0.3}))
    assert float(study.arrays["tau_scale"][0]) == 0.3
    assert float(study.arrays["sigma_scale"][0]) == pytest.approx(0.5 * study.stated["exit"].factor)


def test_a_typical_case_is_read_as_before_to_the_last_digit() -> None:
    outcome = event(0.03, 0.1, 0.3, about="typical", at_risk_since="2019-01-01")
    study = make_study(outcome)
    arrays, normal = encode_study(study).arrays, study.outcomes[0].prior_on_scale(60)
    assert [float(arrays[name][0]) for name in ("mu_loc", "mu_scale", "mu_skew")] == [normal.mean, normal.sd, 0.0]
    assert [float(arrays[f"{name}_scale"][0]) for name in ("tau", "sigma", "trend", "wiggle")] == [0.7, 0.5, 0.5, 0.3]


def test_a_moved_study_keeps_the_day_of_its_statements() -> None:
    study = make_study(event(0.1, 0.35, 0.8), binary(0.1, 0.3, 0.6), event_outcome(id="other"))
    moved = with_as_of(study, study.as_of.replace(month=7))
    assert [o.get("prior", {}).get("on") for o in moved.document["outcomes"]] == ["2020-01-01", "2020-01-01", None]
    assert with_as_of(moved, study.as_of.replace(month=9)).document["outcomes"] == moved.document["outcomes"]
    back = with_as_of(study, study.as_of.replace(year=2019))
    assert back.document["outcomes"] == study.document["outcomes"]
    nested = event_outcome(prior={"distribution": stated(0.1, 0.35, 0.8)})
    moved = with_as_of(make_study(nested), study.as_of.replace(month=7))
    assert moved.document["outcomes"][0]["prior"]["distribution"]["on"] == "2020-01-01"


def test_statements_come_back_whatever_else_a_document_says_of_them() -> None:
    for prior, message in (
        ({"distribution": "normal(-3, 1)", "about": "present"}, "about: present beside"),
        ({"distribution": "normal(-3, 1)", "on": "2019-01-01"}, "on without probability"),
        (stated(0.1, 0.2, 0.4, about="typical", on="2019-01-01"), "about: typical"),
        (stated(0.1, 0.2, 0.4, on="2020-02-01"), "after the as-of date"),
        ({"distribution": stated(0.1, 0.2, 0.4), "about": "typical"}, "about beside distribution"),
    ):
        with pytest.raises(StudyError, match=message):
            study_from_document(document(event_outcome(prior=prior)))
    make_study(event_outcome(prior={"distribution": "normal(-3, 1)", "about": "typical"}))


def test_the_same_study_always_has_the_same_numbers() -> None:
    from forecast.model.encoding.stated.solving import solve_group

    first = encoded(event(0.03, 0.1, 0.3)).arrays
    solve_group.cache_clear()
    second = encoded(event(0.03, 0.1, 0.3)).arrays
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_quadrature_has_the_spread_of_its_parts() -> None:
    arrays = encoded(event(0.01, 0.1, 0.6)).arrays
    law = levels(arrays, 0)
    mean = float(law.at @ law.mass)
    variance = float((law.at - mean) ** 2 @ law.mass)
    z = np.random.default_rng(1).standard_normal((5, 1_000_000))
    skew = float(arrays["mu_skew"][0])
    drawn = (
        arrays["mu_loc"][0]
        + arrays["mu_scale"][0] * skewed(z[0], skew)
        + arrays["tau_scale"][0] * abs(z[1]) * z[2]
        + arrays["sigma_scale"][0] * abs(z[3]) * z[4]
    )
    assert (mean, variance) == pytest.approx((drawn.mean(), drawn.var()), rel=0.01)
