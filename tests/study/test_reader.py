"""Hostile and odd bytes: each is plain data or one clear error, never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import StudyError
from forecast.study import study_from_bytes, study_from_document
from forecast.study.reading.plain_data import plain_copy, read_json
from forecast.study.reading.yaml_reader import read_yaml


def short_id(value: object) -> str:
    """A test's name for a value that may be megabytes long."""
    return repr(value)[:30] if isinstance(value, str | bytes | float) else type(value).__name__


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b]\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: -1.5e3", -1500.0),
        ("a: 'yes'", "yes"),
        ("a: yes", "yes"),
        ("a: NO", "NO"),
        ("a: 012", "012"),
        ("a: 1:30", "1:30"),
        ("a: 1_000", "1_000"),
        ("a: +5", "+5"),
        ("a: .inf", ".inf"),
        ("a: 0x10", "0x10"),
        ("a: 2021-09-10", "2021-09-10"),
        ("a: true", True),
        ("a: True", "True"),
        ("a: null", None),
        ("a:", None),
        ("a: ~", "~"),
        ('a: "1"', "1"),
        ("a: |\n  two\n  lines\n", "two\nlines\n"),
        ("a: {b: [1, {c: d}]}", {"b": [1, {"c": "d"}]}),
        ("a: []", []),
    ],
)
def test_unquoted_yaml_follows_the_rules_of_json(text: str, value: object) -> None:
    assert read_yaml(text.encode()) == {"a": value}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (BOMB, "anchor or alias"),
        (b"a: *x", "anchor or alias"),
        (b"a: !!python/object/apply:os.system ['true']", "tag"),
        (b"a: !x 1", "tag"),
        (b"!!map {a: 1}", "tag"),
        (b"a: 1\na: 2", "given twice"),
        (b"{a: 1, 'a': 2}", "given twice"),
        (b"a: 1\n---\nb: 2", "second document"),
        (b"? [a, b]\n: 1", "used as a key"),
        (b"? &x a\n: 1", "anchor or alias"),
        (b"[" * 200_000, "deeper than 32"),
        (b"- " * 200_000, "deeper than 32"),
        (b"{a: " * 100_000, "deeper than 32"),
        (b"a: [1, 2", "not YAML"),
        (b"\ta: 1", "not YAML"),
        (b"a: 1e999", "finite number"),
        (b"a: 99999999999999999999", "too large"),
        (b"a: " + b"9" * 5000, "too large"),
        (b"a: \x01", "not YAML"),
        (b"a: \x00", "NUL"),
        (b'a: "\\0"', "no character"),
        ("a: ä".encode("utf-16"), "UTF-16"),
        ("a: ä".encode("latin-1"), "line 1 is not UTF-8"),
        (b"a: " + b"x" * 5_000_001, "at most 5,000,000"),
        (b"[" + b"1," * 600_001 + b"1]", "more than 600,000 values"),
        (b"", "document is empty"),
        (b"# nothing", "document is empty"),
        (b"- a", "document is a list"),
        (b"just text", "document is a str"),
    ],
    ids=short_id,
)
def test_hostile_yaml_is_one_clear_error(body: bytes, words: str) -> None:
    with pytest.raises(StudyError, match=words) as caught:
        study_from_bytes(body, "application/yaml")
    assert len(caught.value.errors) == 1
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "line 1 column 2.*not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": 1, "a": 2}', "given twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "finite number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too large"),
        (b'{"a": 9223372036854775808}', "too large"),
        (b"[" * 200_000, "deeper than 32"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "deeper than 32"),
        (b'{"a": "\\ud800"}', "a: .*no character"),
        (b'{"\\ud800": 1}', "no character"),
        (b'{"a": "\\u0000"}', "no character"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        (b"null", "document is empty"),
        (b"[]", "document is a list"),
    ],
    ids=short_id,
)
def test_hostile_json_is_one_clear_error(body: bytes, words: str) -> None:
    with pytest.raises(StudyError, match=words) as caught:
        study_from_bytes(body, "application/json")
    assert len(caught.value.errors) == 1
    assert len(str(caught.value)) < 400


def test_a_byte_order_mark_is_tolerated(document: dict[str, Any]) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(document).encode()
    assert study_from_bytes(body, "application/json; charset=utf-8").study == "strait"
    assert study_from_bytes(body, "application/yaml").study == "strait"


def test_another_media_type_is_refused() -> None:
    with pytest.raises(StudyError, match="application/zip"):
        study_from_bytes(b"{}", "text/csv")


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1, 2}, {1: 2}, object(), b"x", 2**70, 10**5000], ids=short_id
)
def test_what_json_cannot_say_is_refused_as_plain_data(document: dict[str, Any], value: object) -> None:
    document["notes"] = value
    with pytest.raises(StudyError, match="expected"):
        study_from_document(document)


def test_a_list_that_holds_itself_is_too_deep() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(StudyError, match="deeper than 32"):
        plain_copy(loop)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(values)
def test_json_is_read_as_python_reads_it(value: object) -> None:
    assert plain_copy(read_json(json.dumps(value).encode())) == value


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_study_error(body: bytes) -> None:
    for media_type in ("application/json", "application/yaml", "application/zip"):
        with pytest.raises(StudyError):
            study_from_bytes(body, media_type)


@given(st.text(st.sampled_from("ab: -[]{},'\"|>&*!#?\n \t1.e~%"), max_size=60))
def test_no_yaml_raises_anything_but_a_study_error(text: str) -> None:
    with pytest.raises(StudyError):
        study_from_bytes(text.encode(), "application/yaml")
