"""Seasons and breaks that an indicator can't have."""

from __future__ import annotations

from typing import Any

import pytest

from forecast.errors import StudyError
from tests.documents import event_outcome, make_study

ROWS = [{"period": f"2019-{month:02d}", "value": 1} for month in range(3, 13)]


def messages(**changes: Any) -> str:
    study_changes = {key: changes.pop(key) for key in ("period", "horizon") if key in changes}
    rows = changes.pop("rows", ROWS)
    with pytest.raises(StudyError) as error:
        make_study(event_outcome(), indicators=[{"id": "rain", "rows": rows, **changes}], **study_changes)
    return str(error.value)


def test_a_season_needs_a_year_of_parts() -> None:
    found = messages(season="pooled", period="year", horizon=3, rows=[{"period": "2018", "value": 1}])
    assert "indicators[0].season" in found
    assert "a season by year; expected a study by week, month or quarter" in found


@pytest.mark.parametrize("day", ["2019-03-31", "2018-12-01"])
def test_a_break_leaves_a_level_that_was_counted(day: str) -> None:
    found = messages(breaks=["2019-06-01", day])
    assert "indicators[0].breaks[1]" in found
    assert f"a break on {day}, and the first count is of the period that begins on 2019-03-01" in found


def test_a_period_has_one_break() -> None:
    assert "a break on 2019-06-30 in the same period as that on 2019-06-01" in messages(
        breaks=["2019-06-01", "2019-06-30"]
    )


def test_other_words_for_a_season_are_refused() -> None:
    assert "season" in messages(season="monthly")
