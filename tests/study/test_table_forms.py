"""Tables as spreadsheets write them: separators, encodings, decimal commas, words for yes and no."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.study import Spell, load_study
from forecast.study.reading.csv_table import read_csv

SEPARATORS = ",;\t|"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
names = (
    st.text(st.sampled_from("abcdeé, ;|x"), min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda name: name and "éé" not in name)
)
numbers = st.one_of(
    st.integers(-10_000, 10_000),
    st.floats(-1e4, 1e4, allow_nan=False).map(lambda value: round(value, 3)).filter(lambda value: value % 1),
)


def written(rows: list[list[str]], separator: str) -> str:
    """The text of a table; a cell that has the separator in it is in quotes."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator).writerows(rows)
    return stream.getvalue()


@given(
    st.lists(st.tuples(names, numbers, numbers), min_size=1, max_size=8),
    st.sampled_from(SEPARATORS),
    st.sampled_from(ENCODINGS),
    st.booleans(),
)
def test_a_table_is_the_same_in_every_form(
    rows: list[tuple[str, float, float]], separator: str, encoding: str, comma: bool
) -> None:
    """With decimal commas too, when one of them can be nothing else; here that is the first row's."""
    rows = [("first", 0.5, 1), *rows]
    cells = [[name, *(str(value).replace(".", ",") if comma else str(value) for value in pair)] for name, *pair in rows]
    text = written([["name", "x", "y"], *cells], separator)
    assert [tuple(row.values()) for row in read_csv(text.encode(encoding), "t.csv")] == rows


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a;b\n1,5;2\n", {"a": 1.5, "b": 2}),
        ("a;b\n1,5;2,375\n", {"a": 1.5, "b": 2.375}),
        ("a;b\n1.234.567,5;x\n", {"a": 1234567.5, "b": "x"}),
        ("a;b\n-0,125;12,5 %\n", {"a": -0.125, "b": "12.5 %"}),
        ('a,b\n"1,5",2\n', {"a": 1.5, "b": 2}),
        ("a;b\nNA;x\n1,5;x\n", {"a": "NA", "b": "x"}),
        ("a;b\nyes;x\n0,5;x\n", {"a": "yes", "b": "x"}),
        ("a;b\n1,234;2\n", {"a": "1,234", "b": 2}),
        ("a;b\n1,5;2.5\n", {"a": "1,5", "b": 2.5}),
        ("a;b\n1,234,567;2,5\n", {"a": "1,234,567", "b": 2.5}),
        ("a;note\n1;12,13\n2;pages 3,4\n", {"a": 1, "note": "12,13"}),
    ],
)
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(text: str, row: dict[str, object]) -> None:
    assert read_csv(text.encode(), "t.csv")[0] == row


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a\n1\n", ["a"]),
        ("a,b;c\n1,2;3\n", ["a", "b;c"]),
        ("gdp, usd;year\n1;2\n3;4\n", ["gdp, usd", "year"]),
        ("sep=;\r\na;b\r\n1;2\r\n", ["a", "b"]),
        ("sep=,\na,b;c\n1,2\n", ["a", "b;c"]),
        ("a|b\n1|2,5\n", ["a", "b"]),
        ("name of it\nx\n", ["name of it"]),
    ],
)
def test_the_separator_is_that_with_which_lines_fit_the_header(text: str, columns: list[str]) -> None:
    assert list(read_csv(text.encode(), "t.csv")[0]) == columns


@pytest.mark.parametrize(("cell", "word"), [("TRUE", "true"), ("True", "true"), ("FALSE", "false"), ("No", "No")])
def test_truth_as_spreadsheets_write_it(cell: str, word: str) -> None:
    assert read_csv(f"a\n{cell}\n".encode(), "t.csv") == ({"a": word},)


def test_a_study_with_semicolons_is_the_study_with_commas(tmp_path: Path) -> None:
    table = (
        "id,entered,exited,event\nnorth,1990-01-15,1993-11-05,1\nsouth,1995-03-01,,0\neast,2001-07-20,2004-02-29,1\n"
        "west,2010-05-05,2012-05-05,1\nhill,2015-01-01,2018-12-31,0\n"
    )
    outcome = {
        "id": "collapse", "title": "The truce collapses", "kind": "event", "resolution": {"criteria": "x"},
        "prior": {"distribution": "normal(-4, 1)"}, "reference": {"truces": 1.0},
    }  # fmt: skip
    document = {
        "study": "quirks", "title": "Does a truce last", "as_of": "2020-06-30", "period": "month", "horizon": 24,
        "outcomes": [outcome], "reference_classes": [{"id": "truces", "outcome": "collapse", "table": "cases.csv"}],
    }  # fmt: skip
    found = []
    for separator in SEPARATORS:
        (tmp_path / "study.json").write_text(json.dumps(document))
        (tmp_path / "cases.csv").write_text(table.replace(",", separator))
        found.append(load_study(tmp_path / "study.json"))
    assert len({study.digest for study in found}) == 1
    ended = [case.data.event for case in found[0].cases if isinstance(case.data, Spell)]
    assert ended == ["collapse", None, "collapse", "collapse", None]
