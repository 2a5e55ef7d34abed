"""Names that are not known, with the known one that may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from forecast.errors import FieldError


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, None when none is close."""
    found = difflib.get_close_matches(name[:200], sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name, as the end of an error message."""
    names = sorted(known)
    found = nearest(name, names)
    if found is not None:
        return f"did you mean {found!r}?"
    if not names:
        return "there are none"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"known: {shown}"


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
