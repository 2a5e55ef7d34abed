"""The JSON schema of study documents; ``python -m forecast.study.document.schema`` writes priors/study.schema.json.

It says what the fields alone can say, with every default. What depends on several places (dates in order, weights that
sum to at most 1, evidence for every outcome) only loading checks.
"""

from __future__ import annotations

import ast
import inspect
import json
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from forecast.study.document import document, evidence, outcome, prior, sampler, scenario
from forecast.study.document.document import Study

SCHEMA_FILE: Final = Path(__file__).parents[3] / "priors" / "study.schema.json"
_MODULES: Final = (document, evidence, outcome, prior, sampler, scenario)


def study_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of a study document as its author writes it."""
    schema = Study.model_json_schema(mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    for name, definition in {**definitions, Study.__name__: schema}.items():
        _describe(name, definition)
    for definition in definitions.values():
        if {"table", "rows"} <= definition.get("properties", {}).keys():
            definition["oneOf"] = [{"required": ["table"]}, {"required": ["rows"]}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Study document",
        "description": "Outcomes, evidence, priors and scenarios of one question, as of one date.",
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(study_schema(), indent=2, ensure_ascii=False) + "\n"


def _describe(name: str, definition: dict[str, Any]) -> None:
    """Add the words that stand under each field in the source to a definition."""
    words = {key: text for module in _MODULES for key, text in _field_words(module).items()}
    for field, property_schema in definition.get("properties", {}).items():
        for owner in (name, "TableBlock"):
            if (owner, field) in words:
                property_schema.setdefault("description", words[owner, field])


@cache
def _field_words(module: ModuleType) -> dict[tuple[str, str], str]:
    """The text under each annotated field of a module's classes, by (class, field).

    Pydantic can do this itself (`use_attribute_docstrings`), at the price of reading the source on every import.
    """
    words = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field, text in zip(node.body, node.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                match text:
                    case ast.Expr(value=ast.Constant(value=str(words_below))):
                        words[node.name, field.target.id] = inspect.cleandoc(words_below)
    return words


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
