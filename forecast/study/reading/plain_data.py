"""Text of a study document to plain data, safely: whatever the bytes, the answer is plain data or a `StudyError`.

JSON and YAML (`forecast.study.reading.yaml_reader`) follow the same rules: objects, lists, text, numbers, true, false, null; no
duplicate keys, nothing infinite, nothing nested deeper than 32.
"""

from __future__ import annotations

import json
import math
import re
import sys
from datetime import date
from typing import Any, Final, NoReturn

from forecast.errors import StudyError
from forecast.study.reading.problems import READS, Location, one_error, path_text, shown

MAX_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 32
MAX_NODES: Final = 600_000
MAX_STRUCTURE: Final = 200_000
"""Of these, outside the rows of tables. Each may be wrong in a way of its own, which takes longer to say than to send."""
MAX_KEYS: Final = 1000
"""Of one mapping; the format's own have a few, and tables a column for each."""
MAX_INTEGER: Final = 2**63 - 1

_INTEGER = re.compile(r"-?[0-9]{1,20}")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def read_text(body: bytes, name: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    StudyError
        When it is larger than 5 MB, in another encoding, or holds a NUL.
    """
    sys.audit(READS, "text")
    if len(body) > MAX_BYTES:
        raise one_error(
            name, "too_large", f"{len(body):,} bytes; expected at most {MAX_BYTES:,} with all tables; leave out rows"
        )
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise one_error(name, "encoding", "the file is in UTF-16; expected UTF-8; save it as UTF-8")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise one_error(
            name,
            "encoding",
            f"byte {body[error.start]:#04x} in line {line} is not UTF-8; expected UTF-8; save it as UTF-8",
        ) from None
    if "\x00" in text:
        raise one_error(name, "encoding", "the file holds a NUL character; expected text; remove it or save as UTF-8")
    return text


def read_json(body: bytes) -> Any:
    """The data of a JSON document, before `plain_copy`.

    Raises
    ------
    StudyError
        When it is not JSON, names a key twice, or holds NaN, infinity or an integer beyond 64 bits.
    """
    text = read_text(body, "document")
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_int=read_integer,
            parse_float=read_float,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise one_error(where, "syntax", f"not JSON: {error.msg}; expected a JSON document; correct it there") from None
    except RecursionError:
        raise too_deep(()) from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    require_few_keys(len(pairs), "document")
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise one_error(
            shown(twice), "duplicate_key", f"the key {shown(twice)} is given twice; expected it once; remove one"
        )
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise one_error(
        "document", "not_finite", f"{name} in the document; expected finite numbers; write null or remove it"
    )


def read_integer(text: str) -> int:
    """The integer that a text names; raises StudyError beyond 64 bits."""
    if not _INTEGER.fullmatch(text) or abs(int(text)) > MAX_INTEGER:
        raise one_error(
            "document", "number", f"the integer {text[:20]}... is too large; expected up to 2^63 - 1; write it as text"
        )
    return int(text)


def read_float(text: str) -> float:
    """The finite number that a text names; raises StudyError when it is not finite."""
    value = float(text)
    if not math.isfinite(value):
        raise one_error("document", "not_finite", f"{text[:40]} is too large; expected a finite number; correct it")
    return value


def plain_copy(document: object, *, is_table: bool = False) -> Any:
    """A copy of plain data in the form that is digested: dates as text, whole floats as integers.

    Parameters
    ----------
    is_table
        Whether all of it is a table's rows, of which there may be more than of anything else.

    Raises
    ------
    StudyError
        When it is nested too deep, too large, or holds anything but mappings with text keys, lists, text, finite
        numbers, booleans and null; also for text with a NUL or half a surrogate pair.
    """
    sys.audit(READS, "document")
    return _copy(document, (), _Budget(), is_table=is_table)


class _Budget:
    """How many more values there may be."""

    def __init__(self) -> None:
        self.nodes, self.structure = MAX_NODES, MAX_STRUCTURE

    def spend(self, *, is_table: bool) -> None:
        self.nodes -= 1
        self.structure -= not is_table
        if self.nodes < 0 or self.structure < 0:
            most, where = (MAX_NODES, "") if self.nodes < 0 else (MAX_STRUCTURE, " outside the rows of tables")
            raise one_error(
                "document", "too_large", f"more than {most:,} values{where}; expected fewer; leave some out"
            )


def _copy(value: object, at: tuple[str | int, ...], budget: _Budget, *, is_table: bool) -> Any:
    budget.spend(is_table=is_table)
    if len(at) > MAX_DEPTH:
        raise too_deep(at)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _checked_text(value, at)
    if isinstance(value, int):
        return (
            value
            if abs(value) <= MAX_INTEGER
            else read_integer(str(value)[:40] if value.bit_length() < 9999 else "9" * 40)
        )
    if isinstance(value, float):
        if not math.isfinite(value):
            raise one_error(path_text(at), "not_finite", f"{value} is not a finite number; expected one; correct it")
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, dict):
        require_few_keys(len(value), path_text(at) or "document")
        return {
            _key(key, at): _copy(item, (*at, key), budget, is_table=is_table or key == "rows")
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_copy(item, (*at, index), budget, is_table=is_table) for index, item in enumerate(value)]
    if type(value) is date:
        return value.isoformat()
    raise one_error(
        path_text(at),
        "type",
        f"a {type(value).__name__}; expected text, a number, a list or a mapping; write it as text",
    )


def _key(key: object, at: Location) -> str:
    if not isinstance(key, str):
        raise one_error(path_text(at), "key", f"the key {shown(key)} is not text; expected text; quote it")
    return _checked_text(key, at)


def _checked_text(text: str, at: Location) -> str:
    if not text.isascii() or "\x00" in text:
        match = _FORBIDDEN.search(text)
        if match:
            raise one_error(
                path_text(at).encode("ascii", "backslashreplace").decode(),
                "text",
                f"the text holds {match.group()!a}, which is no character; expected Unicode text; remove it",
            )
    return text


def require_few_keys(count: int, path: str) -> None:
    """Raise StudyError when a mapping has more keys than any of a study has."""
    if count > MAX_KEYS:
        raise one_error(
            path, "too_many_keys", f"a mapping of {count:,} keys; expected at most {MAX_KEYS:,}; remove what is no key"
        )


def too_deep(at: Location) -> StudyError:
    """The error of a document that is nested deeper than we follow."""
    where = path_text(at[:4]) or "document"
    return one_error(where, "too_deep", f"nested deeper than {MAX_DEPTH} levels; expected less; flatten the document")
