"""One family of errors: every message says what was seen, what was expected and what to do.

The domain knows nothing of HTTP: `api.problems` turns these classes into RFC 9457 answers, the command line into a
few lines on standard error. Each leaf also inherits the built-in that a library user would catch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One bad place in a document: where it is, a stable code, and what to do about it."""

    path: str
    """Where, as a person reads it: ``outcomes[0].prior.distribution`` or ``cases/deployments.csv row 4 column start``."""
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ForecastError(Exception):
    """Root of the family; `code` is stable and documented."""

    code: ClassVar[str] = "internal"


class StudyError(ForecastError, ValueError):
    """A study document cannot be used; `errors` names every place that was found to be wrong."""

    code: ClassVar[str] = "study_invalid"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


class ExpressionError(ForecastError, ValueError):
    """A scenario expression cannot be read; `position` is the column (from 1) where reading stopped."""

    code: ClassVar[str] = "expression_invalid"

    def __init__(self, message: str, position: int | None = None) -> None:
        self.position = position
        super().__init__(message)


class SamplingError(ForecastError, RuntimeError):
    """The sampler could not start or did not give what was asked for."""

    code: ClassVar[str] = "model_error"


class IncompleteSamplingError(SamplingError):
    """Fewer draws came back than were asked for; a truncated posterior is never used."""

    code: ClassVar[str] = "incomplete_sampling"


class StopRequestedError(ForecastError, RuntimeError):
    """Work was stopped on purpose before it was done."""

    code: ClassVar[str] = "stopped"


class CancelledError(StopRequestedError):
    """The job was cancelled."""

    code: ClassVar[str] = "cancelled"


class DeadlineError(StopRequestedError, TimeoutError):
    """The job ran into its deadline."""

    code: ClassVar[str] = "deadline"


class LeaseLostError(StopRequestedError):
    """Another attempt owns the job now: write nothing."""

    code: ClassVar[str] = "lease_lost"
