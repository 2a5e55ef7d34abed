"""docs/format.md has every field of a study document, in words of the schema."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forecast.study import study_schema
from forecast.study.document.columns import CASES, INDICATORS, JUDGMENTS, RESOLUTIONS, TABLES
from forecast.study.document.evidence import CASE_COLUMNS
from forecast.study.document.evidence_kind import COLUMNS, EvidenceKind
from tests.contract.format_page import PAGE, README, page, readme
from tests.contract.schema_words import default_words, difference, in_table, limit_words, title_of, type_words

SCHEMA = study_schema()
OBJECTS = {name: part for name, part in SCHEMA["$defs"].items() if "properties" in part}


def sections() -> dict[str, str]:
    """Each section of the page by its title."""
    parts = re.split(r"^## (.+)\n", page(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_is_what_it_should_be() -> None:
    for file, expected in ((PAGE, page()), (README, readme())):
        assert not (other := difference(file, expected)), f"run `python -m tests.contract.format_page`:\n{other}"


@pytest.mark.parametrize("name", [SCHEMA["title"], *OBJECTS])
def test_every_object_has_a_section_with_all_of_its_fields_and_their_descriptions(name: str) -> None:
    part = OBJECTS.get(name, SCHEMA)
    section = sections()[title_of(name)].partition("Columns of its table:")[0]
    assert part["description"] in section
    for field, schema in part["properties"].items():
        (line,) = [line for line in section.splitlines() if line.startswith(f"| `{field}` |")]
        assert line.endswith(f"| {in_table(schema['description'])} |")
        assert len(re.split(r"(?<!\\)\|", line)) == 7


def test_sections_are_in_the_order_in_which_objects_occur() -> None:
    titles = list(sections())
    assert titles[:4] == ["Study document", "Outcome", "Resolution", "Prior"]
    links = [title for title in re.findall(r"\[([^\]]+)\]\(#", sections()["Study document"]) if title in titles]
    assert [title for title in titles if title in links] == list(dict.fromkeys(links))


def test_every_link_within_the_page_leads_to_a_section() -> None:
    anchors = {title.lower().replace(" ", "-") for title in sections()}
    assert set(re.findall(r"\(#([^)]+)\)", page())) <= anchors


def test_every_column_that_is_read_is_explained() -> None:
    assert set(CASES.columns) == CASE_COLUMNS
    for kind, table in {"observations": INDICATORS, "judgments": JUDGMENTS, "resolutions": RESOLUTIONS}.items():
        assert set(table.columns) >= set(COLUMNS[EvidenceKind(kind)]) - {"indicator"}


@pytest.mark.parametrize("name", TABLES)
def test_columns_and_examples_of_tables_stand_in_both_pages_and_the_schema(name: str) -> None:
    parts = re.split(r"^## (.+)\n", readme(), flags=re.MULTILINE)
    of_readme = dict(zip(parts[1::2], parts[2::2], strict=True))[title_of(name)]
    (rows,) = [part for part in OBJECTS[name]["properties"]["rows"]["anyOf"] if "items" in part]
    for column, words in TABLES[name].columns.items():
        assert rows["items"]["properties"][column]["description"].startswith(words.meaning)
        for section in (sections()[title_of(name)], of_readme):
            assert f"| `{column}` | {words.meaning} | {words.blank} |" in section
    for example in TABLES[name].examples:
        assert example.text in sections()[title_of(name)]
        assert example.text in of_readme


@pytest.mark.parametrize(
    ("schema", "kind", "limits"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 600}, "whole number", "1 to 600"),
        ({"type": "number", "exclusiveMinimum": 0.0, "maximum": 50.0}, "number", "above 0, at most 50"),
        ({"anyOf": [{"type": "string", "maxLength": 2000}, {"type": "null"}]}, "text", "at most 2,000 characters"),
        (
            {"type": "array", "items": {"type": "number", "minimum": 0.001}, "minItems": 1},
            "list of numbers",
            "at least 1 entry; each entry at least 0.001",
        ),
        ({"type": "string", "pattern": "^(a|b)$"}, "text", "matches `^(a\\|b)$`"),
        ({"enum": ["yes", True, 1]}, "`yes`, `true` or `1`", ""),
        ({"$ref": "#/$defs/TrackRecords"}, "[Track records](#track-records)", ""),
    ],
)
def test_types_and_limits_are_said_in_words(schema: dict[str, object], kind: str, limits: str) -> None:
    assert (type_words(schema, OBJECTS), limit_words(schema, OBJECTS)) == (kind, limits)


def test_what_is_other_in_a_stale_page_is_shown(tmp_path: Path) -> None:
    stale = tmp_path / "format.md"
    stale.write_text("same\nold\n", encoding="utf-8")
    assert difference(stale, "same\nnew\n").splitlines()[-2:] == ["-old", "+new"]
    assert difference(stale, "same\nold\n") == ""


def test_defaults_are_written_as_in_a_document() -> None:
    assert [default_words(value) for value in (0.7, 1.0, True, "UTC", [0.0, 60.5], [], "")] == [
        "`0.7`", "`1`", "`true`", "`UTC`", "`0,60.5`", "empty", "empty",
    ]  # fmt: skip
