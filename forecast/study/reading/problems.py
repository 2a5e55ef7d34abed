"""Everything wrong in a document, collected so that it is reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from forecast.errors import FieldError, StudyError

MAX_REPORTED: Final = 50

Location = Sequence[str | int]

READS: Final = "forecast.reads"
"""Audit event of potentially long work, with a description. Tests use it to check that no lock is held meanwhile."""


def path_text(location: Location) -> str:
    """A place in the document as a person reads it: ``outcomes[0].prior.distribution``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: object) -> str:
    """A value as an error message shows it, shortened."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def study_error(errors: Iterable[FieldError]) -> StudyError:
    """One error of all that was found; beyond 50 places it only says how many more there are."""
    found = list(errors)
    rest = len(found) - MAX_REPORTED
    if rest > 0:
        found = [*found[:MAX_REPORTED], FieldError("", "more_errors", f"and {rest} more; correct these first")]
    return StudyError(found)


def one_error(path: str, code: str, message: str) -> StudyError:
    """An error of a single place."""
    return StudyError([FieldError(path, code, message)])
