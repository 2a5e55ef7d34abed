"""A JSON schema in words: what the generated pages say of the type, the limits and the default of a field."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

type Schema = Mapping[str, Any]

CELL: Final = {"string", "number", "boolean", "null"}
"""Types of a cell of a table."""
_NOUNS: Final = {
    "string": ("text", "texts"),
    "integer": ("whole number", "whole numbers"),
    "number": ("number", "numbers"),
    "boolean": ("`true` or `false`", "`true` or `false`"),
    "cell": ("cell", "cells"),
    "date": ("date", "dates"),
    "path": ("path", "paths"),
    "password": ("secret text", "secret texts"),
}
"""Of one and of several, by type or format."""


def title_of(name: str) -> str:
    """The title of an object, such as `Track records` of `TrackRecords`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def link_to(name: str) -> str:
    """A link to the section of an object."""
    title = title_of(name)
    return f"[{title}](#{title.lower().replace(' ', '-')})"


def object_of(part: Schema) -> str:
    """The name of the object that a reference names."""
    return str(part["$ref"]).rpartition("/")[2]


def alternatives(part: Schema, objects: Mapping[str, Schema]) -> Iterator[Schema]:
    """What a field may be, apart from null; references to lists of words are followed."""
    for key in ("anyOf", "oneOf"):
        if key in part and "properties" not in part:
            for inner in part[key]:
                yield from alternatives(inner, objects)
            return
    if "$ref" in part and "enum" in objects[object_of(part)]:
        yield objects[object_of(part)]
    elif part.get("type") != "null":
        yield part


def type_words(part: Schema, objects: Mapping[str, Schema], *, several: bool = False) -> str:
    """The type of a field: the values that it may have, or what it is."""
    return _listed([word for inner in alternatives(part, objects) for word in _types(inner, objects, several)], "or")


def limit_words(part: Schema, objects: Mapping[str, Schema]) -> str:
    """The limits of a field, of its entries and of its keys; empty without any."""
    found = [word for inner in alternatives(part, objects) for word in _limits(inner, objects)]
    return "; ".join(dict.fromkeys(found))


def default_words(value: Any) -> str:
    """A default as it would be written; `empty` where nothing would be."""
    return "empty" if value in ("", [], {}) else code(value)


def code(value: Any) -> str:
    """A value as it is written, as code within a table."""
    if isinstance(value, list):
        return code(",".join(_plain(item) for item in value))
    return f"`{_plain(value)}`".replace("|", "\\|")


def in_table(description: str) -> str:
    """A description as a cell of a table of Markdown."""
    return " ".join(description.split()).replace("|", "\\|")


def difference(page: Path, expected: str) -> str:
    """What is other in a page than it should be, line by line; empty if nothing is."""
    lines = difflib.unified_diff(
        page.read_text(encoding="utf-8").splitlines(), expected.splitlines(), page.name, "as it should be", lineterm=""
    )
    return "\n".join(lines)


def _types(part: Schema, objects: Mapping[str, Schema], several: bool) -> list[str]:
    if "$ref" in part:
        return [link_to(object_of(part))]
    if "enum" in part:
        return [code(value) for value in part["enum"]]
    kind = part["type"]
    if kind == "array":
        return [f"list{'s' if several else ''} of {type_words(part['items'], objects, several=True)}"]
    if "properties" in part and not part.get("additionalProperties"):
        entries = [f"`{name}`: {type_words(inner, objects)}" for name, inner in part["properties"].items()]
        return [f"{{{', '.join(entries)}}}"]
    if kind == "object":
        values = " or ".join(type_words(inner, objects, several=True) for inner in _values(part))
        return [f"mapping{'s' if several else ''} to {values}"]
    assert isinstance(kind, str) or set(kind) == CELL, kind
    noun = _NOUNS[part.get("format", kind) if isinstance(kind, str) else "cell"][several]
    return [f"{noun} such as {code(part['examples'][0])}" if "examples" in part else noun]


def _limits(part: Schema, objects: Mapping[str, Schema]) -> Iterator[str]:
    yield from _between(part.get("minLength"), part.get("maxLength"), "characters")
    if "pattern" in part:
        yield f"matches {code(part['pattern'])}"
    yield from _range(part)
    yield from _between(part.get("minItems"), part.get("maxItems"), "entries")
    yield from _between(part.get("minProperties"), part.get("maxProperties"), "entries")
    for pattern in part.get("patternProperties", ()):
        yield f"each key matches {code(pattern)}"
    for inner in (part["items"],) if "items" in part else _values(part):
        if words := limit_words(inner, objects):
            yield f"each {'entry' if 'items' in part else 'value'} {words}"


def _values(part: Schema) -> list[Schema]:
    """What the values of a mapping may be."""
    other = part.get("additionalProperties")
    return [*part.get("patternProperties", {}).values(), *([other] if isinstance(other, dict) else [])]


def _range(part: Schema) -> Iterator[str]:
    low, above = part.get("minimum"), part.get("exclusiveMinimum")
    high, below = part.get("maximum"), part.get("exclusiveMaximum")
    if low is not None and high is not None:
        yield f"{_spoken(low)} to {_spoken(high)}"
        return
    ends = {"at least": low, "above": above, "at most": high, "below": below}
    if found := [f"{words} {_spoken(end)}" for words, end in ends.items() if end is not None]:
        yield ", ".join(found)


def _between(low: int | None, high: int | None, of_what: str) -> Iterator[str]:
    if low and high:
        yield f"{low:,} to {high:,} {of_what}"
    elif high:
        yield f"at most {high:,} {of_what}"
    elif low:
        yield f"at least {low:,} {of_what if low > 1 else of_what.replace('entries', 'entry')}"


def _spoken(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else str(number)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else json.dumps(value)


def _listed(words: list[str], last: str) -> str:
    """Words as a sentence lists them."""
    words = list(dict.fromkeys(words))
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
