"""Log densities by the program, and the likelihood of experts against them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from forecast.errors import CancelledError
from forecast.explain.density import keep_rows, log_densities, sampled_points, with_arrays
from forecast.explain.expert_likelihood import ExpertLikelihood
from forecast.explain.runs import Fit, Runs
from forecast.explain.scaling import component_densities, data_log_likelihood
from forecast.model.encoding.encode import encode_study
from tests.categories import election
from tests.documents import event_outcome, make_study
from tests.explain.studies import opinions_study, prior_fit, trials_study

pytestmark = [pytest.mark.program]


@cache
def opinions_fit() -> Fit:
    return prior_fit(encode_study(opinions_study()), 40)


def runs_of(fit: Fit) -> Runs:
    return Runs(fit.encoded.study, 1, None, None)


def test_the_likelihood_of_trials_is_binomial() -> None:
    fit = prior_fit(encode_study(trials_study((3, 22), (1, 5))), 40)
    level = fit.values("class_level")[:, 0]
    expected = 4 * level - 27 * np.logaddexp(0, level)
    assert data_log_likelihood(runs_of(fit), fit) == pytest.approx(expected, rel=1e-9)


def test_the_likelihood_of_quiet_time_is_conditioned_where_one_must_occur() -> None:
    """Quiet for a year, at constant hazards, while one of two occurs within the five years after it: (S(a) - S(D)) / (1 - S(D))."""
    pooling = {"class_sd": 0, "case_sd": 0, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
    outcomes = [
        event_outcome(id=name, competes="end", exhaustive=True, at_risk_since="2019-01-01", pooling=pooling)
        for name in ("left", "right")
    ]
    fit = prior_fit(encode_study(make_study(*outcomes)), 40)
    hazard = np.exp(fit.values("theta")).sum(axis=1)
    expected = -12 * hazard + np.log(-np.expm1(-60 * hazard)) - np.log(-np.expm1(-72 * hazard))
    assert data_log_likelihood(runs_of(fit), fit) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_likelihood_of_a_lower_bound_is_that_of_as_many_or_more() -> None:
    threshold = {"id": "many", "title": "Many", "kind": "threshold", "indicator": "counts", "at_least": 50,
                 "resolution": {"criteria": "As counted."}}  # fmt: skip
    rows = [{"period": "2020-01", "value": 3, "known_at": "2020-01-01"}]
    study = make_study(event_outcome(), threshold, indicators=[{"id": "counts", "rows": rows}])
    fit = prior_fit(encode_study(study), 40)
    mean, shape = np.exp(fit.values("log_mean")[:, 0]), 1 / (fit.values("dispersion")[:, 0] ** 2 + 0.001)
    expected = stats.nbinom(shape, shape / (shape + mean)).logsf(2)
    assert data_log_likelihood(runs_of(fit), fit) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("expert", ["a", "b", "c"])
def test_what_an_expert_said_is_what_the_program_makes_of_his_rows(expert: str) -> None:
    fit = opinions_fit()
    arrays, place = fit.encoded.arrays, list(fit.encoded.opinions.experts).index(expert)
    others = {dim: np.asarray(arrays[f"{dim}_expert"]) != place for dim in ("judgment", "record")}
    without = with_arrays(
        arrays, **{k: v for dim, kept in others.items() for k, v in keep_rows(arrays, dim, kept).items()}
    )
    points, runs = sampled_points(fit), runs_of(fit)
    by_program = log_densities(runs, arrays, points) - log_densities(runs, without, points)
    likelihood = ExpertLikelihood(fit, runs.program)
    answered, alone = list(fit.encoded.opinions.answers), {"a": "q2", "c": "q3"}
    answers = likelihood.answers[:, answered.index(alone[expert])] if expert in alone else 0.0
    assert likelihood.of(place) - answers == pytest.approx(by_program, rel=1e-7, abs=1e-7)


def test_answers_are_bernoulli_in_the_latent_truth() -> None:
    """Whatever the truth's prior: an answer turned around changes the program's density by the truth itself."""
    fit = opinions_fit()
    arrays, runs, points = fit.encoded.arrays, runs_of(fit), sampled_points(fit)
    for place in range(arrays.lengths["answer"]):
        turned = np.array(arrays["answer_yes"])
        turned[place] = 1 - turned[place]
        other = with_arrays(arrays, answer_yes=turned)
        log_odds = log_densities(runs, with_arrays(arrays, answer_yes=np.maximum(turned, arrays["answer_yes"])), points)
        log_odds = log_odds - log_densities(
            runs, with_arrays(arrays, answer_yes=np.minimum(turned, arrays["answer_yes"])), points
        )
        sign = 1 if arrays["answer_yes"][place] else -1
        expected = log_densities(runs, arrays, points) - log_densities(runs, other, points)
        assert sign * log_odds == pytest.approx(expected)
        assert ExpertLikelihood(fit, runs.program).answers[:, place] == pytest.approx(
            -np.logaddexp(0, -sign * log_odds), abs=1e-7
        )


def test_points_that_do_not_fit_the_arrays_are_refused() -> None:
    fit = opinions_fit()
    with pytest.raises(ValueError, match="parameters; expected"):
        log_densities(runs_of(fit), fit.encoded.arrays, np.zeros((2, 3)))


def test_a_request_to_stop_is_heard_between_draws() -> None:
    fit = opinions_fit()
    runs = Runs(fit.encoded.study, 1, None, lambda: CancelledError)
    with pytest.raises(CancelledError):
        log_densities(runs, fit.encoded.arrays, sampled_points(fit))


def test_what_experts_share_on_options_belongs_to_the_part_of_experts() -> None:
    """Twice the leans of a kind of expert on options lower the part's log density by 1.5 of their squares."""
    fit = prior_fit(encode_study(election()), 40)
    leans = fit.posterior["choice_lean_z"]
    assert leans.size
    other = replace(fit, posterior=fit.posterior.assign(choice_lean_z=2 * leans))
    runs = runs_of(fit)
    found = component_densities(runs, other)["experts"] - component_densities(runs, fit)["experts"]
    assert found == pytest.approx(-1.5 * (fit.values("choice_lean_z") ** 2).sum(axis=(1, 2)))
