"""What is said of a table: its columns, and examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Column:
    """One column, under our name."""

    meaning: str
    blank: str
    """What a blank cell, or no such column, says."""


@dataclass(frozen=True)
class Example:
    """A table as a file has it."""

    title: str
    fields: str
    """What the block says beside it, as YAML."""
    text: str
    """As CSV."""
    reads: str
    """What it says, in words."""


@dataclass(frozen=True)
class Table:
    """A kind of table."""

    columns: Mapping[str, Column]
    examples: tuple[Example, ...]


KNOWN_AT: Final = "Day on which the row became known. A forecast as of an earlier day does not see it."
