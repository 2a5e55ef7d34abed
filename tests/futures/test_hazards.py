"""Exact probabilities of each draw against closed forms of survival analysis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from forecast.futures.hazards import cumulative_incidence, probability_by_resolution
from tests.futures.present import make_present


def test_one_constant_hazard_gives_the_exponential_distribution() -> None:
    present = make_present([[0.03] * 60])
    incidence = cumulative_incidence(present)[0, 0]
    assert incidence == pytest.approx(1 - np.exp(-0.03 * np.arange(1, 61)))


def test_competing_constant_hazards_share_the_exits_in_proportion() -> None:
    present = make_present([[0.02] * 40, [0.06] * 40], groups=[0, 0])
    incidence = cumulative_incidence(present)[0]
    everything = 1 - np.exp(-0.08 * np.arange(1, 41))
    assert incidence[0] == pytest.approx(everything * 0.25)
    assert incidence[1] == pytest.approx(everything * 0.75)


def test_changing_competing_hazards_agree_with_numerical_integration() -> None:
    a, b = np.array([0.5, 0.1, 0.3]), np.array([0.2, 0.7, 0.05])
    present = make_present([a, b], groups=[0, 0])

    def density(t: float) -> float:
        whole = int(min(t, 2.999999))
        total = a + b
        survival = np.exp(-(total[:whole].sum() + total[whole] * (t - whole)))
        return float(a[whole] * survival)

    exact = sum(quad(density, h, h + 1)[0] for h in range(3))
    assert cumulative_incidence(present)[0, 0, 2] == pytest.approx(exact, rel=1e-9)


def test_outcomes_without_a_common_label_do_not_compete() -> None:
    present = make_present([[0.05] * 10, [5.0] * 10])
    assert cumulative_incidence(present)[0, 0, -1] == pytest.approx(1 - np.exp(-0.5))


def test_a_date_inside_a_period_counts_the_part_before_it() -> None:
    present = make_present([[0.1] * 10, [0.3] * 10], groups=[0, 0], resolves=[4.25, 0.5])
    by = probability_by_resolution(present, cumulative_incidence(present))[0]
    assert by[0] == pytest.approx(0.25 * (1 - np.exp(-0.4 * 4.25)))
    assert by[1] == pytest.approx(0.75 * (1 - np.exp(-0.4 * 0.5)))


def test_a_binary_outcome_steps_up_in_the_period_of_its_resolution() -> None:
    present = make_present([[0.0] * 6], yes={0: 0.3}, resolves=[3.5])
    assert cumulative_incidence(present)[0, 0].tolist() == pytest.approx([0.0, 0.0, 0.0, 0.3, 0.3, 0.3])
    assert probability_by_resolution(present, cumulative_incidence(present))[0].tolist() == pytest.approx([0.3])


def test_a_hazard_of_zero_never_happens_and_divides_by_nothing() -> None:
    present = make_present([[0.0] * 5, [0.0] * 5], groups=[0, 0])
    assert cumulative_incidence(present).max() == 0.0
