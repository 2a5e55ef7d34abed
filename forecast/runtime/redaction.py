"""Taking secrets out of what is written to logs: keys, signing secrets, passwords and queries of addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

HIDDEN: Final = "[hidden]"

_PATTERNS: Final = (
    # API keys: the id may stay, it identifies the key.
    (re.compile(r"\b(fc_[a-z0-9]{8})_[A-Za-z0-9_-]{20,}"), rf"\1_{HIDDEN}"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]{16,}"), f"whsec_{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    # scheme://user:password@host
    (re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@\"']+@"), rf"\1{HIDDEN}@"),
    # What follows a question mark in an address is where services put their tokens.
    (re.compile(r"\b(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+"), rf"\1?{HIDDEN}"),
    (re.compile(r"(sign-in[^\s#]*#)[A-Za-z0-9_-]{20,}"), rf"\1{HIDDEN}"),
)


def redact(text: str) -> str:
    """The text without secrets."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_values(value: Any) -> Any:
    """The same for every text within a value."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: redact_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_values(item) for item in value]
    return value
