"""Ids of what we store: UUIDs of version 7, which sort by the time they were made (RFC 9562)."""

from __future__ import annotations

import uuid

import uuid_utils


def new_id() -> str:
    """A new id."""
    return str(uuid_utils.uuid7())


def parse_id(text: str) -> str | None:
    """The id that a text stands for, in its one spelling; None when it is no UUID."""
    try:
        return str(uuid.UUID(text)) if len(text) == 36 else None
    except ValueError:
        return None
