"""Age bands: time is neither lost nor counted twice, and the shape of a hazard does not move its level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.model.encoding.bands import AgeBands

BANDS = AgeBands((0.0, 12.0, 36.0, 96.0))

ages = st.floats(min_value=0.0, max_value=500.0)


def test_exposure_of_a_spell_is_split_at_the_band_edges() -> None:
    assert BANDS.exposure(0.0, 40.0).tolist() == [12.0, 24.0, 4.0, 0.0]


def test_delayed_entry_leaves_out_the_time_before_it() -> None:
    assert BANDS.exposure(10.0, 20.0).tolist() == [2.0, 8.0, 0.0, 0.0]


@given(ages, ages)
def test_exposures_add_up_to_the_time_observed(one: float, other: float) -> None:
    entry, leave = sorted((one, other))
    assert BANDS.exposure(entry, leave).sum() == pytest.approx(leave - entry)


@pytest.mark.parametrize(("age", "band"), [(0.0, 0), (0.5, 0), (12.0, 0), (12.1, 1), (36.0, 1), (1000.0, 3)])
def test_an_event_on_an_edge_belongs_to_the_band_that_ends_there(age: float, band: int) -> None:
    assert BANDS.band_of(age) == band


@pytest.mark.parametrize(("age", "band"), [(0.0, 0), (11.9, 0), (12.0, 1), (36.0, 2), (96.0, 3), (500.0, 3)])
def test_the_start_of_a_band_names_that_band(age: float, band: int) -> None:
    assert BANDS.band_from(age) == band


@given(st.floats(min_value=0.01, max_value=500.0))
def test_an_event_falls_in_a_band_in_which_its_case_was_at_risk(age: float) -> None:
    assert BANDS.exposure(0.0, age)[BANDS.band_of(age)] > 0


def test_middles_stand_for_bands_and_the_open_one_gets_half_the_width_before() -> None:
    assert BANDS.representative_ages.tolist() == [6.0, 24.0, 66.0, 126.0]


def test_trend_and_wiggle_leave_the_mean_log_rate_alone() -> None:
    assert BANDS.log_ages.sum() == pytest.approx(0.0)
    assert BANDS.walk.sum(axis=0) == pytest.approx(np.zeros(3))


def test_walk_steps_are_the_differences_between_neighbouring_bands() -> None:
    steps = np.array([0.3, -1.0, 2.0])
    assert np.diff(BANDS.walk @ steps) == pytest.approx(steps)


def test_a_single_band_has_no_shape() -> None:
    single = AgeBands((0.0,))
    assert single.log_ages.tolist() == [0.0]
    assert single.walk.shape == (1, 0)
    assert single.exposure(3.0, 10.0).tolist() == [7.0]
