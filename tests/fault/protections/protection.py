"""A few words of the source that keep a promise, and the test that guards them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Protection:
    """One of them."""

    fault: str
    """Row of the fault matrix (tests/fault/README.md)."""
    what: str
    file: str
    words: str
    without: str
    test: str
