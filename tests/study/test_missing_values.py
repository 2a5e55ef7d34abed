"""What is unknown: blanks and codes are never read as "had not happened", and rows that lack something are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Spell, Trial, load_study, resolve_judgments, settled_outcomes, study_from_document
from forecast.study.checks.questions import questions

Make = Callable[..., dict[str, Any]]

STUDY = """\
study: csv-quirks
title: Does a truce last
as_of: 2020-06-30
period: month
horizon: 24
outcomes:
  - id: collapse
    title: The truce collapses
    kind: event
    resolution: {{criteria: x}}
    prior: {{distribution: "normal(-4, 1)"}}
    reference: {{truces: 1.0}}
reference_classes:
  - {{id: truces, outcome: collapse, table: cases.csv{rest}}}
"""
DATED = "id,entered,exited,event\nnorth,1990-01-15,1993-11-05,{}\nsouth,1995-03-01,,{}\neast,2001-07-20,2004-02-29,{}\n"
TIMED = "id,duration,event\nnorth,45.7,{}\nsouth,303,{}\neast,31.3,{}\n"


@pytest.fixture
def beside(tmp_path: Path) -> Callable[..., Path]:
    """Writes a study of one class with its table; gives the document's path."""

    def write(table: str, rest: str = "") -> Path:
        (tmp_path / "cases.csv").write_text(table)
        path = tmp_path / "study.yaml"
        path.write_text(STUDY.format(rest=rest))
        return path

    return write


def names(study: Any) -> dict[str, str]:
    return dict(questions(study))


@pytest.mark.parametrize(
    ("table", "rest", "words"),
    [
        (
            DATED.format("NA", "ongoing", "collapsed"),
            ", event_value: {collapse: collapsed}",
            "'NA' .*code for a missing",
        ),
        (DATED.format("n/a", "ongoing", "collapsed"), ", event_value: {collapse: collapsed}", "'n/a' .*code"),
        (DATED.format(".", "ongoing", "collapsed"), ", event_value: {collapse: collapsed}", r"'\.' .*code"),
        (DATED.format("-99", "0", "1"), ", event_value: {collapse: 1}", "-99 .*code for a missing value"),
        (TIMED.format("-9", "0", "1"), ", event_value: {collapse: 1}", "-9 .*code for a missing value"),
        (TIMED.format("-999", "0", "1"), "", "-999 has no meaning.*code for a missing value"),
        (TIMED.format("NA", "0", "1"), "", "'NA' has no meaning.*code for a missing value"),
        (TIMED.format("", "0", "1"), "", "blank, which says that it is unknown how the case ended"),
        (DATED.format("", "0", "1"), "", "blank, which says"),
        (DATED.format("", "ongoing", "collapsed"), ", event_value: {collapse: collapsed}", "blank, which says"),
    ],
)
def test_an_unknown_end_is_asked_about_at_its_row(
    beside: Callable[..., Path], table: str, rest: str, words: str
) -> None:
    with pytest.raises(StudyError, match=words) as caught:
        load_study(beside(table, rest))
    assert [error.path for error in caught.value.errors] == ["cases.csv row 2 column event"]


@pytest.mark.parametrize(
    ("table", "missing"),
    [
        (TIMED.format("NA", "0", "1"), "[NA, -9, -99]"),
        (TIMED.format("na", "0", "1"), "[NA]"),
        (TIMED.format("-99", "0", "1"), "[NA, -9, -99]"),
        (TIMED.format("-99", "0", "1"), "{event: -99}"),
        (TIMED.format("", "0", "1"), "[]"),
    ],
)
def test_a_stated_code_leaves_its_row_out_and_says_so(beside: Callable[..., Path], table: str, missing: str) -> None:
    study = load_study(beside(table, f", missing: {missing}"))
    assert [(case.id, case.data) for case in study.cases] == [
        ("south", Spell(0, 303, None)),
        ("east", Spell(0, 31.3, "collapse")),
    ]
    assert names(study)["left_out"] == "cases.csv row 2: its event is unknown, so not used"


def test_a_value_of_its_own_is_a_censoring_when_the_study_says_so(beside: Callable[..., Path]) -> None:
    table = TIMED.format("unknown", "ongoing", "collapsed")
    study = load_study(beside(table, ", event_value: {collapse: collapsed}, missing: {event: []}"))
    assert next(case.data for case in study.cases) == Spell(0, 45.7, None)


def test_of_a_case_that_still_goes_on_no_end_is_needed(beside: Callable[..., Path]) -> None:
    study = load_study(beside(DATED.format("1", "", "0")))
    assert [case.data.event for case in study.cases if isinstance(case.data, Spell)] == ["collapse", None, None]


