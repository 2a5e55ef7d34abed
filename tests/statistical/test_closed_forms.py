"""Whole forecasts against answers that need no sampler: one-dimensional integrals and known distributions.

Tolerances are four Monte Carlo standard errors; the integrals are exact to many more digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from forecast.model.constants import LEAST_VARIANCE
from forecast.model.encoding.signals import DISPERSION_SCALE, LOG_MEAN_SD
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.study import Study
from tests.documents import binary_outcome, event_outcome, make_study
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

SAMPLER = sized(
    {"draws": 1000, "tune": 600, "chains": 4, "seed": 1},
    {"draws": 1000, "tune": 300, "chains": 2, "target_accept": 0.8, "seed": 1},
)
"""Four standard errors of a probability are 0.01 to 0.03 with the smaller one."""
OF_MANY_CASES = sized(SAMPLER, {**SAMPLER, "draws": 500})
"""Where the error of the cases is far larger than that of the draws."""
LEFT = {"event_value": {"exit": "left"}}


def sampled_study(*outcomes: dict[str, Any], **changes: Any) -> Study:
    return make_study(*outcomes, **{"sampler": SAMPLER, **changes})


def posterior_mean(f: object, log_likelihood: object, prior: object) -> float:
    """Mean of f over a one-dimensional posterior, by adaptive quadrature."""

    def density(x: float) -> float:
        return float(np.exp(log_likelihood(x) + prior.logpdf(x)))  # type: ignore[operator, attr-defined]

    low, high = prior.mean() - 8 * prior.std(), prior.mean() + 8 * prior.std()  # type: ignore[attr-defined]
    points = np.linspace(low, high, 60)[1:-1].tolist()
    total = quad(density, low, high, points=points, limit=400)[0]
    return quad(lambda x: density(x) * f(x), low, high, points=points, limit=400)[0] / total  # type: ignore[operator, no-any-return]


def assert_close(forecast: ComputedForecast, outcome: str, exact: float) -> None:
    found = next(o for o in forecast.answer.outcomes if o.id == outcome)
    assert abs(found.probability - exact) < 4 * found.mcse


def test_a_study_with_only_a_prior_gives_the_prior_back() -> None:
    forecast = compute_forecast(sampled_study(event_outcome(prior={"distribution": "normal(-4, 0.8)"})))
    prior = stats.norm(-4, 0.8)
    exact = posterior_mean(lambda x: 1 - np.exp(-60 * np.exp(x)), lambda _: 0.0, prior)
    assert_close(forecast, "exit", exact)
    interval = forecast.answer.outcomes[0].interval
    quantiles = 1 - np.exp(-60 * np.exp(prior.ppf([0.05, 0.95])))
    assert [interval.low, interval.high] == pytest.approx(quantiles, abs=0.03)


def test_an_elicited_probability_comes_back_as_the_interval_that_was_stated() -> None:
    statement = {"probability": {"median": 0.3, "low": 0.1, "high": 0.68, "level": 0.9}, "by": 60}
    forecast = compute_forecast(sampled_study(event_outcome(prior=statement)))
    outcome = forecast.answer.outcomes[0]
    assert [outcome.interval.low, outcome.interval.high] == pytest.approx([0.1, 0.68], abs=0.04)
    assert outcome.median == pytest.approx(0.3, abs=0.03)
    assert outcome.stated is not None
    assert (outcome.stated.median, outcome.stated.about) == (0.3, "present")


def test_events_over_time_at_risk_and_an_event_free_history_give_the_exact_posterior() -> None:
    """Log rate ~ Normal(-3, 1); 4 events in 200 periods of others, none in our own 24: Poisson(4 | 224 rate)."""
    study = sampled_study(
        event_outcome(at_risk_since="2018-01-01", reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": [{"exposure": 200, "events": 4}]}],
    )
    forecast = compute_forecast(study)
    exact = posterior_mean(lambda x: 1 - np.exp(-60 * np.exp(x)), lambda x: 4 * x - 224 * np.exp(x), stats.norm(-3, 1))
    assert_close(forecast, "exit", exact)


def test_a_change_in_the_past_acts_in_the_history_and_one_ahead_moves_what_base_rates_say() -> None:
    """24 quiet months, of which the rate was three times as high in the last 12 and is for 18 more; then it is halved."""
    study = sampled_study(
        event_outcome(at_risk_since="2018-01-01", reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": [{"exposure": 200, "events": 4}]}],
        changes=[
            {"outcome": "exit", "from": "2019-01-02", "to": "2021-07-02", "log_ratio": float(np.log(3))},
            {"outcome": "exit", "from": "2021-07-02", "log_ratio": float(-np.log(2))},
        ],
    )
    quiet, ahead = 200 + 12 + 12 * 3, 18 * 3 + 42 / 2
    exact = posterior_mean(
        lambda x: 1 - np.exp(-ahead * np.exp(x)), lambda x: 4 * x - quiet * np.exp(x), stats.norm(-3, 1)
    )
    assert_close(compute_forecast(study), "exit", exact)


def test_a_weight_of_one_half_counts_a_case_half() -> None:
    rows = [{"id": str(k), "duration": 10, "event": "left", "weight": 0.5} for k in range(6)]
    study = sampled_study(
        event_outcome(reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, **LEFT}],
    )
    exact = posterior_mean(lambda x: 1 - np.exp(-60 * np.exp(x)), lambda x: 3 * x - 30 * np.exp(x), stats.norm(-3, 1))
    assert_close(compute_forecast(study), "exit", exact)


def test_a_binary_outcome_gives_the_exact_logit_normal_posterior() -> None:
    study = sampled_study(
        binary_outcome(reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": [{"id": "a", "successes": 3, "trials": 22}]}],
    )
    exact = posterior_mean(lambda x: 1 / (1 + np.exp(-x)), lambda x: 3 * x - 22 * np.logaddexp(0, x), stats.norm(-1, 1))
    assert_close(compute_forecast(study), "agreement", exact)


def test_competing_outcomes_share_their_exits_as_two_integrals_say() -> None:
    study = sampled_study(
        event_outcome(id="exit", competes="end", prior={"distribution": "normal(-4, 0.6)"}),
        event_outcome(id="conversion", competes="end", prior={"distribution": "normal(-3.5, 0.6)"}),
    )
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    a, b = np.exp(-4 + 0.6 * nodes)[:, None], np.exp(-3.5 + 0.6 * nodes)[None, :]
    incidence = a / (a + b) * (1 - np.exp(-60 * (a + b)))
    exact = float(weights @ incidence @ weights)
    assert_close(compute_forecast(study), "exit", exact)


def test_a_study_of_thresholds_alone_gives_what_the_negative_binomial_says() -> None:
    """No outcome has a level, so the program's blocks of outcomes and bands are empty; the counts are all there is."""
    counts = (3, 2, 3, 15)
    document = sampled_study(
        {"id": "outbreak", "title": "A month reaches 20", "kind": "threshold", "indicator": "cases", "at_least": 20}
        | {"resolution": {"criteria": "The bulletin says so."}},
        as_of="2020-01-21",
        horizon=8,
        indicators=[
            {
                "id": "cases",
                "rows": [{"period": f"2019-{9 + k:02d}", "value": value} for k, value in enumerate(counts)],
            }
        ],
    )
    log_mean, dispersion = np.meshgrid(np.linspace(-12, 12, 801), np.linspace(0.0005, 3.5, 500), indexing="ij")
    form = 1 / (dispersion**2 + LEAST_VARIANCE)
    share = form / (form + np.exp(log_mean))
    density = stats.norm.logpdf(log_mean, 0, LOG_MEAN_SD) + stats.halfnorm.logpdf(dispersion, scale=DISPERSION_SCALE)
    density += sum(stats.nbinom.logpmf(count, form, share) for count in counts)
    weights = np.exp(density - density.max())
    weights /= weights.sum()
    below = stats.nbinom.cdf(19, form, share)
    forecast = compute_forecast(document)
    found = forecast.answer.outcomes[0]
    # The horizon goes from the 21st to the 21st: so many whole months, and the part of the next one up to that day.
    for periods, part in ((1, 21 / 29), (2, 21 / 31), (8, 21 / 30)):
        before = stats.nbinom.cdf(19, form, form / (form + part * np.exp(log_mean)))
        exact = float((weights * (1 - below**periods * before)).sum())
        assert abs(found.horizon[periods - 1].probability - exact) < 4 * found.mcse
    assert set(forecast.figures) >= {"horizon", "trace", "rank", "indicator-cases"}
    assert [panel["text"] for panel in forecast.figures["trace"]["layout"]["annotations"]] == ["cases"]


