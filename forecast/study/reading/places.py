"""Where in its text each part of a study document stands, so that an error can be shown at its line.

It works on YAML and JSON alike, never fails, and knows nothing of what the text means.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

import yaml

from forecast.study.reading.plain_data import MAX_DEPTH, MAX_NODES
from forecast.study.reading.problems import Location, path_text

_YamlEvents: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARK = re.compile(r"^line (\d{1,9})(?: column (\d{1,9}))?$")
_IN_TABLE = re.compile(r"^(?P<file>.+\.csv) (?:row|line) (?P<line>\d{1,9})\b", re.IGNORECASE)
_FILE = re.compile(r"^(?P<file>.+\.csv)$", re.IGNORECASE)
_LAST_PART = re.compile(r"(?:\[\d+\]|\.[^.\[\]]+|^[^.\[\]]+)$")

START: Final = (1, 1)
LONGEST_PATH: Final = 600


@dataclass(frozen=True)
class Place:
    """A place in one of a study's files; lines and columns count from 1."""

    file: str | None
    """Name of a table; None for the document itself."""
    line: int
    column: int


def find_places(text: str, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Line and column of these paths and of the parts around them, as errors name them; of what can be read of the text.

    Nothing else is kept, however large the text: a long key above many items would be copied for each of them.
    """
    wanted = {""}
    for path in paths:
        while path and len(path) <= LONGEST_PATH and path not in wanted:
            wanted.add(path)
            path = _around(path)
    places: dict[str, tuple[int, int]] = {}
    # What stands before a mistake is known.
    with contextlib.suppress(yaml.YAMLError, RecursionError):
        _walk(text, wanted, places)
    return places


def place_of(path: str, places: Mapping[str, tuple[int, int]]) -> Place:
    """Where an error stands: at its own place, or at the nearest part around it that is in the text."""
    if path in places:
        return Place(None, *places[path])
    if found := _MARK.match(path):
        return Place(None, int(found.group(1)), int(found.group(2) or 1))
    if found := _IN_TABLE.match(path):
        return Place(found.group("file"), int(found.group("line")), 1)
    if found := _FILE.match(path):
        return Place(found.group("file"), *START)
    path = path if len(path) <= LONGEST_PATH else ""
    while path and path not in places:
        path = _around(path)
    return Place(None, *places.get(path, START))


def _around(path: str) -> str:
    """The path without its last part."""
    shorter = _LAST_PART.sub("", path)
    return shorter if shorter != path else ""


@dataclass
class _Open:
    """A mapping or list that is being read; its path is None where nothing inside it is requested."""

    at: Location | None
    is_mapping: bool
    key: str | None = None
    count: int = 0

    def child(self) -> Location | None:
        if self.at is None or (self.key is not None and len(self.key) > LONGEST_PATH):
            return None
        return (*self.at, self.key or "") if self.is_mapping else (*self.at, self.count)

    def close_item(self) -> None:
        self.count += 1
        self.key = None


def _walk(text: str, wanted: AbstractSet[str], places: dict[str, tuple[int, int]]) -> None:
    stack: list[_Open] = []

    def keep(at: Location | None, event: Any) -> Location | None:
        """The path, if it is asked for; its place is kept."""
        path = None if at is None else path_text(at)
        if path is None or path not in wanted:
            return None
        places.setdefault(path, (event.start_mark.line + 1, event.start_mark.column + 1))
        return at

    for number, event in enumerate(yaml.parse(text, Loader=_YamlEvents)):
        if number > 2 * MAX_NODES or len(stack) > MAX_DEPTH:
            return
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
            if stack:
                stack[-1].close_item()
        elif isinstance(event, yaml.NodeEvent):
            top = stack[-1] if stack else None
            if top is not None and top.is_mapping and top.key is None:
                if not isinstance(event, yaml.ScalarEvent):
                    # The reader refuses such a key itself, so nothing after it is requested.
                    return
                top.key = event.value
                keep(top.child(), event)
                continue
            at = keep(top.child() if top is not None else (), event)
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                stack.append(_Open(at, isinstance(event, yaml.MappingStartEvent)))
            elif top is not None:
                top.close_item()
