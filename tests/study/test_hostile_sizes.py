"""However wrong a document is, saying so takes no longer than a few good documents; counted in calls, not in time."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import pytest

from forecast.errors import StudyError
from forecast.study import study_from_document
from forecast.study.loading import study_from_bytes
from forecast.study.reading import suggest
from forecast.study.reading.problems import MAX_REPORTED
from forecast.study.rows.row_reader import MOST_ERRORS, RowReader
from tests.coin import coin_document


def errors_of(document: object) -> list[tuple[str, str, str]]:
    with pytest.raises(StudyError) as caught:
        study_from_document(document)
    return [(error.path, error.code, error.message) for error in caught.value.errors]


def test_a_thousand_keys_are_no_mapping_of_a_study() -> None:
    keys: dict[str, Any] = {f"k{number}": 1 for number in range(300_000)}
    assert [code for _, code, _ in errors_of({**coin_document(), **keys})] == ["too_many_keys"]
    for body, media_type in (
        (json.dumps(keys), "application/json"),
        ("".join(f"{key}: 1\n" for key in keys), "application/yaml"),
    ):
        with pytest.raises(StudyError, match="keys"):
            study_from_bytes(body.encode(), media_type)


def test_as_many_values_as_a_table_has_are_not_allowed_anywhere_else() -> None:
    document = coin_document(outcomes=[{f"k{key}": 1 for key in range(1000)} for _ in range(280)])
    assert [code for _, code, _ in errors_of(document)] == ["too_large"]
    rows = [{f"k{key}": 1 for key in range(200)} for _ in range(2_000)]
    document = coin_document(judgments={"rows": rows})
    assert "too_large" not in [code for _, code, _ in errors_of(document)]


def test_the_nearest_name_is_looked_for_only_where_it_is_reported() -> None:
    row = {"probability": 0.5, "on": "2020-01-01", "by": "2021-12-01"}
    rows = [{**row, "expert": "ann", "outcome": f"haeds-{number}"} for number in range(20_000)]
    with patch.object(suggest, "nearest", wraps=suggest.nearest) as nearest:
        errors = errors_of(coin_document(judgments={"rows": rows}))
    assert len(errors) == MAX_REPORTED + 1
    assert "did you mean 'heads'?" in errors[0][2]
    assert nearest.call_count <= 2 * MAX_REPORTED
    document = coin_document()
    document["outcomes"] = [{**document["outcomes"][0], **{f"pior{key}": 1 for key in range(900)}} for _ in range(50)]
    with patch.object(suggest, "nearest", wraps=suggest.nearest) as nearest:
        errors = errors_of(document)
    assert "did you mean 'prior'?" in errors[0][2]
    assert nearest.call_count <= MAX_REPORTED


def test_names_that_are_none_and_lists_that_are_too_long_are_not_gone_through() -> None:
    names = [f"name-{number}" for number in range(suggest.MOST_NAMES)]
    assert suggest.nearest("name-77x", names) == "name-77"
    assert suggest.nearest("name-77x", [*names, "more"]) is None
    assert suggest.nearest("n" * 101, ["n" * 100]) is None
    assert suggest.nearest_hint("x", (name for name in ("b" * 5000, "a"))) == f"known: a, {'b' * 100}..."
    assert suggest.nearest_hint("x", []) == "there are none"


def test_a_table_remembers_so_many_errors() -> None:
    reader = RowReader([{"a": "x"}] * (MOST_ERRORS + 5), "table", None)
    for index in range(MOST_ERRORS + 5):
        assert reader.number(index, "a") is None
    assert len(reader.errors) == MOST_ERRORS