def test_only_the_last_row_of_a_case_says_how_it_ended(with_class: Make) -> None:
    rows = [
        {"id": "A", "entry": 0, "duration": 5, "event": None},
        {"id": "A", "entry": 5, "duration": 9, "event": 1},
        {"id": "B", "entry": 0, "duration": 5, "event": 0},
        {"id": "B", "entry": 5, "duration": 9, "event": None},
    ]
    document = with_class("withdrawal", rows)
    with pytest.raises(StudyError, match="unknown how the case ended") as caught:
        study_from_document(document)
    assert [error.path for error in caught.value.errors] == ["reference_classes[0].rows[3].event"]
    document["reference_classes"][0]["missing"] = []
    found = [(case.id, case.data) for case in study_from_document(document).cases]
    assert found == [("A", Spell(0, 9, "withdrawal")), ("B", Spell(0, 5, None))]


@pytest.mark.parametrize(
    ("outcome", "row", "columns"),
    [
        ("withdrawal", {"duration": 5, "event": 0, "polity": "NA"}, "polity"),
        ("withdrawal", {"duration": "NA", "event": 0, "polity": 1}, "duration"),
        ("withdrawal", {"exposure": "NA", "events": 0, "polity": 1}, "exposure"),
        ("withdrawal", {"entered": "NA", "exited": "2020-01-01", "event": 0, "polity": 1}, "entered"),
        ("agreement", {"successes": "NA", "polity": 1}, "successes"),
    ],
)
def test_a_code_where_a_number_is_expected_is_named_or_left_out(
    with_class: Make, outcome: str, row: dict[str, Any], columns: str
) -> None:
    known = {key: {"entered": "2010-01-01"}.get(key, 1 if cell == "NA" else cell) for key, cell in row.items()}
    document = with_class(outcome, [row, known], covariates=["polity"])
    document["covariates"] = [{"id": "polity"}]
    with pytest.raises(StudyError, match=r"code for a missing value\? then say `missing: \[NA\]`") as caught:
        study_from_document(document)
    assert caught.value.errors[0].path == f"reference_classes[0].rows[0].{columns}"
    document["reference_classes"][0]["missing"] = ["NA"]
    study = study_from_document(document)
    assert [case.id for case in study.cases] == ["2"]
    assert names(study)["left_out"] == f"reference_classes[0].rows[0]: its {columns} is unknown, so not used"


def test_codes_may_be_those_of_one_column(with_class: Make) -> None:
    rows = [{"successes": 1, "polity": -88, "trust": 1}, {"successes": 1, "polity": -9, "trust": -9}]
    document = with_class("agreement", rows, covariates=["polity", "trust"], missing={"polity": [-66, -88]})
    document["covariates"] = [{"id": "polity"}, {"id": "trust"}]
    assert [case.covariates for case in study_from_document(document).cases] == [{"polity": -9, "trust": -9}]


@pytest.mark.parametrize(
    ("block", "rows", "column", "hint"),
    [
        (
            "judgments",
            [{"expert": "A", "outcome": "withdrawal", "probability": 0.2, "on": "2021-09-01"}],
            "odds",
            "known: ",
        ),
        (
            "resolutions",
            [{"outcome": "withdrawal", "resolution": "no", "on": "2021-09-02"}],
            "resolutoin",
            "did you mean 'resolution'?",
        ),
        (
            "track_records",
            [{"expert": "A", "question": "q", "probability": 0.2, "outcome": 1}],
            "outcomes",
            "did you mean 'outcome'?",
        ),
    ],
)
def test_codes_of_a_column_that_is_not_there_are_refused(
    document: dict[str, Any], block: str, rows: list[dict[str, Any]], column: str, hint: str
) -> None:
    def errors(missing: Any) -> list[tuple[str, str]]:
        try:
            study_from_document({**document, block: {"rows": rows, "missing": missing}})
        except StudyError as error:
            return [(found.path, found.message) for found in error.errors]
        return []

    ((path, message),) = errors({"outcome": ["NA"], column: ["NA"]})
    assert path == f"{block}.missing.{column}"
    assert f"{block}.rows has no column {column!r}; expected one; {hint}" in message
    assert errors({"outcome": ["NA"]}) == []
    # In a document a row may leave out what it does not know.
    rows = [*rows, {**rows[0], column: "NA"}]
    assert not any("has no column" in message for _, message in errors({column: ["NA"]}))


def test_codes_of_a_column_of_cases_and_of_counts_name_the_tables_own(
    beside: Callable[..., Path], with_class: Make
) -> None:
    table = DATED.format("NA", "ongoing", "collapsed").replace(",event", ",how")
    rest = ", columns: {event: how}, event_value: {collapse: collapsed}, missing: {%s: NA}"
    with pytest.raises(StudyError, match="has no column 'event'"):
        load_study(beside(table, rest % "event"))
    load_study(beside(table, rest % "how"))
    document = with_class("agreement", [{"successes": 1}])
    document["indicators"] = [
        {"id": "deaths", "rows": [{"period": "2021-08", "value": 3}], "missing": {"valeu": ["NA"]}}
    ]
    with pytest.raises(StudyError, match="did you mean 'value'"):
        study_from_document(document)


