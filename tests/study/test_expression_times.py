"""Times inside expressions: what lies outside the forecast, and what can never be true, is refused with the reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Calendar, Period, parse_expression, study_from_document, time_problems

CALENDAR = Calendar(Period.MONTH, date(2024, 1, 31))
ANSWERS = {"vote": date(2025, 6, 30), "runoff": date(2025, 7, 31)}


def problems(text: str) -> list[str]:
    return time_problems(parse_expression(text, ("a", "b", "vote", "runoff")), CALENDAR, 24, ANSWERS)


@pytest.mark.parametrize(
    "text",
    [
        "by(a, 2024-02-01)",
        "by(a, 24)",
        "by(vote, 2025-06-30)",
        "by(vote, 17)",
        "between(a, 0, 1)",
        "between(a, 2023-05-01, 2024-02-01)",  # what happened before counts from its own day
        "between(vote, 2025-06-30, 2025-06-30)",
        "within(a, b, 24)",
        "within(runoff, vote, 1)",
        "within(a, vote, 0.1)",
    ],
)
def test_times_in_the_forecast_are_in_order(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("by(a, 2024-01-31)", "outside the forecast"),
        ("by(a, 2026-02-01)", "up to 2026-01-31"),
        ("not by(a, 0.5)", "1 to 24 periods"),
        ("by(vote, 2025-06-29)", r"never true: 'vote' is binary and resolves on 2025-06-30.*write vote"),
        ("at_least(1, a, by(vote, 16.9))", "never true"),
        ("between(a, 2023-01-01, 2024-01-31)", "ends after 2024-01-31"),
        ("between(a, 3, 25)", "24 periods"),
        ("between(a, 3, 3)", "ends before it begins"),
        ("between(a, 2025-02-01, 2025-01-31)", "ends before it begins"),
        ("between(vote, 2025-07-01, 24)", "never true"),
        ("between(vote, 0, 2025-06-29)", "never true"),
        ("within(a, a, 3)", "with itself"),
        ("within(a, b, 0)", "more than 0"),
        ("within(a, b, 25)", "up to 24"),
        ("within(vote, runoff, 3)", "never true"),
        ("within(runoff, vote, 0.9)", "never true: 'runoff' resolves on 2025-07-31"),
    ],
)
def test_what_lies_outside_or_can_never_be_true_is_refused(text: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        assert problems(text) == []


def test_a_study_says_where_an_answer_is_asked_for_too_early(document: dict[str, Any]) -> None:
    (answer,) = (o for o in document["outcomes"] if o["kind"] == "binary")
    early = {"id": "early", "title": "Early", "when": f"by({answer['id']}, 1)"}
    with pytest.raises(StudyError) as caught:
        study_from_document({**document, "scenarios": [early]})
    (error,) = caught.value.errors
    assert error.path == "scenarios[0].when"
    assert "never true" in error.message
