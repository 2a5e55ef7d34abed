"""YAML to plain data, without what makes YAML surprising or dangerous.

No anchors, aliases or tags, one document only, and an unquoted word is a number, true, false or null exactly where JSON
would say so: ``no``, ``012`` and ``2021-09-10`` are texts.
"""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

import yaml

from forecast.study.reading.plain_data import (
    MAX_DEPTH,
    MAX_KEYS,
    MAX_NODES,
    read_float,
    read_integer,
    read_text,
    too_deep,
)
from forecast.study.reading.problems import one_error, shown

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: Final = {"": None, "null": None, "true": True, "false": False}

# libyaml gives events one by one without recursion, twenty times faster than Python (0.3 s against 6 s for 20,000
# rows). Its node composer, which overflows the stack on nested input, is never used.
_YamlEvents: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(body: bytes) -> Any:
    """The data of a YAML document, before `plain_copy`.

    Raises
    ------
    StudyError
        When it is not YAML, or uses more of YAML than a study may.
    """
    text = read_text(body, "document")
    try:
        return _Composer(text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1} column {mark.column + 1}" if mark else "document"
        raise one_error(
            where, "syntax", f"not YAML: {error.problem or error.context}; expected a YAML document; correct it there"
        ) from None
    except yaml.YAMLError as error:
        raise one_error(
            "document", "syntax", f"not YAML: {str(error)[:200]}; expected printable text; remove the character"
        ) from None
    except RecursionError:
        raise too_deep(()) from None


class _Composer:
    """Builds plain data from YAML events, with every limit checked as they come."""

    def __init__(self, text: str) -> None:
        self._events = iter(yaml.parse(text, Loader=_YamlEvents))
        self._nodes = 0

    def document(self) -> Any:
        """The only document of the stream; None when it is empty."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), 0)
        next(self._events)
        end = next(self._events)
        if not isinstance(end, yaml.StreamEndEvent):
            self._refuse(
                end, "a second document begins", "expected one document; remove the line `---` and what follows"
            )
        return value

    def _value(self, event: Any, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse(event, f"more than {MAX_NODES:,} values", "expected a smaller document; leave out rows")
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels", "expected a flatter document; flatten it")
        self._check_plain_node(event)
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style in ("'", '"', "|", ">") else self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                items.append(self._value(item, depth + 1))
            return items
        return self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            self._check_plain_node(key)
            if not isinstance(key, yaml.ScalarEvent):
                self._refuse(key, "a list or mapping is used as a key", "expected text as a key; quote it")
            if key.value in values:
                self._refuse(key, f"the key {shown(key.value)} is given twice", "expected it once; remove one")
            if len(values) == MAX_KEYS:
                self._refuse(
                    key, f"more than {MAX_KEYS:,} keys", "expected fewer in one mapping; remove what is no key"
                )
            values[key.value] = self._value(next(self._events), depth + 1)
        return values

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if (text[0].isdigit() or text[0] == "-") and NUMBER.fullmatch(text):
            return read_integer(text) if text.lstrip("-").isdigit() else read_float(text)
        return text

    def _check_plain_node(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(event, f"an anchor or alias ({event.anchor})", "expected plain YAML; write the value out")
        if event.tag is not None:
            self._refuse(event, f"the tag {shown(event.tag)}", "expected plain YAML; remove the tag")

    @staticmethod
    def _refuse(event: Any, seen: str, advice: str) -> NoReturn:
        mark = event.start_mark
        raise one_error(f"line {mark.line + 1} column {mark.column + 1}", "yaml", f"{seen}; {advice}")
