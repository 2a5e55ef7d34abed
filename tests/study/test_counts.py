"""Counts as they were known on a day: parts of a period, lower bounds, and every row that is not used."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import (
    EvidenceKind,
    Study,
    accept_arrivals,
    resolve_observations,
    study_from_document,
    with_arrivals,
    with_as_of,
)
from forecast.study.checks.left_out import rows_left_out
from forecast.study.checks.questions import questions
from tests.documents import document, event_outcome


def study(*rows: dict[str, Any], as_of: str = "2024-01-21", **changes: Any) -> Study:
    """Monthly counts; nothing depends on them."""
    indicator = {"id": "cases", "rows": [{"exposure": None, "known_at": None, **row} for row in rows]}
    return study_from_document(document(event_outcome(), as_of=as_of, indicators=[indicator], **changes))


def counts(found: Study) -> list[tuple[str, int, float | None]]:
    return [(f"{o.period:%Y-%m}", o.value, o.exposure) for o in resolve_observations(found)["cases"]]


@pytest.mark.parametrize("share", [0.65, "65 %"])
def test_a_part_of_the_running_period_is_known_on_the_as_of_date(share: float | str) -> None:
    found = study({"period": "2023-12", "value": 5}, {"period": "2024-01", "value": 14, "exposure": share})
    assert counts(found) == [("2023-12", 5, 1.0), ("2024-01", 14, 0.65)]
    (seen,) = resolve_observations(found)["cases"][1:]
    assert (seen.known_at, seen.is_over, seen.is_whole) == (date(2024, 1, 21), False, False)
    assert rows_left_out(found) == ()
    # Once the month is over it is a count of a part of it, as it was.
    assert counts(with_as_of(found, date(2024, 3, 1)))[1] == ("2024-01", 14, 0.65)


def test_a_replay_does_not_take_what_is_known_later_for_known() -> None:
    """A share of .5 was over on 15 January; that it was counted is known only from the document's own date."""
    running = study({"period": "2024-01", "value": 14, "exposure": "50 %"})
    assert counts(with_as_of(running, date(2024, 1, 18))) == []
    over = study({"period": "2024-01", "value": 14, "exposure": 0.5}, as_of="2024-03-01")
    replayed = with_as_of(over, date(2024, 1, 18))
    assert counts(replayed) == []
    assert rows_left_out(replayed) == (
        "indicators[0].rows[0]: known only after the as-of date 2024-01-18, so not used",
    )


def test_without_a_share_the_count_of_a_known_day_is_a_lower_bound() -> None:
    found = study({"period": "2024-01", "value": 14, "known_at": "2024-01-20"})
    assert counts(found) == [("2024-01", 14, None)]
    (asked,) = [text for name, text in questions(found) if name == "lower_bound"]
    assert "14 in the month of 2024-01-01 is taken as a lower bound" in asked
    assert "0.65, if all of it was until 2024-01-20" in asked
    later = with_as_of(found, date(2024, 3, 1))
    assert counts(later) == [("2024-01", 14, None)], "the rest of it has not been counted since"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"period": "2024-01", "value": 95}, "a count of a month that was not over on 2024-01-21"),
        ({"period": "2024-01", "value": 95, "exposure": 1}, "a count of a month that was not over on 2024-01-21"),
        ({"period": "2024-01", "value": 95, "exposure": 0.9}, "a count of a month that was not over on 2024-01-21"),
        ({"period": "2024-02", "value": 95}, "a count of a month that had not begun on 2024-01-21"),
        ({"period": "2023-12", "value": 95, "known_at": "2024-02-02"}, "known only after the as-of date 2024-01-21"),
    ],
)
def test_a_row_that_is_not_used_is_named_with_its_reason(row: dict[str, Any], words: str) -> None:
    found = study({"period": "2023-11", "value": 5}, row)
    assert counts(found) == [("2023-11", 5, 1.0)]
    (sentence,) = rows_left_out(found)
    assert sentence.startswith(f"indicators[0].rows[1]: {words}")
    assert ("left_out", sentence) in questions(found)


def test_a_count_that_falls_is_named() -> None:
    found = study(
        {"period": "2024-01", "value": 14, "known_at": "2024-01-10", "exposure": 0.3},
        {"period": "2024-01", "value": 9, "known_at": "2024-01-20", "exposure": 0.6},
    )
    assert counts(found) == [("2024-01", 9, 0.6)]
    (sentence,) = rows_left_out(found)
    assert "replaced by indicators[0].rows[1]" in sentence
    assert "9 after 14 and what is counted can only grow" in sentence


def test_a_share_that_cannot_be_over_yet_is_an_error() -> None:
    with pytest.raises(StudyError) as caught:
        study({"period": "2024-01", "value": 14, "known_at": "2024-01-10", "exposure": 0.65})
    (error,) = caught.value.errors
    assert (error.path, error.code) == ("indicators[0].rows[0].exposure", "more_than_elapsed")
    assert "expected at most" in error.message


def test_rows_of_files_are_named_as_a_spreadsheet_numbers_them() -> None:
    plain = study(*[{"period": f"2024-{month:02d}", "value": 1} for month in range(3, 9)])
    (sentence,) = rows_left_out(plain.adopt(plain.document, (), {"indicators[0]": "i.csv"}))
    assert sentence.startswith("i.csv rows 2 to 7: a count of a month that had not begun")


