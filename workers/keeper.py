"""The thread beside a running attempt: renews its lease, writes its progress, and settles it when it has to stop.

Everything that a running attempt writes to its row goes through here, about once a second. The row is settled at once
when the job is cancelled, passes its deadline, or loses its worker to a stop. That holds even while the computation is
in native code. The computation reads `stop_reason`; if it still delivers a result, the fence refuses it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Final, Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.errors import CancelledError, DeadlineError, LeaseLostError, StopRequestedError
from forecast.jobs.lifecycle import (
    Claim,
    Renewal,
    cancel_claimed,
    fail_job,
    record_progress,
    release_job,
    renew_lease,
)
from forecast.jobs.states import FailureCode
from forecast.runtime.logs import get_logger
from forecast.runtime.machine import memory_limit
from forecast.runtime.settings import Settings
from forecast.store import Database, JobRepository
from workers.memory import memory_in_use

MOST_PER_BEAT_SECONDS: Final = 60.0

log = get_logger(__name__)


class WorkerStoppingError(StopRequestedError):
    """The worker is being stopped; the job goes back to the queue."""

    code = "worker_stopping"


class MemoryLimitError(StopRequestedError):
    """The attempt holds more memory than it may."""

    code = "memory_limit"


class Keeper:
    """Keeps one claim."""

    def __init__(self, settings: Settings, database: Database, claim: Claim, stopping: threading.Event) -> None:
        self._settings = settings
        self._database = database
        self._claim = claim
        self._stopping = stopping
        self._memory_limit = memory_limit(settings)
        self._computed_seconds = 0.0
        self._counted_at = time.monotonic()
        self._renewed_at = time.monotonic()
        self._renewal_due = time.monotonic() + settings.heartbeat_seconds
        self._progress: Mapping[str, Any] | None = None
        self._reason: type[StopRequestedError] | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper-{claim.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def show(self, progress: Mapping[str, Any]) -> None:
        """Have the latest progress written soon; costs the computation nothing."""
        self._progress = progress

    def stop_reason(self) -> type[StopRequestedError] | None:
        """Why the computation should stop, or None when it should go on."""
        return self._reason

    def waits_in_vain(self, seconds: float) -> bool:
        """Wait; whether the attempt should stop, or its lease is over."""
        if self._done.wait(seconds) or self._reason is not None:
            return True
        return time.monotonic() - self._renewed_at > self._settings.lease_seconds

    def _keep(self) -> None:
        while self._reason is None and not self._done.wait(self._settings.progress_seconds):
            try:
                self._reason = self._beat()
            except SQLAlchemyError as error:
                # The database may be full or locked for a while; the lease says how long that may last.
                log.warning("heartbeat_failed", job_id=self._claim.job_id, error=str(error))
        # An attempt that ends meanwhile says itself how; one that succeeded holds its row no longer, either.
        if self._reason is not None and not self._done.wait(self._settings.progress_seconds):
            log.info("attempt_stops", job_id=self._claim.job_id, reason=self._reason.code)

    def _beat(self) -> type[StopRequestedError] | None:
        progress, self._progress = self._progress, None
        is_due = time.monotonic() >= self._renewal_due
        is_over = self._count() >= self._claim.deadline_seconds
        is_large = memory_in_use() > self._memory_limit
        if not (is_due or is_over or is_large or progress is not None or self._stopping.is_set()):
            return self._look()
        with self._database.write() as session:
            reason = self._settle(session, is_over=is_over, is_large=is_large)
            if reason is None and progress is not None:
                record_progress(session, self._claim, progress)
        self._renewed_at = time.monotonic()
        if is_due:
            self._renewal_due = time.monotonic() + self._settings.heartbeat_seconds
        return reason

    def _count(self) -> float:
        """Seconds that the attempt has computed. While this process was stopped, or its machine asleep, it did not."""
        now = time.monotonic()
        self._computed_seconds += min(now - self._counted_at, MOST_PER_BEAT_SECONDS)
        self._counted_at = now
        return self._computed_seconds

    def _look(self) -> type[StopRequestedError] | None:
        """See without writing whether anything changed; most beats end here."""
        with self._database.read() as session:
            row = JobRepository(session).get(self._claim.job_id)
        if row is not None and row.fence == self._claim.fence and not row.cancel_requested:
            return None
        with self._database.write() as session:
            return self._settle(session)

    def _settle(
        self, session: Session, *, is_over: bool = False, is_large: bool = False
    ) -> type[StopRequestedError] | None:
        renewal = renew_lease(session, self._claim, self._computed_seconds)
        if renewal is Renewal.LOST:
            return LeaseLostError
        if renewal is Renewal.CANCEL_REQUESTED:
            cancel_claimed(session, self._claim)
            return CancelledError
        if is_over:
            detail = (
                f"the attempt ran longer than its {self._claim.deadline_seconds:g} seconds; "
                "ask for fewer draws, or raise FORECAST_DEADLINE_SECONDS"
            )
            fail_job(session, self._claim, FailureCode.DEADLINE, detail)
            return DeadlineError
        if is_large:
            detail = (
                f"the attempt needed more than {self._memory_limit / 1e9:.1f} GB of memory; ask for fewer draws, chains or "
                "cases, or raise FORECAST_JOB_MEMORY_BYTES"
            )
            fail_job(session, self._claim, FailureCode.MEMORY_LIMIT, detail)
            return MemoryLimitError
        if self._stopping.is_set():
            release_job(session, self._claim)
            return WorkerStoppingError
        return None
