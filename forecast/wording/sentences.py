"""Lists as sentences have them."""

from __future__ import annotations

from collections.abc import Sequence


def joined(words: Sequence[str], last: str = "and") -> str:
    """`one`, `one and two`, `one, two and three`; `last` is the word before the last one."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
