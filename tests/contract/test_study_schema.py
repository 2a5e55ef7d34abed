"""The JSON schema of studies is the one that the code makes, and holds for real documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from forecast.study import load_study, study_from_document, study_schema
from forecast.study.document.schema import SCHEMA_FILE, schema_text
from tests.quantities import quantity, quantity_document, values

STUDIES = sorted((Path(__file__).parents[2] / "priors").glob("*/study.yaml"))


def test_the_schema_file_is_up_to_date() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), "run python -m forecast.study.document.schema"


def test_the_schema_is_a_schema_with_documented_defaults() -> None:
    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    pooling = schema["$defs"]["Pooling"]["properties"]
    assert {name: field["default"] for name, field in pooling.items()} == {
        "class_sd": 0.7,
        "case_sd": 0.5,
        "trend_sd": 0.5,
        "wiggle_sd": 0.3,
        "age_bands": None,
    }
    sampler = schema["$defs"]["SamplerSettings"]["properties"]
    assert all("default" in field and "description" in field for field in sampler.values())


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.parent.name)
def test_every_canonical_study_meets_the_schema(path: Path) -> None:
    jsonschema.Draft202012Validator(study_schema()).validate(load_study(path).canonical())


def test_a_quantity_meets_it_among_the_outcomes_and_beside_them() -> None:
    among = quantity_document(quantity(), values=values(9000.0))
    beside = {**among, "outcomes": [], "quantities": [quantity()]}
    for document in (among, beside):
        study_from_document(document)
        jsonschema.Draft202012Validator(study_schema()).validate(document)
    wrong = quantity_document(quantity(scale="cubic"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(study_schema()).validate(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"horizon": 0},
        {"unknown": 1},
        {"period": "fortnight"},
        {"outcomes": []},
        {"sampler": {"draws": 10}},
        {"indicators": [{"id": "x"}]},
        {"factors": [{"id": "x", "effects": {"No Outcome": "normal(0.0, 1.0)"}}]},
        {"links": [{"cause": "No Outcome", "effect_on": "x", "log_ratio": "normal(0.0, 1.0)"}]},
    ],
)
def test_the_schema_refuses_what_loading_refuses(change: dict[str, Any]) -> None:
    document = load_study(STUDIES[0]).canonical()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(study_schema()).validate(json.loads(json.dumps({**document, **change})))
