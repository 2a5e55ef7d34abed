"""Every field of the interface, of study documents and of the settings says what it means, and every operation what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forecast import answer
from forecast.answer.thresholds import MAX_PARETO_K, SCALING_NOTED
from forecast.runtime.settings import Settings
from forecast.study import study_schema
from tests.contract.openapi import interface

MOST_WORDS = 25
"""Of a sentence."""
_SENTENCE_END = re.compile(r"(?<=[.?])\s+")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return interface()


def fields(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property in a schema, with its place."""
    if isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items() if isinstance(schema.get("properties"), dict) else ():
            yield f"{place}.{name}", field
        for key, item in schema.items():
            # The names of properties are no schema.
            yield from fields(
                list(item.values()) if key in ("properties", "$defs") and isinstance(item, dict) else item, place
            )
    elif isinstance(schema, list):
        for item in schema:
            yield from fields(item, place)


def described(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything in the description of the interface that has to have words, with its place."""
    for name, schema in document["components"]["schemas"].items():
        yield from fields(schema, name)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            place = f"{method.upper()} {path}"
            for parameter in operation.get("parameters", ()):
                yield f"{place} ?{parameter['name']}", parameter
            if "requestBody" in operation:
                yield f"{place} body", operation["requestBody"]
                yield from fields(operation["requestBody"]["content"], f"{place} body")


def without_words(found: Iterator[tuple[str, dict[str, Any]]]) -> list[str]:
    return [place for place, part in found if not part.get("description", "").strip()]


def test_every_field_of_the_interface_has_a_description(document: dict[str, Any]) -> None:
    assert without_words(described(document)) == []


def test_every_operation_has_a_summary(document: dict[str, Any]) -> None:
    assert [
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not operation.get("summary", "").strip()
    ] == []


def test_every_field_of_a_study_document_has_a_description() -> None:
    schema = study_schema()
    blocks = {"Study": {"properties": schema["properties"]}, **schema["$defs"]}
    # The key of a condition, `not`, belongs to the field that it stands in.
    found = (entry for name, block in blocks.items() for entry in fields(block, name) if not entry[0].endswith(".not"))
    assert without_words(found) == []


def test_limits_of_checks_are_said_as_they_are(document: dict[str, Any]) -> None:
    said = {place: part["description"] for place, part in described(document)}
    limits = {place: MAX_PARETO_K for place in said if place.endswith(".pareto_k")}
    assert len(limits) == 4
    for place, limit in {**limits, "PowerScaling.sensitivity": SCALING_NOTED}.items():
        assert f"above {limit} " in said[place], place


def test_no_description_of_an_answer_has_a_limit_typed_in() -> None:
    modules = [module for module in Path(answer.__file__).parent.glob("*.py") if module.name != "thresholds.py"]
    typed = re.compile(r"\b(?:above|below|most|least|to) \d+\.\d+")
    assert [(module.name, found.group()) for module in modules for found in typed.finditer(module.read_text())] == []


def test_every_setting_has_a_description() -> None:
    found = ((f"FORECAST_{name.upper()}", {"description": field.description or ""}) for name, field in _settings())
    assert without_words(found) == []


def test_sentences_are_short(document: dict[str, Any]) -> None:
    schema = study_schema()
    texts = [(place, part.get("description", "")) for place, part in described(document)]
    texts += [(place, part.get("description", "")) for place, part in fields(schema, "Study")]
    texts += [(name, field.description or "") for name, field in _settings()]
    long = [
        (place, sentence)
        for place, text in texts
        for sentence in _SENTENCE_END.split(text)
        if len(sentence.split()) > MOST_WORDS
    ]
    assert long == []


def _settings() -> Iterator[tuple[str, Any]]:
    return iter(Settings.model_fields.items())


_VAGUE = re.compile(r"\b(?:whoever|nobody|somebody)\b", re.IGNORECASE)
_ROOT = Path(__file__).resolve().parents[2]


def test_the_code_and_the_pages_about_it_name_what_they_mean() -> None:
    places = [
        _ROOT / name for name in ("CHANGELOG.md", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "pyproject.toml")
    ]
    for folder, ending in (
        ("docs", "md"),
        *((f, e) for f in ("forecast", "api", "workers") for e in ("py", "html", "js")),
    ):
        places += (_ROOT / folder).rglob(f"*.{ending}")
    assert len(places) > 400
    vague = [
        f"{path.relative_to(_ROOT)}:{number} {found.group()}"
        for path in places
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for found in _VAGUE.finditer(line)
    ]
    assert vague == []
