"""docs/openapi.json is what the service serves, and a valid document that clients can be generated from."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.contract.openapi import COMMAND, FILE, interface, text

NAME = re.compile(r"[a-z]+(_[a-z]+)*")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return interface()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(item)


def test_the_committed_document_is_what_the_service_serves(document: dict[str, Any]) -> None:
    committed = FILE.read_text(encoding="utf-8").splitlines()
    difference = difflib.unified_diff(committed, text(document).splitlines(), "docs/openapi.json", "now", lineterm="")
    changed = "\n".join(difference)
    assert not changed, f"run `{COMMAND}` if this is meant:\n{changed}"


def test_every_reference_leads_to_a_component(document: dict[str, Any]) -> None:
    wanted = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    there = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert wanted - there == set()


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            pytest.fail(f"{name}: {error.message}")


def test_every_operation_has_a_short_name_of_its_own(document: dict[str, Any]) -> None:
    names = Counter(operation["operationId"] for _, operation in operations(document))
    assert [name for name, count in names.items() if count > 1 or not NAME.fullmatch(name)] == []


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for place, operation in operations(document):
        for status in ("4XX", "5XX"):
            content = operation["responses"][status]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}, (
                f"{place} {status}"
            )


def test_every_operation_with_json_has_examples_that_fit(document: dict[str, Any]) -> None:
    missing = []
    for place, operation in operations(document):
        answers = [answer for status, answer in operation["responses"].items() if status[0] == "2"]
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for name, parts in (("body", bodies), ("answer", answers)):
            contents = [
                part["content"]["application/json"] for part in parts if "application/json" in part.get("content", {})
            ]
            shown = [content for content in contents if "example" in content]
            if contents and not shown:
                missing.append(f"{place}: {name}")
            for content in shown:
                schema = {**content["schema"], "components": document["components"]}
                jsonschema.Draft202012Validator(schema).validate(content["example"])
    assert missing == [], "run `python -m tests.contract.openapi_examples`"
