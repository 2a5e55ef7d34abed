"""Writes docs/format.md: every object of a study document with its fields, from the JSON schema.

``python -m tests.contract.format_page`` writes it; tests/contract/test_format_page.py holds it true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from forecast.study import study_schema
from tests.contract.schema_words import (
    Schema,
    alternatives,
    default_words,
    in_table,
    limit_words,
    link_to,
    object_of,
    title_of,
    type_words,
)

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "format.md"

BEGINNING: Final = """\
# The format of studies

Every field of a study document, one section for each object, in the order in which they occur. Made by
`python -m tests.contract.format_page` from [the JSON schema](../priors/study.schema.json).

* Only *required* fields must be there. One that is *absent* by default may also be written as null.
* A *cell* is text, a number, `true`, `false` or null. The keys of a *mapping* are the author's own names.
* Loading checks more than single fields, such as dates in order. [Limits](limits.md) says how much is accepted.
"""


def page() -> str:
    """The page as it should be."""
    schema = study_schema()
    objects: Mapping[str, Schema] = schema["$defs"]
    places: dict[str, list[str]] = {}
    for name, place in occurrences(schema, objects):
        places.setdefault(name, []).append(place)
    lines = [BEGINNING, f"## {schema['title']}", "", schema["description"], "", *_table(schema, objects)]
    for name, found in places.items():
        where = ", ".join(f"`{place}`" for place in found)
        lines += ["", f"## {title_of(name)}", "", f"In {where}.", "", objects[name]["description"], ""]
        lines += _table(objects[name], objects)
    return "\n".join(lines) + "\n"


def occurrences(part: Schema, objects: Mapping[str, Schema], place: str = "") -> Iterator[tuple[str, str]]:
    """Each object below another with each of its places, such as `outcomes[].prior`, in the order of the document."""
    for name, field in part.get("properties", {}).items():
        yield from _within(field, objects, f"{place}.{name}" if place else name)


def _within(field: Schema, objects: Mapping[str, Schema], place: str) -> Iterator[tuple[str, str]]:
    for inner in alternatives(field, objects):
        if "$ref" in inner:
            yield object_of(inner), place
            yield from occurrences(objects[object_of(inner)], objects, place)
        elif "items" in inner:
            yield from _within(inner["items"], objects, f"{place}[]")


def _table(part: Schema, objects: Mapping[str, Schema]) -> list[str]:
    lines = ["| field | type | default | limits | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, field in part["properties"].items():
        cells = (
            f"`{name}`",
            type_words(field, objects),
            _default(name, part, objects),
            limit_words(field, objects),
            in_table(field["description"]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _default(name: str, part: Schema, objects: Mapping[str, Schema]) -> str:
    """The default of a field; of one of several that one of is needed, the others."""
    field: dict[str, Any] = part["properties"][name]
    needed = [key for choice in part.get("oneOf", ()) for key in choice["required"]]
    if name in needed:
        return f"this or {' or '.join(f'`{other}`' for other in needed if other != name)}"
    if name in part.get("required", ()):
        return "required"
    if field["default"] is None:
        return "absent"
    if "$ref" in field and isinstance(field["default"], dict):
        return f"that of {link_to(object_of(field))}"
    return default_words(field["default"])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
