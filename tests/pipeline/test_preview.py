"""What priors alone imply, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit

from forecast.pipeline.preview import PRIOR_DRAWS, preview_priors
from forecast.study import load_study
from priors import study_path
from tests.documents import binary_outcome, event_outcome, make_study

pytestmark = pytest.mark.program

EXACT: dict[str, Any] = {"class_sd": 0, "case_sd": 0}
ERROR = 4 / np.sqrt(PRIOR_DRAWS)
"""Four standard errors of a quantile or mean on the scale of one standard deviation, at most."""


def test_a_binary_outcome_has_the_probability_of_its_prior() -> None:
    prior = {"distribution": "normal(-0.5, 0.8)", "source": "s", "rationale": "r"}
    curves = preview_priors(make_study(binary_outcome(prior=prior, pooling=EXACT)))
    (outcome,) = curves.outcomes
    mean = quad(lambda z: expit(-0.5 + 0.8 * z) * stats.norm.pdf(z), -8, 8)[0]
    assert outcome.probability == pytest.approx(mean, abs=0.5 * ERROR)
    low, high = expit(-0.5 + 0.8 * stats.norm.ppf([0.05, 0.95]))
    assert (outcome.interval.low, outcome.interval.high) == pytest.approx((low, high), abs=0.5 * ERROR)


def test_an_event_grows_with_its_rate_whatever_the_evidence() -> None:
    pooling = {**EXACT, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
    prior = {"distribution": "normal(-3.5, 0.6)", "source": "s", "rationale": "r"}
    rows = [{"id": f"c{k}", "duration": 2, "event": 1} for k in range(50)]
    classes = [{"id": "past", "outcome": "exit", "rows": rows}]
    curves = preview_priors(make_study(event_outcome(prior=prior, pooling=pooling), reference_classes=classes))
    (outcome,) = curves.outcomes
    for point in (outcome.horizon[5], outcome.horizon[-1]):
        exact = quad(lambda z, h=point.period: -np.expm1(-h * np.exp(-3.5 + 0.6 * z)) * stats.norm.pdf(z), -8, 8)[0]
        assert point.probability == pytest.approx(exact, abs=0.5 * ERROR)
        low, high = -np.expm1(-point.period * np.exp(-3.5 + 0.6 * stats.norm.ppf([0.05, 0.95])))
        assert (point.low, point.high) == pytest.approx((low, high), abs=0.5 * ERROR)


def test_every_kind_of_outcome_of_a_whole_study_is_shown() -> None:
    study = load_study(study_path("karabakh-2021"))
    curves = preview_priors(study)
    assert [outcome.id for outcome in curves.outcomes] == [outcome.id for outcome in study.outcomes]
    assert all(0 <= outcome.interval.low <= outcome.interval.high <= 1 for outcome in curves.outcomes)
    assert curves.figure["layout"]["meta"]["caption"]
    again = preview_priors(study)
    assert [found.probability for found in again.outcomes] == [found.probability for found in curves.outcomes]
