"""Which notes of an answer are told beside its verdict: what of the document was not used, or was read in one of two ways."""

from __future__ import annotations

from typing import Final

TOLD: Final = frozenset(
    {
        "before_window",
        "happened",
        "left_out",
        "lower_bound",
        "moves_nothing",
        "no_observation",
        "part_of_period",
        "settled",
        "uncounted",
    }
)
"""Names of checks."""
