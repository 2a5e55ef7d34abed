"""Blocks of evidence, in the order in which they are added, and what moves a forecast from one date to the next."""

from __future__ import annotations

from typing import Final

BLOCKS: Final = {
    "prior": "Prior",
    "reference_classes": "Reference classes",
    "history": "History of the present case",
    "indicators": "Indicators",
    "judgments": "Judgments",
    "links": "Links",
}

SHORT_BLOCKS: Final = {
    "prior": "Prior",
    "reference_classes": "+ classes",
    "history": "+ history",
    "indicators": "+ indicators",
    "judgments": "+ judgments",
    "links": "+ links",
}
"""For the heads of narrow columns."""

CAUSES: Final = {
    "method": "Study or method changed",
    "clock": "Time passed",
    "data": "Evidence corrected",
    "world": "New evidence",
}

SHORT_CAUSES: Final = {
    "method": "method",
    "clock": "time",
    "data": "corrected data",
    "world": "new evidence",
}
"""For the middle of a sentence."""
