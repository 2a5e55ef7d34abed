"""Errors at their lines: paths of a document as its text has them."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import StudyError
from forecast.study import study_from_bytes
from forecast.study.reading.places import Place, find_places, place_of
from tests.coin import coin_document

TEXT = """\
# a comment
study: coin
title: "Whether: the coin"
as_of: 2021-01-01
period: month
horizon: 12
outcomes:
  - id: heads
    title: T
    kind: binary
    resolution: {criteria: c, source: s,
      by: 2020-12-01}
    prior:
      distribution: norml(0, 1)
scenarios: [{id: a, title: b, when: heads or tails}]
"""


def test_every_key_and_item_has_its_line_and_column() -> None:
    paths = [
        "study",
        "outcomes[0].id",
        "outcomes[0].resolution.by",
        "outcomes[0].prior.distribution",
        "scenarios[0].when",
    ]
    places = find_places(TEXT, paths)
    assert places["study"] == (2, 1)
    assert places["outcomes[0].id"] == (8, 5)
    assert places["outcomes[0].resolution.by"] == (12, 7)
    assert places["outcomes[0].prior.distribution"] == (14, 7)
    assert places["scenarios[0].when"] == (15, 31)


def test_errors_are_found_where_they_stand_or_at_the_nearest_part_around_them() -> None:
    with pytest.raises(StudyError) as caught:
        study_from_bytes(TEXT.encode(), "application/yaml")
    odd = ["outcomes[0].pooling.case_sd", "outcomes[7].id", "nothing.like.it"]
    places = find_places(TEXT, [*odd, *(error.path for error in caught.value.errors)])
    found = {error.path: place_of(error.path, places) for error in caught.value.errors}
    assert found == {"outcomes[0].prior.distribution": Place(None, 14, 7)}
    assert place_of("outcomes[0].pooling.case_sd", places) == Place(None, 8, 5)
    assert place_of("outcomes[7].id", places) == Place(None, 7, 1)
    assert place_of("nothing.like.it", places) == Place(None, 2, 1), "where the document begins"
    assert place_of("line 3 column 5", places) == Place(None, 3, 5)
    assert place_of("cases/d.csv row 4 column start", places) == Place("cases/d.csv", 4, 1)
    assert place_of("cases/d.csv line 1", places) == Place("cases/d.csv", 1, 1)
    assert place_of("cases/d.csv", places) == Place("cases/d.csv", 1, 1)


def test_a_text_that_breaks_off_is_known_up_to_there() -> None:
    assert find_places("a: 1\nb: [2,\n  c: {\n", ["b"])["b"] == (2, 1)


def test_json_is_read_as_well() -> None:
    text = json.dumps(coin_document(), indent=1)
    line = next(number for number, own in enumerate(text.splitlines(), start=1) if '"by"' in own)
    assert find_places(text, ["outcomes[0].resolution.by"])["outcomes[0].resolution.by"] == (line, 5)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab: -", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def paths_of(value: object, at: str = "") -> set[str]:
    found = set()
    if isinstance(value, dict):
        for key, item in value.items():
            own = f"{at}.{key}" if at else key
            found |= {own} | paths_of(item, own)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            found |= {f"{at}[{place}]"} | paths_of(item, f"{at}[{place}]")
    return found


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), values, max_size=4), st.booleans())
def test_every_path_of_a_document_is_found(document: dict[str, object], flow: bool) -> None:
    text = yaml.safe_dump(document, default_flow_style=flow)
    places = find_places(text, paths_of(document))
    assert paths_of(document) <= set(places)
    lines = text.splitlines()
    for path in paths_of(document):
        line, column = places[path]
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    find_places(text, [text])
    place_of(text, {})


def test_a_long_key_above_many_items_costs_nothing() -> None:
    text = '? "' + "k" * 50_000 + '"\n: [' + "1," * 50_000 + "1]\n"
    places = find_places(text, ["k" * 50_000, "outcomes"])
    assert places == {"": (1, 1)}


@pytest.mark.parametrize("path", ["line " + "1" * 5000, "x.csv row " + "1" * 5000, "a" * 10_000, "[0]" * 5000])
def test_odd_paths_are_somewhere(path: str) -> None:
    assert place_of(path, {}).line == 1


def test_a_key_that_looks_like_a_place_is_found_where_it_stands() -> None:
    places = find_places("study: a\nline 7: 3\n", ["line 7"])
    assert place_of("line 7", places) == Place(None, 2, 1)