def test_a_part_that_was_counted_later_goes_before_the_one_of_the_document() -> None:
    """Also once the month is over, at whose end a count without a day would be known."""
    base = study({"period": "2024-01", "value": 14, "exposure": 0.65})
    rows = [{"indicator": "cases", "period": "2024-01", "value": 17, "exposure": 0.8, "known_at": "2024-01-25"}]
    arrivals = accept_arrivals(base, EvidenceKind.OBSERVATIONS, rows, date(2024, 1, 26))
    later = with_arrivals(with_as_of(base, date(2024, 3, 1)), arrivals)
    assert counts(later) == [("2024-01", 17, 0.8)]
    same_day = accept_arrivals(
        base, EvidenceKind.OBSERVATIONS, [{**rows[0], "known_at": "2024-01-21", "exposure": 0.7}], TODAY
    )
    assert counts(with_arrivals(base, same_day)) == [("2024-01", 17, 0.7)]


TODAY = date(2024, 1, 21)


def add(*rows: dict[str, Any]) -> Study:
    base = study({"period": "2023-11", "value": 5})
    given = [{"indicator": "cases", **row} for row in rows]
    return with_arrivals(base, accept_arrivals(base, EvidenceKind.OBSERVATIONS, given, TODAY))


def test_what_is_added_follows_the_rules_of_a_document() -> None:
    assert counts(add({"period": "2024-01", "value": 14, "exposure": 0.65}))[1:] == [("2024-01", 14, 0.65)]
    assert counts(add({"period": "2024-01", "value": 14, "known_at": "2024-01-20"}))[1:] == [("2024-01", 14, None)]
    assert counts(add({"period": "2023-12", "value": 14}))[1:] == [("2023-12", 14, 1.0)]


@pytest.mark.parametrize("row", [{"period": "2024-01", "value": 14}, {"period": "2024-02", "value": 14}])
def test_what_a_document_leaves_out_is_refused_in_the_same_words(row: dict[str, Any]) -> None:
    (sentence,) = rows_left_out(study(row))
    with pytest.raises(StudyError) as caught:
        add(row)
    (error,) = caught.value.errors
    assert error.path == "rows[0].period"
    assert error.message == sentence.partition(": ")[2]


def test_statements_cases_and_resolutions_that_are_not_used_are_named() -> None:
    said = {"expert": "a", "outcome": "exit", "probability": 0.3, "by": "2025-01-01"}
    rows = [
        {**said, "on": "2023-11-01"},
        {**said, "on": "2023-12-01"},
        {**said, "on": "2024-02-01"},
        {**said, "on": "2023-05-01", "by": "2023-12-01"},
    ]
    found = study_from_document(
        document(
            event_outcome(),
            as_of="2024-01-21",
            judgments={"rows": rows},
            resolutions={"rows": [{"outcome": "exit", "resolution": "yes", "on": "2024-03-01"}]},
            reference_classes=[
                {
                    "id": "past",
                    "outcome": "exit",
                    "rows": [
                        {"id": "a", "duration": 5, "event": 1, "known_at": None},
                        {"id": "b", "duration": 5, "event": 1, "known_at": "2024-02-01"},
                        {"id": "c", "duration": 0, "event": 0, "known_at": None},
                    ],
                    "event_value": {"exit": 1},
                }
            ],
        )
    )
    assert [sentence.partition(": ")[::2] for sentence in rows_left_out(found)] == [
        ("reference_classes[0].rows[2]", "no time at risk before 2024-01-21 and no trial, so it says nothing"),
        ("reference_classes[0].rows[1]", "known only after the as-of date 2024-01-21, so not used"),
        ("judgments.rows[2]", "known only after the as-of date 2024-01-21, so not used"),
        ("judgments.rows[3]", "about 2023-12-01, which is over on the as-of date 2024-01-21, so not used"),
        ("judgments.rows[0]", "the same expert said something later on the same question"),
        ("resolutions.rows[0]", "known only after the as-of date 2024-01-21, so not used"),
    ]
    happened = with_as_of(found, date(2024, 4, 1))
    assert any("exit, which is known to have turned out yes" in sentence for sentence in rows_left_out(happened))


def test_an_indicator_that_nothing_depends_on_is_asked_about() -> None:
    rows = [{"period": "2023-11", "value": 5}]
    found = study_from_document(
        document(
            event_outcome(),
            {
                "id": "many",
                "title": "Many",
                "kind": "threshold",
                "indicator": "watched",
                "at_least": 9,
                "resolution": {"criteria": "x"},
            },
            factors=[{"id": "idle"}, {"id": "busy", "effects": {"exit": "normal(0.5, 0.2)"}}],
            indicators=[
                {"id": "watched", "rows": rows},
                {"id": "alone", "rows": rows},
                {"id": "unheard", "factor": "idle", "rows": rows},
                {"id": "heard", "factor": "busy", "rows": rows},
            ],
        )
    )
    asked = [text for name, text in questions(found) if name == "moves_nothing"]
    assert [text.split()[1] for text in asked] == ["alone", "unheard"]
    assert "it has no factor" in asked[0]
    assert "its factor idle has no effect on an outcome" in asked[1]