@pytest.mark.parametrize("missing", [{"polity": [{}]}, [[1]], {"polity": list(range(101))}, list(range(101)), 3.5e400])
def test_a_list_of_codes_that_is_none_is_refused(with_class: Make, missing: Any) -> None:
    with pytest.raises(StudyError, match="expected"):
        study_from_document(with_class("agreement", [{"successes": 1}], missing=missing))


def test_statements_without_a_probability_are_left_out(document: dict[str, Any]) -> None:
    row = {"expert": "A", "outcome": "withdrawal", "on": "2021-09-01"}
    document["judgments"] = {"rows": [{**row, "probability": "NA"}, {**row, "probability": "40 %"}], "missing": ["NA"]}
    document["track_records"] = {
        "rows": [
            {"expert": "A", "question": "q", "probability": None, "outcome": 1},
            {"expert": "A", "question": "r", "probability": 0.3, "outcome": "TRUE"},
        ],
        "missing": [],
    }
    document["resolutions"] = {
        "rows": [
            {"outcome": "agreement", "resolution": "NA", "on": "2021-09-01"},
            {"outcome": "withdrawal", "resolution": "No", "on": "2021-09-02"},
        ],
        "missing": "NA",
    }
    study = study_from_document(document)
    assert [judgment.probability for judgment in resolve_judgments(study)] == [0.4]
    assert list(settled_outcomes(study)) == ["withdrawal"]
    said = {sentence for name, sentence in questions(study) if name == "left_out"}
    assert {
        "judgments.rows[0]: its probability is unknown, so not used",
        "track_records.rows[0]: its probability is unknown, so not used",
        "resolutions.rows[0]: its resolution is unknown, so not used",
    } <= said


@pytest.mark.parametrize("yes", ["TRUE", "Yes", "Y", "t", "1", "true"])
@pytest.mark.parametrize("no", ["FALSE", "no", "N", "F", "0", "false"])
def test_yes_and_no_as_people_write_them(beside: Callable[..., Path], yes: str, no: str) -> None:
    found = [case.data for case in load_study(beside(TIMED.format(yes, no, no))).cases]
    assert found == [Spell(0, 45.7, "collapse"), Spell(0, 303, None), Spell(0, 31.3, None)]


@pytest.mark.parametrize("yes", ["TRUE", "Yes", "Y", "t", 1, "1", True])
@pytest.mark.parametrize("no", ["FALSE", "no", "N", "F", 0, "0", False])
def test_yes_and_no_of_resolutions_as_people_write_them(document: dict[str, Any], yes: object, no: object) -> None:
    said = {"agreement": yes, "withdrawal": no}
    rows = [{"outcome": id, "resolution": word, "on": "2021-09-01"} for id, word in said.items()]
    settled = settled_outcomes(study_from_document({**document, "resolutions": {"rows": rows}}))
    assert {name: found.resolution for name, found in settled.items()} == {"agreement": "yes", "withdrawal": "no"}


def test_yes_is_stated_in_one_way_or_both(beside: Callable[..., Path]) -> None:
    """A class whose events are `1` would lose those that are `yes` as censored."""
    with pytest.raises(StudyError, match="'yes' would count as censored but may say the same as 1"):
        load_study(beside(TIMED.format("yes", "0", "1"), ", event_value: {collapse: 1}"))
    study = load_study(beside(TIMED.format("Yes", "no", "1"), ", event_value: {collapse: [1, yes]}"))
    assert [case.data.event for case in study.cases if isinstance(case.data, Spell)] == ["collapse", None, "collapse"]


def test_shares_may_be_percentages(with_class: Make) -> None:
    rows = [{"successes": "TRUE", "share": "40 %", "weight": "50%"}, {"successes": "No", "share": "12.5%", "weight": 1}]
    document = with_class("agreement", rows, covariates=["share"])
    document["covariates"] = [{"id": "share"}]
    document["outcomes"][1]["covariates"] = {"share": "30 %"}
    study = study_from_document(document)
    assert [(case.data, case.covariates["share"], case.weight) for case in study.cases] == [
        (Trial(1, 1), 0.4, 0.5),
        (Trial(0, 1), 0.125, 1.0),
    ]
    assert study.outcomes[1].covariates == {"share": 0.3}


@pytest.mark.parametrize("cell", ["1,234", "3,5", "1.234,5", "1 234", "12'500"])
def test_a_number_with_a_comma_or_thousands_says_what_is_expected(with_class: Make, cell: str) -> None:
    with pytest.raises(StudyError, match="without separators of thousands"):
        study_from_document(with_class("withdrawal", [{"duration": cell, "event": 1}]))
