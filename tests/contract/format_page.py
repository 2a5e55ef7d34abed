"""Writes docs/format.md: every object of a study document with its fields, and every column of its tables.

And priors/README.md, on tables alone. Both come from the JSON schema and `forecast.study.document.columns`.
``python -m tests.contract.format_page`` writes them; tests/contract/test_format_page.py holds them true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from forecast.study import study_schema
from forecast.study.document.columns import TABLES
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
from tests.contract.table_words import table_lines

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "format.md"
README: Final = Path(__file__).resolve().parents[2] / "priors" / "README.md"

BEGINNING: Final = """\
# The format of studies

Every field of a study document, one section for each object, in the order in which they occur. Made by
`python -m tests.contract.format_page` from [the JSON schema](../priors/study.schema.json).

* Only *required* fields must be there. One that is *absent* by default may also be written as null.
* A *cell* is text, a number, `true`, `false` or null. The keys of a *mapping* are the author's own names.
* Loading checks more than single fields, such as dates in order. [Limits](limits.md) says how much is accepted.
* Tables may be in UTF-8, UTF-16 or Windows-1252, with commas, semicolons, tabs or bars between cells. Decimal commas are read where
  they can be nothing else.
"""

TABLES_BEGINNING: Final = """\
# Studies and their tables

Each folder is a study with its tables: `study.yaml` names them. Its fields are in [docs/format.md](../docs/format.md). This page, which
`python -m tests.contract.format_page` makes, says what the columns of tables mean, and what is counted from where.

A file is in UTF-8, UTF-16 or Windows-1252. Its cells are separated by commas, semicolons, tabs or bars. `3,5` is 3.5 where it can be
nothing else. `yes`, `no`, `true` and `false` count in any case, and `40 %` is 0.4 where a share or a covariate is expected.

**Unknown is not no.** A blank says that something is unknown. Other codes, such as `NA` or `-99`, have to be named: `missing: [NA, -99]`
in the block of the table, or `missing: {polity: [-66, -77, -88]}` by column. Rows that lack what is needed are then left out, and a
note names them. Without `missing` such a row is an error.

**Where time counts from.** Periods are the study's `period`. The age of a case counts from the beginning of its clock: `origin`, or else
`entered`; in a table of durations it is 0 there. `duration` and `entry` are both such ages. The present case's own age counts from
`at_risk_since`. Ages go in steps from that day, so a case that began on the 17th is a month old on the next 17th. Counts of indicators go
by natural periods, such as the month of March; `week_starts` and `year_starts` say where weeks and years begin.

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
        if name in TABLES:
            lines += table_lines(name)
    return "\n".join(lines) + "\n"


def readme() -> str:
    """The page on tables as it should be."""
    objects: Mapping[str, Schema] = study_schema()["$defs"]
    lines = [TABLES_BEGINNING]
    for name in TABLES:
        lines += [f"## {title_of(name)}", "", objects[name]["description"], *table_lines(name), ""]
    return "\n".join(lines)


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
    README.write_text(readme(), encoding="utf-8")
