"""Log odds, changes and their Monte Carlo errors against what repeated simulation gives."""

from __future__ import annotations

import math

import numpy as np
import pytest

from forecast.explain.estimates import Estimated, next_step, paired_step, weighed_mean


def test_none_of_the_futures_has_the_log_odds_of_half_a_future() -> None:
    assert Estimated(0.0, 0.01, 99).log_odds == pytest.approx(math.log(0.005 / 0.995))
    assert Estimated(1.0, 0.01, 99).log_odds == pytest.approx(math.log(0.995 / 0.005))


def test_errors_of_independent_steps_add_up_on_the_log_odds() -> None:
    step = next_step(Estimated(0.5, 0.03, 1000), Estimated(0.2, 0.016, 1000))
    assert step.change == pytest.approx(math.log(4))
    assert step.change_mcse == pytest.approx(math.hypot(0.03 / 0.25, 0.016 / 0.16))


def test_errors_of_weighed_means_and_of_paired_changes_are_those_of_repetition() -> None:
    """Shares of 5 futures with probability 1 / (1 + exp(-x)), x normal, weighed to x + 0.5."""
    rng = np.random.default_rng(2)
    means, changes, steps = [], [], []
    for _ in range(400):
        x = rng.standard_normal(800)
        shares = rng.binomial(5, 1 / (1 + np.exp(-x))) / 5
        weights = np.exp(0.5 * x) / np.exp(0.5 * x).sum()
        after, before = weighed_mean(shares, weights, 4, 5), weighed_mean(shares, None, 4, 5)
        step = paired_step(after, before, 4)
        means.append(step.probability)
        changes.append(step.change)
        steps.append(step)
    assert np.mean([s.mcse for s in steps]) == pytest.approx(np.std(means), rel=0.15)
    assert np.mean([s.change_mcse for s in steps]) == pytest.approx(np.std(changes), rel=0.15)


def test_a_mean_of_nothing_but_zeros_still_has_an_error() -> None:
    found = weighed_mean(np.zeros(400), None, 4, 20).estimated
    inside = 0.5 / 8001
    assert found.probability == 0.0
    assert found.mcse == pytest.approx(math.sqrt(inside * (1 - inside) / 8000))
