"""Bytes of a table to text: UTF-8, UTF-16 and Windows-1252 are recognised, all else is named and refused.

Windows-1252 gives a letter to nearly every byte, so that almost any file could be read as it. It is taken only where
no part of the file is UTF-8 and no word has letters that Western European languages do not put side by side.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from forecast.errors import StudyError
from forecast.study.reading.plain_data import MAX_BYTES
from forecast.study.reading.problems import READS, one_error, shown

_UTF_16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF_32: Final = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_SNIFFED: Final = 2000
"""Bytes at the beginning in which UTF-16 without its mark is looked for."""
_PART_OF_UTF_8: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_FOREIGN: Final = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]{3}")
_TO_DO: Final = "expected UTF-8, UTF-16 or Windows-1252; save it as UTF-8"
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


def read_table_text(body: bytes, name: str) -> str:
    """The text of a table, in whichever of the three encodings it is.

    Raises
    ------
    StudyError
        When it is larger than 5 MB, in none of them, or holds a NUL.
    """
    sys.audit(READS, "text")
    if len(body) > MAX_BYTES:
        raise one_error(
            name, "too_large", f"{len(body):,} bytes; expected at most {MAX_BYTES:,} with all tables; leave out rows"
        )
    text = _decoded(body, name)
    found = _NO_TEXT.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        character = "a NUL character" if found.group() == "\x00" else f"{found.group()!a}, which is no character"
        raise one_error(name, "encoding", f"line {line} holds {character}; {_TO_DO}, or remove it")
    return text


def _decoded(body: bytes, name: str) -> str:
    if body[:4] in _UTF_32:
        raise one_error(name, "encoding", f"the file is in UTF-32; {_TO_DO}")
    encoding = _UTF_16.get(body[:2]) or _unmarked_utf_16(body[:_SNIFFED])
    if encoding is not None:
        try:
            return body.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            message = f"the file begins as UTF-16 and is not from byte {error.start:,} on; {_TO_DO}"
            raise one_error(name, "encoding", message) from None
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _windows(body, error, name)


def _unmarked_utf_16(beginning: bytes) -> str | None:
    """UTF-16 by its NULs: Western letters have one in every other byte."""
    pairs = len(beginning) // 2
    if pairs < 2:
        return None
    even, odd = beginning[0 : 2 * pairs : 2].count(0), beginning[1 : 2 * pairs : 2].count(0)
    if even == 0 and odd > 0.7 * pairs:
        return "utf-16-le"
    return "utf-16-be" if odd == 0 and even > 0.7 * pairs else None


def _windows(body: bytes, error: UnicodeDecodeError, name: str) -> str:
    line = body.count(b"\n", 0, error.start) + 1
    seen = f"byte {body[error.start]:#04x} in line {line} is not UTF-8"

    def refused(why: str) -> StudyError:
        return one_error(name, "encoding", f"{seen}, and {why}; {_TO_DO}")

    if _PART_OF_UTF_8.search(body):
        raise refused("other parts of the file are, so that it is not Windows-1252 either")
    try:
        text = body.decode("cp1252")
    except UnicodeDecodeError as undefined:
        raise refused(f"Windows-1252 has no {body[undefined.start]:#04x}") from None
    foreign = _FOREIGN.search(text)
    if foreign:
        start = max(foreign.start() - 5, 0)
        raise refused(f"as Windows-1252 it would read {shown(text[start : foreign.end() + 5])}")
    return text