def test_delayed_entry_recovers_the_rate_that_ignoring_it_would_miss() -> None:
    """Spells with a constant rate, seen only from age 24 on: those that ended earlier are not in the table."""
    rng = np.random.default_rng(8)
    lives = rng.exponential(40, 4000)
    seen = lives[lives > 24][:800]
    rows = [
        {"id": str(k), "entry": 24, "duration": round(float(life), 6), "event": "left"} for k, life in enumerate(seen)
    ]
    study = sampled_study(
        event_outcome(reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, **LEFT}],
        sampler=OF_MANY_CASES,
    )
    forecast = compute_forecast(study)
    (group,) = forecast.answer.outcomes[0].reference.classes
    error = (1 / 40) / np.sqrt(len(seen))
    assert abs(group.rate_or_probability - 1 / 40) < 4 * error
    ignoring = len(seen) / seen.sum()
    assert abs(ignoring - 1 / 40) > 8 * error


def test_a_weibull_hazard_is_recovered_over_age_bands() -> None:
    """Shape 0.6, scale 80, censored at 120: the model's own probability of having left against the true curve."""
    rng = np.random.default_rng(9)
    lives = 80 * rng.weibull(0.6, 1500)
    rows = [
        {"id": str(k), "duration": round(float(min(life, 120)), 6), "event": "left" if life <= 120 else "stayed"}
        for k, life in enumerate(np.maximum(lives, 0.01))
    ]
    pooling = {"class_sd": 0, "case_sd": 0, "trend_sd": 1, "wiggle_sd": 0.5, "age_bands": [0, 1, 3, 6, 12, 24, 48, 84]}
    study = sampled_study(
        event_outcome(pooling=pooling, reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, **LEFT}],
        sampler=OF_MANY_CASES,
    )
    forecast = compute_forecast(study)
    for period in (3, 12, 24, 48, 60):
        exact = stats.weibull_min(0.6, scale=80).cdf(period)
        point = forecast.answer.outcomes[0].horizon[period - 1]
        # Four standard errors of the 1500 lives themselves; within a band the fitted hazard is a step.
        assert abs(point.probability - exact) < 4 * np.sqrt(exact * (1 - exact) / 1500)
