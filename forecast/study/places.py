"""Where in its text each part of a study document stands, so that an error can be shown at its line.

It works on YAML and JSON alike, never fails, and knows nothing of what the text means.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from forecast.study.problems import Location, path_text
from forecast.study.reader import MAX_DEPTH, MAX_NODES

_YamlEvents: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARK = re.compile(r"^line (\d+)(?: column (\d+))?$")
_IN_TABLE = re.compile(r"^(?P<file>.+\.csv) (?:row|line) (?P<line>\d+)\b", re.IGNORECASE)
_FILE = re.compile(r"^(?P<file>.+\.csv)$", re.IGNORECASE)
_LAST_PART = re.compile(r"(?:\[\d+\]|\.[^.\[\]]+|^[^.\[\]]+)$")

START: Final = (1, 1)


@dataclass(frozen=True)
class Place:
    """A place in one of a study's files; lines and columns count from 1."""

    file: str | None
    """Name of a table; None for the document itself."""
    line: int
    column: int


def find_places(text: str) -> dict[str, tuple[int, int]]:
    """Line and column of every key and item, by its path as errors name it; of what can be read of the text."""
    places: dict[str, tuple[int, int]] = {}
    # What stands before a mistake is known.
    with contextlib.suppress(yaml.YAMLError, RecursionError):
        _walk(text, places)
    return places


def place_of(path: str, places: Mapping[str, tuple[int, int]]) -> Place:
    """Where an error stands: at its own place, or at the nearest part around it that is in the text."""
    if found := _MARK.match(path):
        return Place(None, int(found.group(1)), int(found.group(2) or 1))
    if found := _IN_TABLE.match(path):
        return Place(found.group("file"), int(found.group("line")), 1)
    if found := _FILE.match(path):
        return Place(found.group("file"), *START)
    while path and path not in places:
        shorter = _LAST_PART.sub("", path)
        path = shorter if shorter != path else ""
    return Place(None, *places.get(path, START))


@dataclass
class _Open:
    """A mapping or list that is being read."""

    at: Location
    is_mapping: bool
    key: str | None = None
    count: int = 0

    def child(self) -> Location:
        return (*self.at, self.key or "") if self.is_mapping else (*self.at, self.count)

    def close_item(self) -> None:
        self.count += 1
        self.key = None


def _walk(text: str, places: dict[str, tuple[int, int]]) -> None:
    stack: list[_Open] = []
    for number, event in enumerate(yaml.parse(text, Loader=_YamlEvents)):
        if number > 2 * MAX_NODES or len(stack) > MAX_DEPTH:
            return
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
            if stack:
                stack[-1].close_item()
        elif isinstance(event, yaml.NodeEvent):
            top = stack[-1] if stack else None
            mark: Any = event.start_mark
            where = mark.line + 1, mark.column + 1
            if top is not None and top.is_mapping and top.key is None:
                # A key that is no scalar makes no study; its value is read as one more key.
                top.key = getattr(event, "value", "")
                places.setdefault(path_text(top.child()), where)
                continue
            at = top.child() if top is not None else ()
            places.setdefault(path_text(at), where)
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                stack.append(_Open(at, isinstance(event, yaml.MappingStartEvent)))
            elif top is not None:
                top.close_item()
