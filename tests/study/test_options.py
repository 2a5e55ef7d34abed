"""Categorical outcomes in documents and tables: what is read, and what is refused with its rows."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import (
    Choice,
    Occurs,
    Study,
    parse_expression,
    resolve_cases,
    resolve_option_statements,
    settled_outcomes,
)
from forecast.study.document.column import Table
from forecast.study.document.columns import CASES, JUDGMENTS
from forecast.study.reading.csv_table import read_csv
from tests.categories import SAID, categorical_outcome, election, spoken
from tests.documents import Document, event_outcome, make_study

STATED = [{"id": "left", "probability": 0.5}, {"id": "centre", "probability": 0.3}, {"id": "right", "probability": 0.2}]


def refused(*outcomes: Document, **changes: Any) -> str:
    """What is wrong with a study, one place a line."""
    with pytest.raises(StudyError) as caught:
        make_study(*outcomes, **changes)
    return str(caught.value)


def stated(**changes: Any) -> Document:
    return categorical_outcome(*STATED, **changes)


def test_options_are_parts_with_independent_scores_whose_differences_have_the_stated_spread() -> None:
    parts = make_study(stated(spread=2.0)).parts
    assert [part.id for part in parts] == ["winner.left", "winner.centre", "winner.right"]
    assert {part.competes for part in parts} == {"winner."}
    assert [part.prior_on_scale(60).sd for part in parts] == pytest.approx([2.0**0.5] * 3)
    assert parts[0].pooling.class_sd == pytest.approx(0.7 / 2**0.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"options": None}, "without options"),
        ({"options": STATED[:1]}, "options"),
        ({"options": [*STATED[:2], {"id": "left", "probability": 0.2}]}, "also options\\[0\\]"),
        ({"options": [*STATED[:2], {"id": "right"}]}, "no probability of right"),
        ({"options": [*STATED[:2], {"id": "right", "probability": 0.1}]}, "add up to 0.9"),
        (
            {"options": [*STATED[:2], {"id": "annulled", "probability": 0.2}]},
            "'annulled' is how a question that was not decided",
        ),
        ({"prior": {"distribution": "normal(0, 1)"}}, "expected the `probability` of each option"),
        ({"competes": "x"}, "competes on a categorical outcome"),
        ({"covariates": {"gdp": 1}}, "covariates on a categorical outcome"),
        ({"kind": "event"}, "options on a event outcome|options on an event outcome"),
    ],
)
def test_what_makes_no_sense_is_named(changes: dict[str, Any], words: str) -> None:
    assert re.search(words, refused({**stated(), **changes}))


def test_options_without_any_information_are_refused() -> None:
    assert "state a prior, as the `probability` of each option" in refused(categorical_outcome("a", "b"))


def test_probabilities_may_be_rounded() -> None:
    thirds = [{"id": name, "probability": 0.33} for name in ("a", "b", "c")]
    assert len(make_study(categorical_outcome(*thirds)).parts) == 3


def test_counts_by_option_or_a_column_that_names_one() -> None:
    (first, second) = resolve_cases(election())
    assert first.seen("winner.left") == Choice(3.0, 6.0)
    assert second.seen("winner.centre") == Choice(0.0, 5.0)
    rows = [{"winner_party": "Labour", "known_at": None}, {"winner_party": "right", "known_at": "2021-05-01"}]
    named = election(
        reference_classes=[
            {
                "id": "polls",
                "outcome": "winner",
                "rows": rows,
                "columns": {"option": "winner_party"},
                "option_value": {"left": ["Labour", "SPD"]},
            }
        ]
    )
    (only,) = resolve_cases(named)
    assert [only.seen(part.id) for part in named.parts] == [Choice(1.0, 1.0), Choice(0.0, 1.0), Choice(0.0, 1.0)]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"rows": [{"left": 1, "centre": 2}]}, "no column 'right'"),
        ({"rows": [{"left": 1, "centre": 2, "right": None}]}, "blank"),
        ({"rows": [{"option": "up"}]}, "'up' is no option of 'winner'"),
        ({"rows": [{"option": None}]}, "blank; expected left, centre, right"),
        ({"rows": [{"left": 1, "centre": 2, "right": 3, "weight": 0.5}]}, "case_sd: 0"),
        ({"rows": [{"option": "left", "left": 1, "centre": 2, "right": 3}]}, "expected one of both"),
        ({"rows": [{"option": "left"}], "option_value": {"up": "x"}}, "'up' is not an option"),
        ({"outcome": ["winner", "exit"], "rows": [{"option": "left"}]}, "a class of its own"),
    ],
)
def test_tables_of_cases_that_are_refused(block: dict[str, Any], words: str) -> None:
    found = refused(stated(), event_outcome(), reference_classes=[{"id": "polls", "outcome": "winner", **block}])
    assert words in found


def test_the_rows_of_an_expert_on_a_day_are_one_statement_and_the_last_one_counts() -> None:
    later = spoken("ann", {"right": 1.0, "centre": 0.0, "left": 0.0}, on="2019-12-20")
    study = election(judgments={"rows": [*spoken("ann", SAID), *later, *spoken("bea", SAID)]})
    ann, bea = resolve_option_statements(study)
    assert list(ann.probabilities.values()) == [0.0, 0.0, 1.0]
    assert ann.clipped == 3
    assert sum(bea.log_ratios.values()) == pytest.approx(0.0, abs=1e-12)
    assert list(bea.probabilities) == [part.id for part in study.parts]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            spoken("ann", {"left": 0.6, "centre": 0.3}),
            "no probability of right beside judgments.rows[0], judgments.rows[1]",
        ),
        (
            spoken("ann", {**SAID, "right": 0.3}),
            "judgments.rows[0], judgments.rows[1], judgments.rows[2] add up to 1.2",
        ),
        ([*spoken("ann", SAID), *spoken("ann", {"left": 0.6})], "'left' is also in judgments.rows[0]"),
        (spoken("ann", {**SAID, "up": 0.0}), "expected an option of 'winner' (left, centre, right)"),
        (spoken("ann", SAID, by="2020-06-01"), "leave `by` blank"),
        (spoken("ann", SAID, given="exit"), "a condition on a statement about options"),
        (
            [{"expert": "ann", "outcome": "exit", "option": "left", "probability": 0.5, "on": "2019-12-01"}],
            "not categorical",
        ),
    ],
)
def test_statements_that_are_refused_with_their_rows(rows: list[Document], words: str) -> None:
    filled = [{column: row.get(column) for column in {key for r in rows for key in r}} for row in rows]
    assert words in refused(stated(), event_outcome(), judgments={"rows": filled})


def test_the_examples_of_tables_are_read_as_their_words_say() -> None:
    def rows(title: str, table: Table) -> list[Document]:
        (example,) = (example for example in table.examples if example.title == title)
        return [dict(row) for row in read_csv(example.text.encode(), "example.csv")]

    columns = {"left": "Labour", "right": "Tories"}
    study = make_study(
        stated(resolution={"criteria": "As declared.", "by": "2022-12-31"}),
        as_of="2021-09-02",
        reference_classes=[
            {"id": "past", "outcome": "winner", "rows": rows("Options", CASES), "option_columns": columns}
        ],
        judgments={"rows": rows("Judgments of options", JUDGMENTS)},
    )
    counts = [[case.choices[part.id].chosen for part in study.parts] for case in study.cases]
    assert counts == [[3.0, 0.0, 1.0], [2.0, 1.0, 2.0]]
    (ada,) = resolve_option_statements(study)
    assert list(ada.probabilities.values()) == [0.5, 0.3, 0.2]


def test_a_resolution_names_the_option() -> None:
    def settled(resolution: str) -> dict[str, str]:
        study = election(resolutions={"rows": [{"outcome": "winner", "resolution": resolution, "on": "2019-12-30"}]})
        return {name: found.resolution for name, found in settled_outcomes(study).items()}

    assert settled("centre") == {"winner.left": "no", "winner.centre": "yes", "winner.right": "no"}
    assert settled("annulled") == {}
    with pytest.raises(StudyError, match="the option that turned out true"):
        settled("yes")


def test_expressions_name_an_option() -> None:
    study: Study = make_study(stated(), event_outcome(), scenarios=[
        {"id": "s", "title": "S", "when": "not option(winner, left) and exit"}
    ])  # fmt: skip
    names = [part.id for part in study.parts]
    assert parse_expression("option(winner, left)", names) == Occurs("winner.left")
    assert str(parse_expression("option( winner,left )", names)) == "option(winner, left)"
    for text, words in (
        ("winner", "name one of its options, as option(winner, centre)"),
        ("option(winner, up)", "'option(winner, up)' is not"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            parse_expression(text, names)


def test_links_with_options_act_at_once_and_keep_the_marginal() -> None:
    def linked(cause: str, effect_on: str, **changes: Any) -> str:
        link = {"cause": cause, "effect_on": effect_on, "log_ratio": "normal(1, 1)", **changes}
        return refused(stated(), event_outcome(), links=[link])

    assert "compete" in linked("winner.left", "winner.right")
    assert "acts at once and stays" in linked("exit", "winner.right", half_life=2.0)
    assert "expected marginal" in linked("exit", "winner.right", base="none")
    assert "unknown" in linked("exit", "winner") or "not an outcome" in linked("exit", "winner")
