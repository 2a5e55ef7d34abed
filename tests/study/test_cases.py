"""Rows to cases: the four layouts, entry and censoring, and what was known on the as-of date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Count, Spell, Trial, resolve_cases, study_from_document, with_as_of

Make = Callable[..., dict[str, Any]]


def data_of(document: dict[str, Any]) -> list[object]:
    return [case.data for case in resolve_cases(study_from_document(document))]


def first_error(document: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(StudyError) as caught:
        study_from_document(document)
    (error,) = caught.value.errors
    return error.path, error.message


def test_dated_cases_with_their_covariates(dated: dict[str, Any]) -> None:
    a, b, c = resolve_cases(study_from_document(dated))
    assert (a.id, a.reference_class, a.weight, a.covariates) == ("A", "island", 1.0, {"consent": 1.0})
    assert a.data == Spell(0.0, 12.0, "withdrawal", date(2000, 1, 31), date(2001, 1, 31))
    assert b.data == Spell(0.0, 135.3, None, date(2010, 6, 1), date(2021, 9, 10))
    assert c.covariates == {"consent": 0.5}


def test_going_back_in_time_censors_and_drops(dated: dict[str, Any]) -> None:
    dated["horizon"] = 120
    study = with_as_of(study_from_document(dated), date(2016, 6, 1))
    assert [(case.id, case.data.event, case.data.exited) for case in study.cases] == [  # type: ignore[union-attr]
        ("A", "withdrawal", date(2001, 1, 31)),
        ("B", None, date(2016, 6, 1)),
        ("C", None, date(2016, 6, 1)),
    ]
    assert [case.id for case in with_as_of(study, date(2015, 6, 1)).cases] == ["A", "B"]
    assert with_as_of(study, date(2021, 9, 10)).digest == study_from_document(dated).digest


def test_an_event_on_the_as_of_date_is_known(dated: dict[str, Any]) -> None:
    study = with_as_of(study_from_document(dated), date(2021, 8, 1))
    assert study.cases[2].data.event == "withdrawal"  # type: ignore[union-attr]


def test_a_row_known_later_was_still_going_on_and_is_checked(dated: dict[str, Any]) -> None:
    """Its end was not known: it is censored on the as-of date, as one whose end is later would be."""
    rows = dated["reference_classes"][0]["rows"]
    rows[0]["known_at"] = "2021-09-10"
    rows[2]["known_at"] = "2021-09-11"
    *known, last = study_from_document(dated).cases
    assert [case.id for case in known] == ["A", "B"]
    assert (last.data.event, last.data.exited) == (None, date(2021, 9, 10))  # type: ignore[union-attr]
    rows[2]["end"] = "1990-01-01"
    assert first_error(dated)[0] == "reference_classes[0].rows[2].end"


def test_a_clock_that_began_before_entry_is_a_late_entry(dated: dict[str, Any]) -> None:
    dated["reference_classes"][0]["rows"][0]["origin"] = "1999-01-31"
    assert data_of(dated)[0] == Spell(12.0, 24.0, "withdrawal", date(2000, 1, 31), date(2001, 1, 31))


def test_a_value_of_another_outcome_is_a_censoring_at_its_date(dated: dict[str, Any]) -> None:
    dated["reference_classes"][0]["rows"][0]["how"] = "destroyed"
    assert data_of(dated)[0] == Spell(0.0, 12.0, None, date(2000, 1, 31), date(2001, 1, 31))


@pytest.mark.parametrize("value", ["LEFT", "left ", "Left.", "le-ft"])
def test_a_spelling_of_an_event_value_is_a_typo_not_a_censoring(dated: dict[str, Any], value: str) -> None:
    dated["reference_classes"][0]["rows"][0]["how"] = value
    if value.strip() == "left":
        assert data_of(dated)[0].event == "withdrawal"  # type: ignore[attr-defined]
    else:
        assert "looks like 'left'" in first_error(dated)[1]


@pytest.mark.parametrize(
    ("value", "is_typo"),
    [("convertd", True), ("converted!", True), ("covnerted", True), ("convrted", True), ("unconverted", False),
     ("ongoing", False), ("conversion", False), (7, False)],
)  # fmt: skip
def test_one_slip_in_a_longer_word_is_a_typo(dated: dict[str, Any], value: object, is_typo: bool) -> None:
    group = dated["reference_classes"][0]
    group["event_value"] = {"withdrawal": ["left", "converted"]}
    group["rows"][1]["how"] = value
    if is_typo:
        assert "looks like 'converted'" in first_error(dated)[1]
    else:
        assert len(data_of(dated)) == 3


def test_a_class_of_two_outcomes_picks_each_rows_event(dated: dict[str, Any]) -> None:
    dated["outcomes"].append({**dated["outcomes"][0], "id": "conversion"})
    group = dated["reference_classes"][0]
    group["outcome"] = ["withdrawal", "conversion"]
    group["event_value"] = {"withdrawal": "left", "conversion": "converted"}
    group["rows"][2]["how"] = "converted"
    dated["outcomes"][2]["reference"] = {"island": 0.4}
    assert [datum.event for datum in data_of(dated)] == ["withdrawal", None, "conversion"]  # type: ignore[attr-defined]
    del group["event_value"]["conversion"]
    assert first_error(dated) == (
        "reference_classes[0].event_value",
        "no value for 'conversion'; expected one for each event of the class; add `conversion: value`",
    )


def test_one_value_for_two_outcomes_is_ambiguous(dated: dict[str, Any]) -> None:
    dated["outcomes"].append({**dated["outcomes"][0], "id": "conversion"})
    group = dated["reference_classes"][0]
    group["outcome"] = ["withdrawal", "conversion"]
    group["event_value"] = {"withdrawal": "left", "conversion": ["converted", "left"]}
    assert "'left' also means 'withdrawal'" in first_error(dated)[1]


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ({"id": "A"}, ["A"]),
        ({"id": ["A", "C"]}, ["A", "C"]),
        ({"id": {"not": "A"}}, ["B", "C"]),
        ({"id": {"not": ["A", "B"]}}, ["C"]),
        ({"end": None}, ["B"]),
        ({"end": ""}, ["B"]),
        ({"how": "left", "id": {"not": "A"}}, ["C"]),
    ],
)
def test_where_selects_rows(dated: dict[str, Any], condition: dict[str, Any], ids: list[str]) -> None:
    dated["reference_classes"][0]["where"] = condition
    assert [case.id for case in study_from_document(dated).cases] == ids


def test_where_compares_numbers_as_tables_write_them(with_class: Make) -> None:
    rows = [{"successes": 1, "g": "1.0"}, {"successes": 0, "g": "2"}, {"successes": 0, "g": True}]
    assert data_of(with_class("agreement", rows, where={"g": 1})) == [Trial(1, 1)]
    assert data_of(with_class("agreement", rows, where={"g": [2, True]})) == [Trial(0, 1)] * 2


def test_a_row_that_where_leaves_out_is_not_checked(dated: dict[str, Any]) -> None:
    dated["reference_classes"][0]["rows"][0]["consent"] = None
    dated["reference_classes"][0]["where"] = {"id": {"not": "A"}}
    assert len(data_of(dated)) == 2


def test_durations(with_class: Make) -> None:
    rows = [
        {"week": 20, "arrest": 1},
        {"week": 52, "arrest": 0},
        {"week": 30, "arrest": "yes", "entry": 10.5},
        {"week": 0, "arrest": ""},
    ]
    document = with_class("withdrawal", rows, columns={"duration": "week", "event": "arrest"})
    assert data_of(document) == [Spell(0, 20, "withdrawal"), Spell(0, 52, None), Spell(10.5, 30, "withdrawal")]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ({"duration": 0, "event": 1}, "duration", "no time at risk"),
        ({"duration": 5, "entry": 5, "event": 1}, "duration", "no time at risk"),
        ({"duration": 4, "entry": 5, "event": 0}, "duration", "before entry"),
        ({"duration": -1, "event": 0}, "duration", "at least 0"),
        ({"duration": None, "event": 0}, "duration", "zero is not missing"),
        ({"duration": "nan", "event": 0}, "duration", "not a number"),
        ({"duration": "1e999", "event": 0}, "duration", "not a number"),
        ({"duration": 4, "event": 2}, "event", "has no meaning"),
    ],
)
def test_a_bad_duration_is_an_error(with_class: Make, row: dict[str, Any], column: str, words: str) -> None:
    path, message = first_error(with_class("withdrawal", [row]))
    assert path == f"reference_classes[0].rows[0].{column}"
    assert words in message


def test_aggregated_counts(with_class: Make) -> None:
    rows = [{"exposure": 94.3, "events": 5}, {"exposure": 10, "events": 0, "age": 12}, {"exposure": 0, "events": 0}]
    assert data_of(with_class("withdrawal", rows)) == [Count(94.3, 5, None), Count(10, 0, 12)]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"exposure": -1, "events": 0}, "exposure"),
        ({"exposure": 0, "events": 1}, "exposure"),
        ({"exposure": 1, "events": 0.5}, "events"),
        ({"exposure": 1, "events": -1}, "events"),
        ({"exposure": 1, "events": 1, "age": -1}, "age"),
        ({"exposure": 1e13, "events": 1}, "exposure"),
    ],
)
def test_a_bad_count_is_an_error(with_class: Make, row: dict[str, Any], column: str) -> None:
    assert first_error(with_class("withdrawal", [row]))[0] == f"reference_classes[0].rows[0].{column}"


def test_trials_with_weights_sources_and_numbered_ids(with_class: Make) -> None:
    rows = [
        {"successes": 3, "trials": 10, "weight": 0.5, "source": "a book", "note": "n"},
        {"successes": "yes", "trials": None},
    ]
    first, second = study_from_document(with_class("agreement", rows)).cases
    assert (first.id, first.data, first.weight, first.source, first.note) == ("1", Trial(3, 10), 0.5, "a book", "n")
    assert (second.id, second.data, second.weight, second.source) == ("2", Trial(1, 1), 1.0, None)


@pytest.mark.parametrize(
    ("row", "column"),
    [({"successes": 5, "trials": 4}, "successes"), ({"successes": 2}, "successes"), ({"successes": 0.5}, "successes"),
     ({"successes": 0, "trials": -1}, "trials"), ({"successes": None, "trials": 1}, "successes")],
)  # fmt: skip
def test_bad_trials_are_an_error(with_class: Make, row: dict[str, Any], column: str) -> None:
    assert first_error(with_class("agreement", [row]))[0] == f"reference_classes[0].rows[0].{column}"


def test_what_columns_names_decides_the_layout(with_class: Make) -> None:
    rows = [{"from": "2020-01-01", "to": "2021-01-01", "e": 1, "duration": 3, "exposure": 2, "events": 1}]
    dates = with_class("withdrawal", rows, columns={"entered": "from", "exited": "to", "event": "e"})
    assert data_of(dates) == [Spell(0, 12, "withdrawal", date(2020, 1, 1), date(2021, 1, 1))]
    assert first_error(with_class("withdrawal", rows))[0] == "reference_classes[0].columns"


def test_a_covariate_called_like_a_column_of_ours_stays_a_covariate(with_class: Make) -> None:
    document = with_class("withdrawal", [{"week": 3, "event": 1, "age": 27, "duration": 9}],
                          columns={"duration": "week"}, covariates=["age"])  # fmt: skip
    document["covariates"] = [{"id": "age"}]
    (case,) = study_from_document(document).cases
    assert (case.covariates, case.data) == ({"age": 27.0}, Spell(0, 3, "withdrawal"))


@pytest.mark.parametrize("named", ["columns", "own"])
def test_a_count_class_serves_one_event(dated: dict[str, Any], named: str) -> None:
    dated["outcomes"].append({**dated["outcomes"][0], "id": "conversion"})
    rows = [{"exposure": 5, "events": 1}]
    group = {"id": "island", "outcome": ["withdrawal", "conversion"], "rows": rows}
    dated["reference_classes"] = [group | ({"columns": {"events": "events"}} if named == "columns" else {})]
    dated["outcomes"][2]["reference"] = {"island": 0.4}
    assert "2 events for one column of counts" in first_error(dated)[1]
