"""The JSON schema of study documents; ``python -m forecast.study.document.schema`` writes priors/study.schema.json.

It says what the fields alone can say, with every default. What depends on several places (dates in order, weights that
sum to at most 1, evidence for every outcome) only loading checks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from forecast.study.document.column import Table
from forecast.study.document.columns import TABLES
from forecast.study.document.document import Study

SCHEMA_FILE: Final = Path(__file__).parents[3] / "priors" / "study.schema.json"


def study_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of a study document as its author writes it."""
    schema = Study.model_json_schema(mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    # A quantity may stand among the outcomes, from where it is taken when the document is read.
    schema["properties"]["outcomes"]["items"] = {
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("Outcome", "Quantity")]
    }
    for name, table in TABLES.items():
        _describe_columns(definitions[name], table)
    for definition in definitions.values():
        if {"table", "rows"} <= definition.get("properties", {}).keys():
            definition["oneOf"] = [{"required": ["table"]}, {"required": ["rows"]}]
        _refuse_other_keys(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Study document",
        "description": "Outcomes, evidence, priors and scenarios of one question, as of one date.",
    }


def _describe_columns(definition: dict[str, Any], table: Table) -> None:
    """Say what the columns of a table mean; it may have others."""
    for part in definition["properties"]["rows"]["anyOf"]:
        if "items" in part:
            cell = part["items"]["additionalProperties"]
            part["items"]["properties"] = {
                name: {**cell, "description": f"{column.meaning} Blank: {column.blank}."}
                for name, column in table.columns.items()
            }


def _refuse_other_keys(part: Any) -> None:
    """Where keys have a pattern, keys that do not match it are none; pydantic leaves that open."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part["additionalProperties"] = False
        for inner in part.values():
            _refuse_other_keys(inner)
    elif isinstance(part, list):
        for inner in part:
            _refuse_other_keys(inner)


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(study_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
