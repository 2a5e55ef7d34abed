"""What experts say: which statements are used, about which day, and what counts when one expert spoke twice."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import (
    CLIP,
    Judgment,
    Study,
    TrackRecord,
    log_odds,
    resolve_judgments,
    resolve_track_records,
    study_from_document,
    with_as_of,
)

Rows = list[dict[str, Any]]
SAID: dict[str, Any] = {
    "expert": "x",
    "outcome": "withdrawal",
    "by": "2022-09-10",
    "probability": 0.2,
    "on": "2021-05-01",
}
RECORD: dict[str, Any] = {"expert": "x", "question": "q", "probability": 0.7, "outcome": 1, "on": "2020-01-01"}


def said(*changes: dict[str, Any]) -> Rows:
    return [{**SAID, **change} for change in changes]


def recorded(*changes: dict[str, Any]) -> Rows:
    return [{**RECORD, **change} for change in changes]


def study_with(document: dict[str, Any], judgments: Rows | None = None, records: Rows | None = None) -> Study:
    if judgments is not None:
        document["judgments"] = {"rows": judgments}
    if records is not None:
        document["track_records"] = {"rows": records}
    return study_from_document(document)


def judgments_of(document: dict[str, Any], *changes: dict[str, Any]) -> tuple[Judgment, ...]:
    return resolve_judgments(study_with(document, said(*changes)))


def records_of(document: dict[str, Any], *changes: dict[str, Any]) -> tuple[TrackRecord, ...]:
    return resolve_track_records(study_with(document, records=recorded(*changes)))


def errors_of(document: dict[str, Any], judgments: Rows | None = None, records: Rows | None = None) -> list[str]:
    with pytest.raises(StudyError) as caught:
        study_with(document, judgments, records)
    return [str(error) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("row", "day", "periods"),
    [
        ({"by": "2022-09-10"}, date(2022, 9, 10), 12.0),
        ({"on": "2021-09-10", "by": 12}, date(2022, 9, 10), 12.0),
        ({"on": "2021-05-10", "by": 16}, date(2022, 9, 10), 12.0),  # counted from the day it was said
        (
            {"on": "2021-09-10", "by": 1.5},
            date(2021, 10, 26),
            1 + 16 / 31,
        ),  # half of 31 days is 15.5: the 25.5th, rounded to the even day
        ({"by": None}, date(2023, 9, 10), 24.0),
        ({"by": "2021-09-11"}, date(2021, 9, 11), 1 / 30),
        ({"by": "2023-09-10"}, date(2023, 9, 10), 24.0),
        ({"outcome": "agreement", "by": None}, date(2022, 9, 10), 12.0),
        ({"outcome": "agreement", "by": "2022-09-10"}, date(2022, 9, 10), 12.0),
    ],
)
def test_a_judgment_is_about_a_day(document: dict[str, Any], row: dict[str, Any], day: date, periods: float) -> None:
    (judgment,) = judgments_of(document, row)
    assert judgment.by_day == day
    assert judgment.by_periods == pytest.approx(periods, abs=1e-12)
    assert judgment.question == f"{judgment.outcome}@{day}"


@pytest.mark.parametrize("by", ["2023-01-01", 13])
def test_a_judgment_by_a_later_day_than_its_outcome_resolves_is_an_error(document: dict[str, Any], by: object) -> None:
    document["outcomes"][0]["resolution"]["by"] = "2022-09-10"
    for outcome in ("agreement", "withdrawal"):
        (error,) = errors_of(document, said({"outcome": outcome, "on": "2021-09-10", "by": by}))
        assert "is after 2022-09-10" in error
        assert "rows[0].by" in error


def test_a_condition_is_part_of_the_question(document: dict[str, Any]) -> None:
    (judgment,) = judgments_of(document, {"given": "agreement"})
    assert judgment.question == "withdrawal@2022-09-10|agreement"


@pytest.mark.parametrize(
    "row", [{"by": "2021-09-10"}, {"by": "2021-06-01"}, {"outcome": "agreement", "by": "2021-06-01"}]
)
def test_a_judgment_about_a_day_that_is_past_is_left_out(document: dict[str, Any], row: dict[str, Any]) -> None:
    assert judgments_of(document, row) == ()


def test_a_judgment_about_the_past_is_no_information(document: dict[str, Any]) -> None:
    del document["outcomes"][0]["prior"]
    (error,) = errors_of(document, said({"by": "2021-09-10"}))
    assert error.startswith("outcomes[0]: 'withdrawal' has no information as of 2021-09-10")


def test_a_judgment_known_later_is_left_out_and_its_day_is_not_looked_at(document: dict[str, Any]) -> None:
    assert judgments_of(document, {"known_at": "2021-09-11"}, {"on": "2021-09-11", "by": "2026-01-01"}) == ()


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (
            {"probability": 1.2},
            "probability",
            "1.2 of 'x' is not a number from 0 to 1; expected a probability; write 0.012 if 1.2 per cent is meant",
        ),
        ({"by": "2023-09-11"}, "by", "2023-09-11 is after the end of the horizon, 2023-09-10"),
        ({"by": 24.5}, "by", "from 1 to 24"),
        ({"outcome": "agreement", "by": "2022-09-09"}, "by", "before 2022-09-10, when the binary outcome"),
        ({"outcome": "agreement", "on": "2021-09-10", "by": 11}, "by", "2022-08-10 is before 2022-09-10"),
        ({"kind": "robot"}, "kind", "'robot' is unknown; expected person, crowd or market"),
    ],
)
def test_a_judgment_that_makes_no_sense_is_an_error(
    document: dict[str, Any], row: dict[str, Any], column: str, words: str
) -> None:
    (error,) = errors_of(document, said({}, row))
    assert error.startswith(f"judgments.rows[1].{column}: ")
    assert words in error


def test_a_judgment_given_an_outcome_that_excludes_it_is_an_error(document: dict[str, Any]) -> None:
    document["outcomes"][0]["competes"] = "end"
    document["outcomes"].append({**document["outcomes"][0], "id": "conversion"})
    (error,) = errors_of(document, said({"given": "conversion"}))
    assert error.startswith("judgments.rows[0].given: 'conversion' excludes 'withdrawal' (both compete for 'end')")


def test_an_expert_is_a_person_unless_said_otherwise(document: dict[str, Any]) -> None:
    study = study_with(
        document,
        said({"kind": "market"}, {"expert": "y"}, {"outcome": "agreement"}),
        recorded({}, {"expert": "z", "kind": "crowd"}),
    )
    assert [(j.expert, j.kind) for j in resolve_judgments(study)] == [("x", "market"), ("y", "person"), ("x", "market")]
    assert [(t.expert, t.kind) for t in resolve_track_records(study)] == [("x", "market"), ("z", "crowd")]


def test_an_expert_of_two_kinds_is_an_error(document: dict[str, Any]) -> None:
    rows = said({"kind": "market"}, {"outcome": "agreement", "by": None, "kind": "person"})
    (error,) = errors_of(document, rows)
    assert error.startswith("judgments.rows[1].kind: 'x' is a person here and a market in judgments.rows[0]")


def test_the_kind_in_the_track_record_is_the_same(document: dict[str, Any]) -> None:
    (error,) = errors_of(document, said({"kind": "market"}), recorded({"kind": "crowd"}))
    assert error.startswith("track_records.rows[0].kind: 'x' is a crowd here and a market in judgments.rows[0]")


def test_what_an_expert_said_last_counts(document: dict[str, Any]) -> None:
    found = judgments_of(
        document,
        {"on": "2021-06-01", "probability": 0.4},
        {"on": "2021-05-01", "probability": 0.1},
        {"on": "2021-06-10", "probability": 0.3, "by": 15},  # the same day in other words
        {"on": "2021-07-10", "probability": 0.9, "by": 15},  # another day
        {"on": "2021-07-01", "probability": 0.8, "given": "agreement"},  # another condition
        {"on": "2021-07-01", "probability": 0.7, "expert": "y"},
        {"on": "2021-09-11", "probability": 0.6},  # not known yet
    )
    assert [(j.expert, j.question, j.probability) for j in found] == [
        ("x", "withdrawal@2022-09-10", 0.3),
        ("x", "withdrawal@2022-10-10", 0.9),
        ("x", "withdrawal@2022-09-10|agreement", 0.8),
        ("y", "withdrawal@2022-09-10", 0.7),
    ]


def test_statements_of_one_day_are_averaged_on_the_log_odds(document: dict[str, Any]) -> None:
    (judgment,) = judgments_of(document, {"probability": 0.2}, {"probability": 0.5}, {"on": "2021-04-01"})
    assert judgment.probability == pytest.approx(1 / (1 + 2), abs=1e-12)  # odds 1/4 and 1: their geometric mean is 1/2
    assert judgment.clipped == 0


def test_a_later_row_corrects_one_of_the_same_day(document: dict[str, Any]) -> None:
    rows = said({"probability": 0.2}, {"probability": 0.5, "known_at": "2021-06-01"})
    study = study_with(document, rows)
    assert [j.probability for j in resolve_judgments(study)] == [0.5]
    assert [j.probability for j in resolve_judgments(with_as_of(study, date(2021, 5, 31)))] == [0.2]


def test_zero_and_one_are_clipped_before_they_are_averaged(document: dict[str, Any]) -> None:
    (judgment,) = judgments_of(document, {"probability": 0}, {"probability": 1}, {"probability": 0.3})
    assert log_odds(judgment.probability) == pytest.approx(math.log(0.3 / 0.7) / 3, abs=1e-12)
    assert judgment.clipped == 2


@pytest.mark.parametrize(
    ("probability", "clipped", "odds"),
    [(0, 1, 0.005 / 0.995), (0.004, 1, 0.005 / 0.995), (CLIP, 0, 0.005 / 0.995), (1 - CLIP, 0, 199.0), (1, 1, 199.0)],
)
def test_a_probability_near_0_or_1_is_kept_as_stated_and_read_as_clipped(
    document: dict[str, Any], probability: float, clipped: int, odds: float
) -> None:
    (judgment,) = judgments_of(document, {"probability": probability})
    (record,) = records_of(document, {"probability": probability})
    assert judgment.probability == record.probability == probability
    assert judgment.clipped == record.clipped == clipped
    assert math.exp(log_odds(judgment.probability)) == pytest.approx(odds, rel=1e-12)


def test_the_last_record_on_a_question_counts(document: dict[str, Any]) -> None:
    found = records_of(
        document,
        {"on": "2020-01-01", "probability": 0.2},
        {"on": "2020-02-01", "probability": 0.6},
        {"on": None, "probability": 0.9},  # undated: before any date
        {"on": "2022-01-01", "probability": 0.99},  # not known yet
        {"question": "r", "outcome": 0, "on": None, "probability": 0.2},
        {"question": "r", "outcome": 0, "on": None, "probability": 0.5},
        {"expert": "y", "probability": 0.1},
    )
    assert [(t.expert, t.question, t.outcome) for t in found] == [("x", "q", True), ("x", "r", False), ("y", "q", True)]
    assert [t.probability for t in found] == pytest.approx([0.6, 1 / 3, 0.1], abs=1e-12)


def test_records_that_contradict_each_other_are_an_error(document: dict[str, Any]) -> None:
    (error,) = errors_of(document, records=recorded({}, {"expert": "y", "outcome": 0}))
    assert error.startswith("track_records.rows[1].outcome: 0, but 1 in track_records.rows[0] for the same question")


def test_an_unreadable_record_does_not_hide_that_nothing_is_known(document: dict[str, Any]) -> None:
    del document["outcomes"][0]["prior"]
    found = errors_of(document, records=recorded({"probability": 2}))
    assert [error.partition(":")[0] for error in found] == ["track_records.rows[0].probability", "outcomes[0]"]


def test_an_answer_counts_from_the_day_it_was_known(document: dict[str, Any]) -> None:
    assert records_of(document, {"on": "2021-01-01", "known_at": "2021-09-11"}) == ()
    (record,) = records_of(document, {"on": "2021-01-01", "known_at": "2021-09-10"})
    assert record.on == date(2021, 1, 1)
    (error,) = errors_of(document, None, recorded({"on": "2021-01-02", "known_at": "2021-01-01"}))
    assert error.startswith("track_records.rows[0].known_at: 2021-01-01 is before 2021-01-02")


def test_a_question_without_an_answer_is_open_and_an_answer_is_that_of_all_rows(document: dict[str, Any]) -> None:
    found = records_of(
        document,
        {"question": "open", "outcome": None},
        {"question": "closed", "outcome": None},
        {"question": "closed", "expert": "y", "outcome": 0},
        {"question": "later", "outcome": None, "on": "2021-01-01"},
        {"question": "later", "outcome": 1, "on": "2021-01-01", "known_at": "2021-09-11"},  # not known yet
    )
    assert [(t.question, t.outcome) for t in found] == [
        ("open", None), ("closed", False), ("closed", False), ("later", None)
    ]  # fmt: skip


def test_the_answer_of_an_earlier_row_is_kept_when_the_last_one_is_blank(document: dict[str, Any]) -> None:
    (record,) = records_of(document, {"on": "2021-01-01", "outcome": 1}, {"on": "2021-02-01", "outcome": None})
    assert (record.on, record.outcome) == (date(2021, 2, 1), True)


def test_a_condition_may_occur_at_once(document: dict[str, Any]) -> None:
    by_then, at_once = judgments_of(
        document, {"given": "agreement", "given_at": None}, {"given": "agreement", "given_at": "once"}
    )
    assert (by_then.question, by_then.at_once) == ("withdrawal@2022-09-10|agreement", False)
    assert (at_once.question, at_once.at_once) == ("withdrawal@2022-09-10|agreement at once", True)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"given": "agreement", "given_at": "now"}, "'now' is unknown; expected once or blank"),
        ({"given": None, "given_at": "once"}, "once, but `given` is blank; expected an outcome"),
    ],
)
def test_when_a_condition_occurs_is_once_or_blank(document: dict[str, Any], row: dict[str, Any], words: str) -> None:
    (error,) = errors_of(document, said(row))
    assert error.startswith("judgments.rows[0].given_at: ")
    assert words in error
