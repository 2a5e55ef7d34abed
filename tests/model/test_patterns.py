"""Seasons, drifts and breaks as motifs worked out by hand, and which indicator has which of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.patterns import FEWEST_TO_DRIFT
from forecast.model.encoding.seasons import SEASONS
from forecast.study import Period
from tests.documents import event_outcome, make_study


def encoded(periods: list[str], counts: list[int] | None = None, **changes: Any) -> EncodedStudy:
    """A study of one indicator."""
    values = counts or [1] * len(periods)
    rows = [{"period": period, "value": value} for period, value in zip(periods, values, strict=True)]
    own = {key: changes.pop(key) for key in ("season", "breaks", "factor") if key in changes}
    return encode_study(make_study(event_outcome(), indicators=[{"id": "rain", "rows": rows, **own}], **changes))


def months(count: int) -> list[str]:
    """The last months before 2020."""
    return [f"{2020 - 1 - k // 12}-{12 - k % 12:02d}" for k in reversed(range(count))]


def kinds(study: EncodedStudy) -> list[str]:
    return [pattern.kind for pattern in study.signals.patterns]


def past_course(study: EncodedStudy, kind: str) -> np.ndarray:
    """Motifs of one pattern, dims (wave, past_period)."""
    (pattern,) = (pattern for pattern in study.signals.patterns if pattern.kind == kind)
    return np.array([motif.past for motif in pattern.motifs])


def ahead_course(study: EncodedStudy, kind: str) -> np.ndarray:
    (pattern,) = (pattern for pattern in study.signals.patterns if pattern.kind == kind)
    return np.array([motif.ahead for motif in pattern.motifs])


@pytest.mark.parametrize(
    ("count", "season", "expected"),
    [
        (23, None, []),
        (24, None, ["season", "drift"]),
        (24, "none", ["drift"]),
        (12, "pooled", ["season"]),
    ],
)
def test_a_season_and_a_drift_follow_from_the_number_of_counts(
    count: int, season: str | None, expected: list[str]
) -> None:
    assert FEWEST_TO_DRIFT == 24
    assert kinds(encoded(months(count), **({"season": season} if season else {}))) == expected


def test_an_indicator_that_a_factor_drives_does_not_drift_by_itself() -> None:
    factors = [{"id": "friction", "effects": {"exit": "normal(0.5, 0.2)"}}]
    assert kinds(encoded(months(36), factor="friction", factors=factors)) == ["season"]


def test_a_study_by_years_has_no_season() -> None:
    years = [str(year) for year in range(1980, 2020)]
    assert kinds(encoded(years, period="year", horizon=5)) == ["drift"]


@pytest.mark.parametrize(("period", "count"), [("month", 36), ("quarter", 12)])
def test_parts_of_the_year_are_exchangeable_and_sum_to_zero(period: str, count: int) -> None:
    """Normal waves of spread 1: each part has the variance of one of n independent ones less their mean."""
    periods = months(count) if period == "month" else [f"{2017 + k // 4}-{3 * (k % 4) + 1:02d}" for k in range(count)]
    course = past_course(encoded(periods, period=period, horizon=8), "season")
    parts = SEASONS[Period(period)]
    assert course.shape == (parts - 1, count)
    covariance = course.T @ course
    assert covariance[:parts, :parts] == pytest.approx(np.eye(parts) - 1.0 / parts, abs=1e-12)
    assert course[:, :parts].sum(axis=1) == pytest.approx(0.0, abs=1e-12)
    assert course[:, parts : 2 * parts] == pytest.approx(course[:, :parts])


def test_the_season_goes_on_with_the_calendar() -> None:
    study = encoded(months(36))
    # As of 2020-01-01 the first period ahead is January.
    january = past_course(study, "season")[:, 0]
    assert ahead_course(study, "season")[:, 0] == pytest.approx(january)
    assert ahead_course(study, "season")[:, 12] == pytest.approx(january)


def test_weeks_of_the_year_have_one_spread_and_are_alike_if_they_are_near() -> None:
    days = [f"{year}-W{week:02d}" for year in (2017, 2018) for week in range(1, 53)]
    course = past_course(encoded(_mondays(days), period="week", horizon=8), "season")
    covariance = course.T @ course
    assert np.diag(covariance) == pytest.approx(1.0)
    assert covariance[10, 11] > 0.9
    assert covariance[10, 36] < 0.0
    assert course[:, 52:104] == pytest.approx(course[:, :52])


def _mondays(weeks: list[str]) -> list[str]:
    return [date.fromisocalendar(int(week[:4]), int(week[-2:]), 1).isoformat() for week in weeks]


def test_a_drift_is_a_random_walk_that_ends_at_zero_in_the_last_past_period() -> None:
    """Between ends of steps of three months its variance is the time to the last one."""
    course = past_course(encoded(months(36)), "drift")
    assert course[:, -1] == pytest.approx(0.0)
    covariance = course.T @ course
    ends = np.array([0, 3, 6, 30, 33])
    distance = 35 - ends
    assert covariance[np.ix_(ends, ends)] == pytest.approx(np.minimum.outer(distance, distance).astype(float))
    # Within a step it is the straight line between both ends.
    assert course[:, 4] == pytest.approx(course[:, 3] * 2 / 3 + course[:, 6] / 3)


def test_a_break_divides_what_was_before_it_from_what_is_now() -> None:
    study = encoded(months(12), breaks=["2019-04-17", "2020-03-01"])
    past, ahead = past_course(study, "breaks"), ahead_course(study, "breaks")
    assert past[0].tolist() == [-1.0] * 3 + [0.0] * 9
    assert past[1].tolist() == [0.0] * 12
    # To the month that holds the end of the horizon.
    assert ahead[0].tolist() == [0.0] * 61
    assert ahead[1].tolist() == [0.0] * 2 + [1.0] * 59
    assert study.coords["wave"] == ["rain: break 2019-04-01", "rain: break 2020-03-01"]


@pytest.mark.parametrize(
    ("counts", "is_mixed"),
    [
        ([1] * 24, True),
        ([1] * 23, False),
        ([0, 2, 1, 0, 3, 80], True),
        ([4, 3, 2, 3, 15, 2], False),
        ([0, 2, 1, 0, 800], False),
    ],
)
def test_spikes_and_idle_periods_need_counts_or_one_that_stands_out(counts: list[int], is_mixed: bool) -> None:
    study = encoded(months(len(counts)), counts)
    assert study.signals.mixed == (("rain",) if is_mixed else ())
    assert study.arrays["indicator_mixture"].tolist() == [int(is_mixed)]


def test_a_drift_begins_with_the_counts_of_its_own_indicator() -> None:
    """Steps of three months for two years, of six for seven, and none before the first count."""
    indicators = [
        {"id": name, "rows": [{"period": period, "value": 1} for period in months(count)]}
        for name, count in (("short", 24), ("long", 84))
    ]
    study = encode_study(make_study(event_outcome(), indicators=indicators))
    short, long = ([motif.label for motif in p.motifs] for p in study.signals.patterns if p.kind == "drift")
    assert short[0] == "drift 3 from 2018-01-01"
    assert (len(short), len(long)) == (8, 14)
    assert long[:2] == ["drift 6 from 2013-01-01", "drift 6 from 2013-07-01"]


def test_two_indicators_share_their_motifs() -> None:
    rows = [{"period": period, "value": 1} for period in months(24)]
    indicators = [{"id": name, "rows": rows} for name in ("a", "b")]
    arrays = encode_study(make_study(event_outcome(), indicators=indicators)).arrays
    assert arrays.lengths["wave"] == 2 * arrays.lengths["motif"]
    assert arrays["pattern_indicator"].tolist() == [0, 0, 1, 1]
