"""What can be wrong with a request about a job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from forecast.errors import FieldError, ForecastError


class IdempotencyMismatchError(ForecastError, ValueError):
    """The idempotency key was used before, with another request."""

    code: ClassVar[str] = "idempotency_mismatch"


class AnswerSealedError(ForecastError, RuntimeError):
    """A request was answered before, with a secret that can no longer be opened."""

    code: ClassVar[str] = "answer_sealed"


class UnknownKindError(ForecastError, ValueError):
    """There is no such kind of job."""

    code: ClassVar[str] = "job_kind_unknown"


class ForecastRefusedError(ForecastError, ValueError):
    """The forecast's own checks refuse it: there is nothing to explain about its numbers."""

    code: ClassVar[str] = "forecast_refused"


class NoPreviousForecastError(ForecastError, ValueError):
    """There is no earlier forecast of the study that this one could be compared with."""

    code: ClassVar[str] = "no_previous_forecast"


class BacklogFullError(ForecastError, RuntimeError):
    """Too many jobs are waiting already."""

    code: ClassVar[str] = "backlog_full"


class QuotaExceededError(ForecastError, RuntimeError):
    """A workspace has as many jobs, or subscriptions, as it may."""

    code: ClassVar[str] = "quota_exceeded"


class JobFinishedError(ForecastError, RuntimeError):
    """The job has ended, so the request no longer applies to it."""

    code: ClassVar[str] = "job_finished"


class FieldsError(ForecastError, ValueError):
    """A request cannot be used; `errors` names every place that was found to be wrong."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error) for error in self.errors))


class ScheduleError(FieldsError):
    """A schedule cannot be used."""

    code: ClassVar[str] = "schedule_invalid"


class SubscriptionError(FieldsError):
    """A subscription cannot be used."""

    code: ClassVar[str] = "subscription_invalid"
