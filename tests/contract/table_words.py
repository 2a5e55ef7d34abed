"""The tables of a study in words: every column with its meaning, and examples; for docs/format.md and priors/README.md."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.study.document.column import Example, Table
from forecast.study.document.columns import TABLES


def table_lines(block: str) -> Iterator[str]:
    """What is said of the table of a block."""
    table = TABLES[block]
    yield from ["", "Columns of its table:", ""]
    yield from column_lines(table)
    for example in table.examples:
        yield from example_lines(example)


def column_lines(table: Table) -> Iterator[str]:
    """The columns as a table of Markdown."""
    yield from ["| column | meaning | blank or absent |", "| --- | --- | --- |"]
    for name, column in table.columns.items():
        yield f"| `{name}` | {column.meaning} | {column.blank} |"


def example_lines(example: Example) -> Iterator[str]:
    """An example, what the block says beside it, and what it reads as."""
    beside = ", with " + ", ".join(f"`{line}`" for line in example.fields.splitlines()) if example.fields else ""
    yield from ["", f"{example.title}{beside}:", "", "```csv", *example.text.splitlines(), "```", "", example.reads]
