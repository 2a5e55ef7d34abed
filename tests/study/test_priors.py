"""Priors: text, elicited probabilities and their closed-form fit, checked against scipy's quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from forecast.errors import StudyError
from forecast.study import Normal, OutcomeKind, Prior, default_prior, study_from_document


def elicited(low: float, median: float, high: float, **keys: Any) -> Prior:
    level = keys.pop("level", 0.9)
    return Prior.model_validate({"probability": {"low": low, "median": median, "high": high, "level": level}, **keys})


@pytest.mark.parametrize("text", ["normal(-5.0, 1.0)", " normal( -5 ,1 ) ", "normal(-5e0, 1.)"])
def test_normal_text_is_read(text: str) -> None:
    assert Prior.model_validate({"distribution": text}).on_scale(OutcomeKind.EVENT, 60) == Normal(mean=-5.0, sd=1.0)


@pytest.mark.parametrize(
    "text",
    ["normal(0, 0)", "normal(0, -1)", "normal(nan, 1)", "normal(1e999, 1)", "normal(0)", "normal(51, 1)", "beta(1, 1)",
     "__import__('os')", "normal(0, 1) ", "normal(0,1);x", "", 3, None, ["normal(0, 1)"]],
)  # fmt: skip
def test_other_text_is_refused_with_what_was_expected(document: dict[str, Any], text: object) -> None:
    document["outcomes"][0]["prior"] = {"distribution": text}
    if text == "normal(0, 1) ":
        study_from_document(document)
        return
    with pytest.raises(StudyError, match="expected") as caught:
        study_from_document(document)
    assert caught.value.errors[0].path.startswith("outcomes[0].prior")


@given(st.floats(-4, 3), st.floats(0.05, 3), st.floats(0.5, 0.99))
def test_quantiles_of_a_normal_log_odds_give_that_normal_back(mean: float, sd: float, level: float) -> None:
    low, median, high = special.expit(stats.norm(mean, sd).ppf([(1 - level) / 2, 0.5, (1 + level) / 2]))
    fitted = elicited(low, median, high, level=level).on_scale(OutcomeKind.BINARY, 24)
    assert (fitted.mean, fitted.sd) == pytest.approx((mean, sd), rel=1e-6, abs=1e-6)


@given(st.floats(-7, -3), st.floats(0.05, 1.5), st.integers(1, 60))
def test_quantiles_of_a_normal_log_rate_give_that_normal_back(mean: float, sd: float, by: int) -> None:
    rates = np.exp(stats.norm(mean, sd).ppf([0.05, 0.5, 0.95]))
    low, median, high = -np.expm1(-rates * by)
    prior = elicited(low, median, high, by=by)
    fitted = prior.on_scale(OutcomeKind.EVENT, 600)
    assert (fitted.mean, fitted.sd) == pytest.approx((mean, sd), rel=1e-4, abs=1e-4)
    assert prior.fit_error(OutcomeKind.EVENT, 600) < 1e-4


def test_the_fit_is_least_squares_over_the_three_quantiles() -> None:
    low, median, high = 0.05, 0.2, 0.5
    z = stats.norm.ppf([0.05, 0.5, 0.95])
    design = np.column_stack([np.ones(3), z])
    expected, *_ = np.linalg.lstsq(design, special.logit([low, median, high]), rcond=None)
    fitted = elicited(low, median, high).on_scale(OutcomeKind.BINARY, 24)
    assert (fitted.mean, fitted.sd) == pytest.approx(tuple(expected))


def test_fit_error_is_the_largest_difference_in_probability() -> None:
    prior = elicited(0.05, 0.2, 0.5, by=60)
    normal = prior.on_scale(OutcomeKind.EVENT, 24)
    fitted = -np.expm1(-60 * np.exp(stats.norm(normal.mean, normal.sd).ppf([0.05, 0.5, 0.95])))
    assert prior.fit_error(OutcomeKind.EVENT, 24) == pytest.approx(np.abs(fitted - [0.05, 0.2, 0.5]).max())


def test_an_elicited_event_without_by_is_meant_by_the_horizon() -> None:
    assert elicited(0.1, 0.2, 0.35).on_scale(OutcomeKind.EVENT, 60) == elicited(0.1, 0.2, 0.35, by=60).on_scale(
        OutcomeKind.EVENT, 24
    )


def test_an_elicited_prior_may_stand_under_distribution() -> None:
    quantiles = {"low": 0.1, "median": 0.2, "high": 0.35}
    nested = Prior.model_validate({"distribution": {"probability": quantiles, "by": 12}})
    flat = Prior.model_validate({"probability": quantiles, "by": 12})
    assert nested.on_scale(OutcomeKind.EVENT, 60) == flat.on_scale(OutcomeKind.EVENT, 60)


def test_quantiles_that_no_normal_meets_are_an_error_with_both_triples(document: dict[str, Any]) -> None:
    document["outcomes"][1]["prior"] = {
        "probability": {"low": 0.01, "median": 0.9, "high": 0.95},
        "about": "typical",
    }
    with pytest.raises(StudyError, match=r"low 0\.01, median 0\.9, high 0\.95.*closest has 0\.\d+") as caught:
        study_from_document(document)
    assert caught.value.errors[0].path == "outcomes[1].prior.probability"


def test_default_priors() -> None:
    assert default_prior(OutcomeKind.BINARY, 60) == Normal(mean=0.0, sd=1.5)
    event = default_prior(OutcomeKind.EVENT, 60)
    assert -np.expm1(-60 * np.exp(event.mean)) == pytest.approx(0.5)
    assert event.sd == 2.0
