"""Scoring rules against numbers worked out by hand, and what makes them proper."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest

from forecast.timeline.scores import FLOOR, brier, log_score, time_averaged_brier

START = date(2021, 1, 1)


def test_certainty_scores_best_and_worst() -> None:
    assert [brier(p, happened=True) for p in (1.0, 0.0, 0.5)] == [0.0, 1.0, 0.25]
    assert log_score(0.8, happened=True) == pytest.approx(-math.log(0.8))
    assert log_score(0.8, happened=False) == pytest.approx(-math.log(0.2))
    assert log_score(0.0, happened=True) == pytest.approx(-math.log(FLOOR))


@pytest.mark.parametrize("rule", [brier, log_score])
@pytest.mark.parametrize("truth", [0.1, 0.37, 0.8])
def test_nothing_scores_better_on_average_than_the_truth(rule: object, truth: float) -> None:
    said = np.linspace(0.01, 0.99, 99)
    expected = [truth * rule(p, happened=True) + (1 - truth) * rule(p, happened=False) for p in said]  # type: ignore[operator]
    assert said[int(np.argmin(expected))] == pytest.approx(truth)


def test_each_day_counts_with_what_was_said_last() -> None:
    """Ten days at 0.2 and thirty at 0.6, of something that happened."""
    said = [(START, 0.2), (START + timedelta(days=10), 0.6)]
    end = START + timedelta(days=40)
    assert time_averaged_brier(said, end, happened=True) == pytest.approx((10 * 0.64 + 30 * 0.16) / 40)
    assert time_averaged_brier(said, START + timedelta(days=10), happened=True) == pytest.approx(0.64)
    assert time_averaged_brier(said, START, happened=True) is None
    assert time_averaged_brier([], end, happened=True) is None
