"""JSON schemas of bodies that we read ourselves, for the description of the interface."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def inlined_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model without references, which would lead nowhere inside an OpenAPI document."""
    schema = model.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs", {})

    def resolve(value: Any) -> Any:
        if isinstance(value, dict):
            if (reference := value.get("$ref")) is not None:
                named = definitions[str(reference).rpartition("/")[2]]
                return resolve({**named, **{key: item for key, item in value.items() if key != "$ref"}})
            return {key: resolve(item) for key, item in value.items()}
        return [resolve(item) for item in value] if isinstance(value, list) else value

    found = resolve(schema)
    assert isinstance(found, dict)
    return found
