"""Cursors: where a page of a list ended, as an opaque word that is checked when it comes back."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from forecast.store.errors import CursorError

MAX_PAGE: Final = 200
DEFAULT_PAGE: Final = 50
MAX_DIGITS: Final = 18
"""What every database takes for a row's number."""


@dataclass(frozen=True)
class Page[Row]:
    """One page of a list, and the cursor of the next one if there is more."""

    items: tuple[Row, ...]
    next_cursor: str | None


def encode_cursor(listing: str, key: str) -> str:
    """The cursor that continues `listing` after the row with this key."""
    return base64.urlsafe_b64encode(json.dumps([listing, key]).encode()).decode().rstrip("=")


def decode_cursor(listing: str, cursor: str | None) -> str | None:
    """The key that a cursor of this listing stands for; None for no cursor.

    Raises
    ------
    CursorError
        When it is not a cursor of this listing.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise CursorError(f"{cursor!r} is not a cursor; leave it out to begin with the first page") from error
    match found:
        case [str(name), str(key)] if name == listing and "\0" not in key:
            return key
    raise CursorError(f"{cursor!r} is not a cursor of this list; leave it out to begin with the first page")


def number_in(key: str) -> int:
    """The number of a row that a cursor's key stands for.

    Raises
    ------
    CursorError
        When it is none: the service did not write this cursor.
    """
    if not (key.isascii() and key.isdigit() and len(key) <= MAX_DIGITS):
        raise CursorError("the cursor is not one of this list; leave it out to begin with the first page")
    return int(key)


def moment_in(key: str) -> datetime:
    """The moment that a cursor's key stands for.

    Raises
    ------
    CursorError
        When it is none: the service did not write this cursor.
    """
    try:
        found = datetime.fromisoformat(key)
    except ValueError as error:
        raise CursorError("the cursor is not one of this list; leave it out to begin with the first page") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def make_page[Row](listing: str, rows: list[Row], keys: list[str], limit: int) -> Page[Row]:
    """The first `limit` rows, with a cursor if there are more than that."""
    more = len(rows) > limit
    return Page(tuple(rows[:limit]), encode_cursor(listing, keys[limit - 1]) if more else None)
