"""What a verdict means, in words that advise a reader on the use of the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forecast.answer import Verdict


@dataclass(frozen=True)
class VerdictBadge:
    """A verdict as the pages show it; `key` picks the colour, `mark` tells them apart without colour."""

    key: str
    word: str
    mark: str
    meaning: str


_BADGES: Final = {
    Verdict.PUBLISHED: VerdictBadge(
        "published", "Published", "✓", "Every check passed: the numbers can be used as they are."
    ),
    Verdict.DEGRADED: VerdictBadge(
        "degraded",
        "Degraded",
        "!",
        "Some check failed: read the numbers as rough, and sample longer before anything hangs on them.",
    ),
    Verdict.REFUSED: VerdictBadge(
        "refused", "Refused", "✕", "The computation did not converge: do not use these numbers."
    ),
}


def verdict_badge(verdict: Verdict) -> VerdictBadge:
    """How a verdict is shown."""
    return _BADGES[verdict]
