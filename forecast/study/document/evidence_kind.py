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
        "probability",
        "on",
        "by",
        "given",
        "kind",
        "known_at",
        "source",
        "note",
    ),
    EvidenceKind.RESOLUTIONS: ("outcome", "resolution", "on", "known_at", "source", "note"),
}
"""Our names of the columns, by kind."""
