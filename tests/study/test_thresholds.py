"""Threshold outcomes: their windows, what counts have decided, and what cannot be asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Study, resolve_observations, settled_outcomes, study_from_document, with_as_of
from forecast.study.arriving.comparison import is_same_question
from forecast.study.checks.questions import questions
from forecast.study.rows.thresholds import window_periods
from tests.documents import document


def threshold(**changes: Any) -> dict[str, Any]:
    return {
        "id": "many",
        "title": "Many",
        "kind": "threshold",
        "indicator": "cases",
        "resolution": {"criteria": "As counted."},
        **({} if "at_most" in changes else {"at_least": 20}),
        **changes,
    }


def study(outcome: dict[str, Any], counts: dict[str, Any] | None = None, **changes: Any) -> Study:
    """Counts by month; a tuple is value and exposure."""
    rows = [
        {"period": month, "value": value[0], "exposure": value[1]}
        if isinstance(value, tuple)
        else {"period": month, "value": value, "exposure": None}
        for month, value in (counts or {"2023-06": 1}).items()
    ]
    indicators = [{"id": "cases", "rows": rows}, {"id": "deaths", "rows": [{"period": "2023-12", "value": 9}]}]
    given = {"as_of": "2024-01-21", "horizon": 8, "indicators": indicators, **changes}
    return study_from_document(document(outcome, **given))


def by(day: str) -> dict[str, str]:
    return {"criteria": "As counted.", "by": day}


def months(found: Study) -> tuple[str, str]:
    periods = window_periods(found, found.outcomes[0], resolve_observations(found))
    return f"{periods[0][0]:%Y-%m}", f"{periods[-1][0]:%Y-%m}"


def decided(outcome: dict[str, Any], counts: dict[str, Any], **changes: Any) -> str | None:
    found = settled_outcomes(study(outcome, counts, **changes)).get("many")
    return None if found is None else found.resolution


@pytest.mark.parametrize(
    ("changes", "counts", "expected"),
    [
        ({}, {"2023-12": 3}, ("2024-01", "2024-09")),
        ({"resolution": by("2024-06-15")}, {"2023-12": 3}, ("2023-12", "2024-06")),
        ({"resolution": by("2024-06-15")}, {"2023-11": 3}, ("2024-01", "2024-06")),
        ({"resolution": by("2024-06-15")}, {"2023-12": (3, 0.5)}, ("2024-01", "2024-06")),
        ({"resolution": by("2024-06-15")}, {"2023-12": (20, 0.5)}, ("2023-12", "2024-06")),
        ({"window": {"run": 3}}, {"2023-12": 3}, ("2023-11", "2024-09")),
        ({"window": {"run": 3}, "resolution": by("2024-06-30")}, {"2023-12": 3}, ("2023-10", "2024-06")),
        ({"window": {"since": "2023-05-01"}}, {}, ("2023-05", "2024-09")),
        ({"window": {"period": "2024-03"}}, {}, ("2024-03", "2024-03")),
    ],
)
def test_where_a_window_begins_and_ends(
    changes: dict[str, Any], counts: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert months(study(threshold(**changes), counts)) == expected


JUNE = by("2024-06-30")
SINCE = {"since": "2023-10-01"}
DECIDED: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "passed in the last month": ({"resolution": JUNE}, {"2023-12": 55}, "yes"),
    "passed before it": ({"resolution": JUNE}, {"2023-11": 55, "2023-12": 3}, None),
    "passed in a window": ({"window": SINCE}, {"2023-11": 55, "2023-12": 3}, "yes"),
    "passed in the running month": ({}, {"2024-01": (20, 0.65)}, "yes"),
    "not yet in the running month": ({}, {"2024-01": (19, 0.65)}, None),
    "the running month is above": ({"at_most": 5, "window": {"period": "2024-01"}}, {"2024-01": (6, 0.65)}, "no"),
    "a quiet month of a window": ({"at_most": 5, "window": SINCE}, {"2023-11": 5}, "yes"),
    "a part of a quiet month": ({"at_most": 5, "window": SINCE}, {"2023-11": (5, 0.5)}, None),
    "a total that is reached": ({"window": {**SINCE, "total": True}}, {"2023-11": 12, "2024-01": (8, 0.5)}, "yes"),
    "a total that is exceeded": ({"at_most": 19, "window": {**SINCE, "total": True}}, {"2023-11": 20}, "no"),
    "a total that is not": ({"at_most": 20, "window": {**SINCE, "total": True}}, {"2023-11": 20}, None),
    "a run that is whole": ({"window": {**SINCE, "run": 2}}, {"2023-11": 20, "2023-12": 21}, "yes"),
    "a run that goes on": ({"window": {**SINCE, "run": 3}}, {"2023-11": 20, "2023-12": 21}, None),
    "a run with a gap": ({"window": {**SINCE, "run": 2}}, {"2023-10": 30, "2023-12": 21}, None),
    "a sum of two": ({"indicator": ["cases", "deaths"], "window": SINCE}, {"2023-12": 11}, "yes"),
    "a sum of two below": ({"indicator": ["cases", "deaths"], "window": SINCE}, {"2023-12": 10}, None),
    "a month that is over": ({"window": {"period": "2023-12"}}, {"2023-12": 19}, "no"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "counts", "expected"), DECIDED.values(), ids=DECIDED)
def test_what_is_counted_decides(changes: dict[str, Any], counts: dict[str, Any], expected: str | None) -> None:
    assert decided(threshold(**changes), counts) == expected


def test_what_a_row_says_goes_before_the_counts() -> None:
    rows = {"rows": [{"outcome": "many", "resolution": "no", "on": "2024-01-10"}]}
    assert decided(threshold(), {"2024-01": (30, 0.65)}, resolutions=rows) == "no"
    rows["rows"][0]["resolution"] = "annulled"
    assert decided(threshold(), {"2024-01": (30, 0.65)}, resolutions=rows) is None


def test_a_window_stays_where_it_began_when_time_goes_on() -> None:
    found = study(threshold(resolution=JUNE), {"2023-12": 19, "2024-01": 30})
    later = with_as_of(found, date(2024, 3, 5))
    assert later.outcomes[0].window.since == date(2023, 12, 1)
    assert settled_outcomes(later)["many"].on == date(2024, 1, 31)
    assert is_same_question(found, later)
    rolling = with_as_of(study(threshold(), {"2023-12": 19}), date(2024, 3, 5))
    assert rolling.outcomes[0].window.since is None, "without a date the horizon rolls on"


def test_what_has_happened_by_the_last_count_is_told_with_what_to_write_instead() -> None:
    found = study(threshold(resolution=JUNE), {"2023-11": 40, "2023-12": 55})
    (asked,) = [text for name, text in questions(found) if name == "happened"]
    assert "`window: {since: 2024-01-01}`" in asked
    again = study(threshold(resolution=JUNE, window={"since": "2024-01-01"}), {"2023-11": 40, "2023-12": 55})
    assert settled_outcomes(again) == {}
    assert "before_window" not in dict(questions(again)), "it was said where the window begins"
    (asked,) = [
        text for name, text in questions(study(threshold(), {"2023-11": 40, "2023-12": 55})) if name == "before_window"
    ]
    assert "2023-11-01 (40), 2023-12-01 (55) had at least 20, before the window" in asked


def test_months_of_a_window_that_nobody_counted_are_named() -> None:
    """By indicator, those that are over alone; the running month is to come."""

    def found(changes: dict[str, Any], counts: dict[str, Any]) -> list[str]:
        return [text for name, text in questions(study(threshold(**changes), counts)) if name == "uncounted"]

    (asked,) = found({"window": SINCE}, {"2023-11": 3})
    assert (
        "many: its window holds the months of 2023-10-01, 2023-12-01, which are over, and of which no count of cases"
        in asked
    )
    assert found({"window": SINCE}, {"2023-10": 0, "2023-11": 3, "2023-12": 0}) == []
    (asked,) = found({"window": {"since": "2023-01-01"}}, {"2023-12": 3})
    assert "2023-07-01, 2023-08-01, 2023-09-01, 2023-10-01, 2023-11-01 and 6 earlier ones" in asked
    (asked,) = found({"window": {"run": 3}}, {"2023-12": 3})
    assert "2023-11-01" in asked
    both = found({"indicator": ["cases", "deaths"], "window": {"since": "2023-11-01"}}, {"2023-11": 3})
    assert ["2023-12-01" in text for text in both] == [True, False]
    assert ["no count of cases" in both[0], "no count of deaths" in both[1]] == [True, True]
    assert found({}, {"2023-06": 1}) == []


def test_a_date_inside_a_period_is_told() -> None:
    said = [
        text
        for changes in ({}, {"at_most": 3})
        for name, text in questions(study(threshold(resolution=by("2024-06-15"), **changes)))
        if name == "part_of_period"
    ]
    assert "of it the part up to that day counts" in said[0]
    assert "only whole months show" in said[1]


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "neither": ({"at_least": None}, "at_least", "needs at_least, or at_most"),
    "both": ({"at_most": 3, "at_least": 4}, "at_most", "expected one of them"),
    "two forms": ({"window": {"total": True, "run": 2, "since": "2024-01-01"}}, "window", "total and run in one window"),
    "period and since": ({"window": {"period": "2024-03", "since": "2024-01-01"}}, "window", "since beside period"),
    "a total without beginning": ({"window": {"total": True}}, "window", "a total without its first day"),
    "since inside a period": ({"window": {"since": "2024-01-15"}}, "window.since", "2024-01-01, or that of the next one, 2024-02-01"),
    "since after the date": ({"window": {"since": "2025-01-01"}}, "window.since", "is after 2024-09-21"),
    "no such period": ({"window": {"period": "2024"}}, "window.period", "is not a month"),
    "a period beyond": ({"window": {"period": "2024-12"}}, "window.period", "after the end of the horizon"),
    "a period with another date": ({"window": {"period": "2024-03"}, "resolution": by("2024-03-15")}, "resolution.by", "ends on 2024-03-31"),
    "a period that is over": ({"window": {"period": "2023-10"}}, "window.period", "is not after the as-of date"),
    "a run too long": ({"window": {"run": 9, "since": "2024-02-01"}}, "window", "holds 8 month periods; expected at least 9"),
    "no whole month": ({"at_most": 3, "at_least": None, "resolution": by("2024-01-25")}, "window", "holds 0 whole month periods"),
    "unknown indicator": ({"indicator": ["cases", "case"]}, "indicator", "did you mean 'cases'"),
    "twice": ({"indicator": ["cases", "cases"]}, "indicator", "named twice"),
    "out of reach": ({"at_least": 1_000_001}, "at_least", "expected at most 1e+06"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "path", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_asked_is_one_error(changes: dict[str, Any], path: str, words: str) -> None:
    outcome = {key: value for key, value in {**threshold(at_least=20), **changes}.items() if value is not None}
    with pytest.raises(StudyError) as caught:
        study(outcome, {"2023-11": 3})
    (error,) = caught.value.errors
    assert error.path == f"outcomes[0].{path}"
    assert words in error.message
