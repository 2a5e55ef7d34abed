"""The kinds of evidence that arrive after a study was written, and the columns of their rows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class EvidenceKind(StrEnum):
    """What can arrive."""

    OBSERVATIONS = "observations"
    JUDGMENTS = "judgments"
    RESOLUTIONS = "resolutions"


COLUMNS: Final[Mapping[EvidenceKind, tuple[str, ...]]] = {
    EvidenceKind.OBSERVATIONS: ("indicator", "period", "value", "exposure", "known_at", "source", "note"),
    EvidenceKind.JUDGMENTS: (
        "expert",
        "outcome",
        "option",
        "probability",
        "on",
        "by",
        "given",
        "given_at",
        "kind",
        "known_at",
        "source",
        "note",
    ),
    EvidenceKind.RESOLUTIONS: ("outcome", "resolution", "on", "known_at", "source", "note"),
}
"""Our names of the columns, by kind."""
COLUMN_WORDS: Final[Mapping[str, str]] = {
    "indicator": "Id of the indicator.",
    "period": "A day in the calendar period, of a week its first one; or a label such as 2024-W03, Jan 2024 or 2024Q1.",
    "value": "Count of the period, a whole number; blank: not observed, which takes an earlier count back.",
    "exposure": "Observed part of the period, above 0 and at most 1; 1 by default.",
    "expert": "Name of the expert.",
    "outcome": "Id of the outcome.",
    "option": "Option of a categorical outcome; an expert states all of them, adding up to 1. Blank for other outcomes.",
    "probability": "Stated probability, between 0 and 1.",
    "on": "Day on which it was said, or on which it turned out so.",
    "by": "Last day that counts, or a number of periods from `on`; blank: the day on which the outcome resolves.",
    "given": "What the judgment supposes: up to three outcomes, as in `ceasefire and not war`; blank: unconditional.",
    "given_at": "once: what is supposed occurs on `on`; blank: by the day that is judged.",
    "kind": "person, crowd or market; blank: as in the expert's other rows, or person.",
    "resolution": "yes, no, ambiguous or annulled; of a categorical outcome the id of its option, ambiguous or annulled.",
    "known_at": "Day on which it became known; blank: today.",
    "source": "Where it comes from.",
    "note": "Free text.",
}
"""What the cells of each column say."""
