"""Stated probabilities of outcomes of which one must occur come back as shares of what happens."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from forecast.errors import StudyError
from forecast.model.arrays import ModelArrays
from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.stated.equations import LEAST_SHARE
from tests.documents import Document, event_outcome
from tests.model.test_stated_priors import NO_AGES, WITHIN, encoded, event, skewed

ALONE = {"class_sd": 0, "case_sd": 0, **NO_AGES}
"""Nothing but the level is uncertain."""
NAMES = ("left", "centre", "right")
ENDS = (0.05, 0.5, 0.95)


def member(id: str, *triple: float, **changes: Any) -> Document:
    return event(*triple, **{"id": id, "competes": "government", "exhaustive": True, "pooling": ALONE, **changes})


def trio(*triples: tuple[float, ...], **changes: Any) -> EncodedStudy:
    return encoded(
        *(member(name, *triple, **changes) for name, triple in zip(NAMES, triples, strict=False)), horizon=12
    )


def grid(arrays: ModelArrays, count: int) -> np.ndarray:
    """Rates of all outcomes at equally likely levels; dims (outcome, level), every level beside every other."""
    z = stats.norm.ppf((np.arange(count) + 0.5) / count)
    levels = [
        float(loc) + float(scale) * (skewed(z, float(skew)) if skew else z)
        for loc, scale, skew in zip(arrays["mu_loc"], arrays["mu_scale"], arrays["mu_skew"], strict=True)
    ]
    return np.exp(np.stack([mesh.ravel() for mesh in np.meshgrid(*levels, indexing="ij")]))


def quantiles(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    order = np.argsort(values)
    rank = np.cumsum(np.ones(len(values)) if weights is None else weights[order])
    return np.interp(ENDS, (rank - 0.5 * rank[0]) / rank[-1], values[order])


def shares(rates: np.ndarray, quiet: float = 0.0, by: float = 12.0, until: float = 12.0) -> list[np.ndarray]:
    """Low, median and high of each, where hazards are constant and one must have occurred by `until`."""
    total = rates.sum(axis=0)
    weights = (np.exp(-quiet * total) - np.exp(-(quiet + until) * total)) / -np.expm1(-(quiet + until) * total)
    within = np.expm1(-by * total) / np.expm1(-until * total)
    return [quantiles(rate / total * within, weights) for rate in rates]


def test_three_whose_shares_some_levels_have_get_them_back() -> None:
    """The triples are those of levels with other medians, spreads and skews than the search begins with."""
    laws = [(-4.0, 0.5, 0.4), (-3.3, 0.3, -0.3), (-5.0, 0.7, 0.0)]
    told = {
        f"mu_{name}": np.array(part)
        for name, part in zip(("loc", "scale", "skew"), zip(*laws, strict=True), strict=True)
    }
    triples = [tuple(each) for each in shares(grid(told, 101))]  # type: ignore[arg-type]
    study = trio(*triples)
    rates = grid(study.arrays, 101)
    for found, triple in zip(shares(rates), triples, strict=True):
        assert np.abs(logit(found) - logit(triple)).max() < WITHIN, (found, triple)


def test_what_shares_leave_open_is_as_likely_as_not_to_have_occurred_by_the_day() -> None:
    study = trio((0.25, 0.36, 0.48), (0.30, 0.40, 0.52), (0.15, 0.24, 0.35))
    total = 12 * np.exp(study.arrays["mu_loc"]).sum()
    assert total == pytest.approx(np.log(2.0), rel=0.1)


@pytest.mark.parametrize(("quiet", "by"), [(0, 12), (12, 12), (12, 6), (36, 9)])
def test_quiet_time_before_the_statement_and_an_earlier_date_are_inside_it(quiet: int, by: int) -> None:
    """Of two whose shares by a date are those of some levels, again told by others."""
    laws = [(-3.0, 0.3, 0.2), (-3.4, 0.35, 0.0)]
    told = {
        f"mu_{name}": np.array(part)
        for name, part in zip(("loc", "scale", "skew"), zip(*laws, strict=True), strict=True)
    }
    triples = [tuple(each) for each in shares(grid(told, 1001), quiet, by)]  # type: ignore[arg-type]
    since = {"at_risk_since": f"{2020 - quiet // 12}-01-01"} if quiet else {}
    study = trio(*triples, by=by, **since)
    for found, triple in zip(shares(grid(study.arrays, 1001), quiet, by), triples, strict=True):
        assert np.abs(logit(found) - logit(triple)).max() < WITHIN, (found, triple)


def test_without_a_date_it_is_the_day_by_which_one_must_have_occurred() -> None:
    """Stated three months ago: quiet time after that is data, and the shares are still those of the whole time."""
    pair = ((0.5, 0.6, 0.7), (0.3, 0.4, 0.5))
    study = trio(*pair, on="2019-10-01", at_risk_since="2019-07-01")
    for found, triple in zip(shares(grid(study.arrays, 1001), 3.0, 15.0, 15.0), pair, strict=True):
        assert np.abs(logit(found) - logit(np.array(triple))).max() < WITHIN
    assert float(study.arrays["history_exposure"].sum()) == pytest.approx(12.0)


def test_classes_cases_and_ages_are_inside_it_by_simulation() -> None:
    triples = {"left": (0.3, 0.6, 0.85), "right": (0.15, 0.4, 0.7)}
    since = {"left": "2019-01-01", "right": "2019-07-01"}
    study = encoded(
        *(
            event(*triple, id=name, competes="government", exhaustive=True, at_risk_since=since[name])
            for name, triple in triples.items()
        ),
        horizon=12,
    )
    a, count, rng = study.arrays, 400_000, np.random.default_rng(7)
    assert 0.0 < study.stated["left"].factor < 1.0
    theta, shape = np.zeros((2, count)), np.zeros((len(a["band_outcome"]), count))
    for j in (0, 1):
        z = rng.standard_normal((6, count))
        mu = a["mu_loc"][j] + a["mu_scale"][j] * skewed(z[0], float(a["mu_skew"][j]))
        theta[j] = mu + a["tau_scale"][j] * abs(z[1]) * z[2] + a["sigma_scale"][j] * abs(z[3]) * z[4]
        bands = np.flatnonzero(a["band_outcome"] == j)
        walked = np.asarray(a["walk"])[np.ix_(bands, np.arange(5 * j, 5 * j + 5))] @ rng.standard_normal((5, count))
        size = a["wiggle_scale"][j] * abs(rng.standard_normal(count))
        shape[bands] = a["trend_scale"][j] * z[5] * np.asarray(a["band_log_age"])[bands, None] + size * walked
    first = [int(np.flatnonzero(a["band_outcome"] == j)[0]) for j in (0, 1)]
    ages = [study.ages[name] for name in triples]
    starts = [study.bands[name].starts for name in triples]

    def hazard(j: int, start: float, end: float) -> np.ndarray:
        return (end - start) * np.exp(theta[j] + shape[first[j] + AgeBands(starts[j]).band_of((start + end) / 2)])

    quiet = np.zeros(count)
    for j in (0, 1):
        for start, end in itertools.pairwise(sorted({0.0, ages[j], *(s for s in starts[j] if s < ages[j])})):
            quiet += hazard(j, start, end)
    turns = {s - age for age, own in zip(ages, starts, strict=True) for s in own}
    edges = sorted({0.0, 12.0} | {turn for turn in turns if 0.0 < turn < 12.0})
    before, chance = np.zeros(count), np.zeros((2, count))
    for start, end in itertools.pairwise(edges):
        own = np.stack([hazard(j, age + start, age + end) for j, age in enumerate(ages)])
        total = own.sum(axis=0)
        chance += np.exp(-before) * -np.expm1(-total) * own / total
        before += total
    weights = np.exp(-quiet) * np.expm1(-before) / np.expm1(-before - quiet)
    for found, triple in zip(chance / chance.sum(axis=0), triples.values(), strict=True):
        # A quantile of so many draws has an error of some 0.006 on the log odds.
        assert np.abs(logit(quantiles(found, weights)) - logit(np.array(triple))).max() < WITHIN + 0.018


def test_one_that_states_none_keeps_its_own_prior() -> None:
    rival = event_outcome(id="right", competes="government", prior={"distribution": "normal(-4, 0.3)"}, pooling=ALONE)
    study = encoded(member("left", 0.4, 0.6, 0.8), rival, horizon=12)
    assert [float(study.arrays[f"mu_{name}"][1]) for name in ("loc", "scale", "skew")] == [-4.0, 0.3, 0.0]
    found = shares(grid(study.arrays, 1001))[0]
    assert np.abs(logit(found) - logit(np.array([0.4, 0.6, 0.8]))).max() < WITHIN


def test_the_order_of_outcomes_changes_no_law() -> None:
    said = dict(zip(NAMES, ((0.25, 0.36, 0.48), (0.30, 0.40, 0.52), (0.15, 0.24, 0.35)), strict=True))
    found = []
    for order in (NAMES, NAMES[::-1]):
        study = encoded(*(member(name, *said[name]) for name in order), horizon=12)
        found.append([study.stated[name].law for name in NAMES])
    for one, other in zip(*found, strict=True):
        assert (one.mean, one.sd) == pytest.approx((other.mean, other.sd), abs=0.02)


def refused(*outcomes: Document) -> tuple[str, str, str]:
    with pytest.raises(StudyError) as caught:
        encoded(*outcomes, horizon=12)
    error = caught.value.errors[0]
    return error.path, error.code, error.message


def around(median: float, width: float) -> tuple[float, float, float]:
    return float(expit(logit(median) - width)), median, float(expit(logit(median) + width))


@pytest.mark.parametrize("medians", [(0.3, 0.3, 0.2), (0.5, 0.4, 0.3)])
def test_shares_of_one_whole_add_up_or_are_refused_with_those_that_fit(medians: tuple[float, ...]) -> None:
    path, code, message = refused(*(member(name, *around(m, 0.5)) for name, m in zip(NAMES, medians, strict=True)))
    assert path.endswith("prior.probability")
    assert code == "not_met"
    assert "one of left, centre, right must occur" in message
    assert f"stated medians sum to {sum(medians):.3g}" in message
    said = message.split("the nearest that fit are ")[1].split("; state those")[0]
    triples = []
    for name in NAMES:
        median, rest = said.split(f"{name} ")[1].split(" [")[:2]
        low, high = rest.split("]")[0].split(", ")
        triples.append((float(low), float(median), float(high)))
    assert sum(median for _, median, _ in triples) == pytest.approx(1.0, abs=0.03)
    trio(*triples)


def test_a_narrow_share_beside_a_wide_prior_is_refused_and_the_other_is_named() -> None:
    rival = event_outcome(id="right", competes="government", prior={"distribution": "normal(-4, 2)"}, pooling=ALONE)
    _, code, message = refused(member("left", 0.5, 0.6, 0.7), rival)
    assert code == "not_met"
    assert "the priors of right" in message
    assert "a probability of right as well" in message


def test_stated_spreads_that_are_wider_than_the_shares_are_named() -> None:
    pooling = {**ALONE, "class_sd": 1.0}
    pair = (member("left", 0.5, 0.6, 0.7, pooling=pooling), member("right", 0.3, 0.4, 0.5, pooling=pooling))
    path, code, message = refused(*pair)
    assert (path.split(".")[1], code) == ("pooling", "too_wide")
    most = float(message.split("class_sd at most ")[1].split(",")[0].split(";")[0])
    narrower = {**ALONE, "class_sd": most}
    study = encoded(*({**each, "pooling": narrower} for each in pair), horizon=12)
    widths = (logit(0.7) - logit(0.5)) / (2 * 1.6448536)
    assert study.stated["left"].law.half_width(1.6448536) >= LEAST_SHARE * widths
