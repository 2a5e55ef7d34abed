"""How numbers read: no more digits than their error supports, a unit always."""

from __future__ import annotations

from datetime import date

import pytest

from api.pages.shared.bars import PROBABILITY, scale_of_ratios
from forecast.answer import Confidence, Interval, IntervalError
from forecast.wording import numbers
from forecast.wording.confidence import confidence_level


def plain(text: str) -> str:
    return text.replace(numbers.NO_BREAK_SPACE, " ")


@pytest.mark.parametrize(
    ("probability", "mcse", "shown"),
    [
        (0.4137, 0.006, "41 %"),
        (0.4137, 0.0008, "41.4 %"),
        (0.4137, None, "41 %"),
        (0.0712, 0.002, "7 %"),
        (0.0041, 0.002, "0.4 %"),
        (0.00099, 0.0002, "<0.1 %"),
        (0.0, 0.0, "0 %"),
        (0.0, 0.0001, "<0.1 %"),
        (0.9949, 0.002, "99.5 %"),
        (0.9996, 0.0002, ">99.9 %"),
        (1.0, 0.0, "100 %"),
        (1.0, 0.0001, ">99.9 %"),
    ],
)
def test_a_probability_shows_what_its_error_supports(probability: float, mcse: float | None, shown: str) -> None:
    assert plain(numbers.percent(probability, mcse)) == shown


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(0.41, 0.897, "41–90 %"), (0.0, 0.0031, "<0.1–0.3 %"), (0.0, 0.0002, "<0.1 %")]
)
def test_an_interval_names_its_unit_once(low: float, high: float, shown: str) -> None:
    assert plain(numbers.percent_range(Interval(low=low, high=high), 0.005)) == shown


@pytest.mark.parametrize(
    ("low", "high", "mcse", "shown"),
    [
        (0.004, 0.005, 0.004, ""),
        (0.004, 0.0061, 0.004, "±0.4, ±0.6 pp"),
        (0.008, 0.0081, 0.004, "±0.8 pp"),
        (0.013, 0.004, 0.004, "±1, ±0.4 pp"),
        (0.0004, 0.0004, 0.0008, ""),
        (0.002, 0.002, 0.0008, "±0.2 pp"),
    ],
)
def test_errors_of_ends_are_said_where_rounding_does_not_hide_them(
    low: float, high: float, mcse: float, shown: str
) -> None:
    assert plain(numbers.ends_error(IntervalError(low=low, high=high), mcse)) == shown


def test_a_forecast_without_errors_of_ends_says_none() -> None:
    assert numbers.ends_error(None, 0.004) == ""


@pytest.mark.parametrize(
    ("low", "high", "level"),
    [
        (0.02, 0.17, "high"),
        (0.0, 0.25, "high"),
        (0.21, 0.57, "moderate"),
        (0.0, 0.5, "moderate"),
        (0.002, 0.946, "low"),
    ],
)
def test_confidence_goes_by_the_width_of_the_interval(low: float, high: float, level: Confidence) -> None:
    assert confidence_level(Interval(low=low, high=high)) == level


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(0.00653, 2, "0.0065"), (12.3, 2, "12"), (1234.5, 2, "1,234"), (0.0, 2, "0"), (None, 2, "–"), (-0.08, 2, "−0.080"),
     (1.2e-7, 2, "1.2e−7"), (float("inf"), 2, "–")],
)  # fmt: skip
def test_a_number_shows_its_significant_digits(value: float | None, digits: int, shown: str) -> None:
    assert numbers.significant(value, digits) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.314, "+0.31"), (-0.196, "−0.20"), (0.004, "0.00"), (-0.004, "0.00"), (2.0, "+2.00")]
)
def test_a_change_has_its_sign_unless_it_is_too_small_to_show(value: float, shown: str) -> None:
    assert numbers.signed(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(-0.004, "0.00"), (0.0, "0.00"), (-0.006, "−0.01"), (1234.5, "1,234.50")])
def test_a_zero_has_no_sign(value: float, shown: str) -> None:
    assert numbers.fixed(value, 2) == shown


@pytest.mark.parametrize(
    ("period", "shown"),
    [("day", "1 Jul 2021"), ("week", "1 Jul 2021"), ("month", "Jul 2021"), ("quarter", "2021 Q3"), ("year", "2021/22")],
)
def test_a_natural_period_is_named_by_what_it_is(period: str, shown: str) -> None:
    assert numbers.past_period(date(2021, 7, 1), period) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0002, "<1 ms"),
        (0.0214, "21 ms"),
        (5.61, "5.6 s"),
        (59.6, "1 min"),
        (200.0, "3 min 20 s"),
        (7500.0, "2 h 5 min"),
    ],
)
def test_a_length_of_time_reads_as_one(seconds: float, shown: str) -> None:
    assert plain(numbers.duration(seconds)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(3.0, "just now"), (61.0, "1 minute ago"), (7300.0, "2 hours ago"), (260_000.0, "3 days ago")],
)
def test_an_age_reads_as_one(seconds: float, shown: str) -> None:
    assert plain(numbers.age(seconds)) == shown


def test_a_bar_lies_on_the_scale_of_its_numbers() -> None:
    bar = PROBABILITY.bar(0.25, Interval(low=0.1, high=1.0), "a label")
    assert (bar.low, bar.estimate, bar.high) == ("10.00%", "25.00%", "100.00%")


def test_ratios_are_drawn_around_one_however_small_they_are() -> None:
    interval = Interval(low=0.99, high=1.01)
    bar = scale_of_ratios([interval]).bar(1.0, interval, "a label")
    assert bar.reference == bar.estimate == "50.00%"
    assert 48 < float(bar.low.rstrip("%")) < 50
