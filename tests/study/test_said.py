"""Rows of statements that may not mean what they say: names in several spellings, certainty, per cent, and repetition."""

from __future__ import annotations

from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import study_from_document
from forecast.study.checks.questions import questions
from forecast.study.checks.said import person

SAID: dict[str, Any] = {"expert": "ann", "outcome": "agreement", "probability": 0.3, "on": "2021-05-01"}
RECORD: dict[str, Any] = {"expert": "ann", "question": "q", "probability": 0.7, "outcome": 1, "on": "2020-01-01"}


def asked(document: dict[str, Any], name: str, *changes: dict[str, Any], records: Any = ()) -> list[str]:
    tables = {
        "judgments": [{**SAID, **change} for change in changes],
        "track_records": [{**RECORD, **change} for change in records],
    }
    document = {**document, **{table: {"rows": rows} for table, rows in tables.items() if rows}}
    return [text for kind, text in questions(study_from_document(document)) if kind == name]


@pytest.mark.parametrize(
    "names",
    [
        ["Ann Lee", "ann lee", "Ann  Lee"],
        ["Ann Lee", "Lee, Ann", "AnnLee"],
        ["José", "Jose", "Jose\u0301"],
        ["A. Lee", "A Lee", "A\u00a0Lee", "A\u200b Lee"],
        ["Аnn", "Ann"],  # the first with a Cyrillic letter
        ["O’Neill", "O'Neill", "ONEILL"],
        ["ｅ１", "e1", "E1"],
        ["Straße", "STRASSE"],
        ["C++ Group", "group c++"],
        ["Андрей", "Андреи"],  # Cyrillic: and-rey, with and without the mark
        ["\u0643\u064e\u0631\u0645", "\u0643\u0631\u0645"],  # Arabic: karam, with and without a vowel
    ],
)
def test_one_person_in_several_spellings_is_asked_about_with_its_rows(
    document: dict[str, Any], names: list[str]
) -> None:
    changes = [{"expert": name} for name in [*names, "bo"]]
    (text,) = asked(document, "one_person", *changes)
    for row in range(len(names)):
        assert f"(judgments.rows[{row}])" in text
    assert f"[{len(names)}]" not in text
    assert f"They count as {len(names)} experts" in text


def test_spellings_are_compared_between_tables(document: dict[str, Any]) -> None:
    (text,) = asked(document, "one_person", {}, records=[{"expert": "Ann"}])
    assert text.startswith("are 'ann' (judgments.rows[0]); 'Ann' (track_records.rows[0]) one person?")


@pytest.mark.parametrize(
    "names",
    [
        ("ann", "anna"),
        ("e1", "e2"),
        ("ann lee", "ann leigh"),
        ("!", "?"),
        ("李", "王"),
        ("C++", "C#"),
        ("C", "C++"),
        ("team 1.5", "team 15"),
        ("A&B", "AB"),
        ("\u0915\u093f\u0930\u0923", "\u0915\u0940\u0930\u0923"),  # Devanagari: kiran and keeran, by a vowel sign
        ("\u304b\u304c", "\u304b\u304b"),  # Hiragana: kaga and kaka, by the mark of a consonant
        ("\u0e01\u0e34", "\u0e01\u0e35"),  # Thai: two vowel signs
    ],
)
def test_different_names_are_different_people(document: dict[str, Any], names: tuple[str, str]) -> None:
    assert person(names[0]) != person(names[1])
    assert asked(document, "one_person", *({"expert": name} for name in names)) == []


def test_a_one_among_small_probabilities_may_be_one_per_cent(document: dict[str, Any]) -> None:
    (text,) = asked(
        document,
        "certainty",
        {"probability": 1},
        {"expert": "bo", "probability": 0.02},
        {"expert": "cy", "probability": 0.01},
    )
    assert "by the 1 of 'ann' (judgments.rows[0]) for 'agreement@2022-09-10'" in text
    assert "others say 0.02, 0.01" in text
    assert asked(document, "certainty", {"probability": 1}) != []
    assert asked(document, "certainty", {"probability": 1}, {"expert": "bo", "probability": 0.9}) == []
    assert asked(document, "certainty", {"probability": 0.99}) == []


def test_a_one_of_what_came_true_is_not_one_per_cent(document: dict[str, Any]) -> None:
    low = {"expert": "bo", "probability": 0.02}
    assert asked(document, "certainty", records=[{"probability": 1}, low]) == []
    for outcome in (0, None):
        changes = [{**change, "outcome": outcome} for change in ({"probability": 1}, low)]
        (text,) = asked(document, "certainty", records=changes)
        assert "by the 1 of 'ann' (track_records.rows[0]) for 'q'" in text


def test_per_cent_in_place_of_a_fraction_is_an_error_that_says_so(document: dict[str, Any]) -> None:
    for table in ("judgments", "track_records"):
        rows = [SAID, {**SAID, "probability": 40}] if table == "judgments" else [RECORD, {**RECORD, "probability": 40}]
        with pytest.raises(StudyError) as caught:
            study_from_document({**document, table: {"rows": rows}})
        (error,) = caught.value.errors
        assert error.path == f"{table}.rows[1].probability"
        assert "40 of 'ann' is not a number from 0 to 1" in error.message
        assert "write 0.4 if 40 per cent is meant" in error.message


def test_rows_that_repeat_or_contradict_one_another_on_a_day_are_asked_about(document: dict[str, Any]) -> None:
    (text,) = asked(document, "repeated_statement", {}, {})
    assert "'ann' says 0.3 of 'agreement@2022-09-10' 2 times on 2021-05-01" in text
    (text,) = asked(document, "repeated_statement", {}, {"expert": "bo"}, {"probability": 0.6})
    assert "says 0.3 and 0.6" in text
    assert "(judgments.rows[0], judgments.rows[2]); their mean" in text
    (text,) = asked(document, "repeated_statement", records=[{}, {"probability": 0.1}])
    assert "(track_records.rows[0], track_records.rows[1])" in text
    assert asked(document, "repeated_statement", {}, {"on": "2021-05-02"}, {"outcome": "withdrawal"}) == []
