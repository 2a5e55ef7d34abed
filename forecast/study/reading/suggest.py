"""Names that are not known, with the known one that may have been meant."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Collection, Iterable
from typing import Final

from forecast.errors import FieldError
from forecast.study.reading.problems import READS

LONGEST_NAME: Final = 100
"""Longest text that is compared with known names."""
MOST_NAMES: Final = 1000
"""Longest list of known names that is searched."""
CLOSE: Final = 0.59
SHOWN: Final = 12


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name closest to `name`, None when none is close, or there are too many."""
    sys.audit(READS, "hint")
    if len(name) > LONGEST_NAME or len(known) > MOST_NAMES:
        return None
    # Only mistakes need it.
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    names = sorted(other for other in known if len(other) <= LONGEST_NAME)
    found = process.extractOne(name, names, scorer=Indel.normalized_similarity, score_cutoff=CLOSE)
    return None if found is None else str(found[0])


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name, as the end of an error message."""
    names = known if isinstance(known, Collection) else tuple(known)
    found = nearest(name, names)
    if found is not None:
        return f"did you mean {found!r}?"
    if not names:
        return "there are none"
    few = heapq.nsmallest(SHOWN, names)
    shown = ", ".join(other if len(other) <= LONGEST_NAME else f"{other[:LONGEST_NAME]}..." for other in few)
    return f"known: {shown}" + (", ..." if len(names) > SHOWN else "")


def unknown_name(path: str, name: str, known: Collection[str], noun: str) -> list[FieldError]:
    """An error when a name is not known, with the one that may be meant."""
    if name in known:
        return []
    message = f"{name!r} is not {noun} of the study; expected one; {nearest_hint(name, known)}"
    return [FieldError(path, "unknown_id", message)]


def duplicates(names: Iterable[str]) -> list[str]:
    """The names that occur more than once, each once, in order."""
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for name in names:
        if name in seen:
            repeated[name] = None
        seen.add(name)
    return list(repeated)
