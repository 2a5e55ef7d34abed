"""One pass of the dispatcher: fire schedules, repair what broke, publish what waits, remove what nothing mentions.

A pass may run in any number of processes at once and may be killed anywhere: every step is idempotent. Rows are marked
as dispatched after publishing, so a crash between the two costs one more message, which the claim drops.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.alerts.raising import raise_alerts
from forecast.errands import ErrandKind
from forecast.errands.publishing import publish_errand
from forecast.jobs.clock_guard import ClockGuard
from forecast.jobs.counting import Counter
from forecast.jobs.crash_points import crash_point
from forecast.jobs.drawings import next_drawing
from forecast.jobs.leases import LeaseWatch
from forecast.jobs.quotas import JobLimits, quotas_of
from forecast.jobs.recover import enforce_deadlines, enforce_queue_age, expire_leases
from forecast.jobs.retention import Retention, make_room
from forecast.jobs.states import JobState
from forecast.jobs.worker_time import WorkerTime
from forecast.queue.broker import Broker
from forecast.queue.publish import BrokerUnavailableError, Publisher
from forecast.runtime.logs import get_logger
from forecast.sources.sources import request_due
from forecast.store import (
    ArtifactStore,
    CounterRepository,
    Database,
    ErrandRepository,
    ForecastRepository,
    JobRepository,
    PreviewRepository,
    WorkspaceRepository,
    utc_now,
)
from forecast.timeline.firing import fire_due
from forecast.timeline.ledger import score_due
from forecast.timeline.updates import attribute_scored, explain_updates

BACKOFF_SECONDS: Final = (15.0, 30.0, 60.0, 120.0)
"""How long a message may go unanswered before the job is published again, by how often it was."""

BATCH: Final = 200
ORPHAN_AGE_SECONDS: Final = 3600.0
"""Far longer than the moment between a file's rename and the transaction that mentions it."""

ORPHAN_INTERVAL_SECONDS: Final = 600.0
SCORING_INTERVAL_SECONDS: Final = 3600.0
PREVIEWS_AT_ONCE: Final = 5
"""Published in one pass, so that jobs are not far behind them."""
PREVIEWS_KEPT: Final = timedelta(days=30)
ERRANDS_KEPT: Final = timedelta(days=7)
"""After they are done."""
PUBLISH_AGAIN_SECONDS: Final = 120.0
"""How long an errand may go unclaimed before it is published again."""

log = get_logger(__name__)


@dataclass(frozen=True)
class PassReport:
    """What one pass did."""

    expired: list[str] = field(default_factory=list)
    past_deadline: list[str] = field(default_factory=list)
    timed_out: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    broker_is_alive: bool = True
    fired: list[str] = field(default_factory=list)
    """Jobs without a request: of schedules that were due, and those that explain forecasts automatically."""
    asked: list[str] = field(default_factory=list)
    """Sources whose fetch was published."""
    raised: list[str] = field(default_factory=list)
    """Alerts that are new."""


def _attempted(step: Callable[[], list[str]]) -> list[str]:
    """What a step gives; nothing when it fails for a reason of ours: jobs are published and repaired all the same."""
    try:
        return step()
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("step_failed")
        return []


class Dispatcher:
    """Runs passes over one database and one queue."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        broker: Broker,
        artifacts: ArtifactStore,
        queue_timeout_seconds: float,
        limits: JobLimits,
        retention: Retention | None = None,
        *,
        draws_unasked: bool = True,
        calls_at_once: int = BATCH,
        role: str = "dispatcher",
        guard: ClockGuard | None = None,
    ) -> None:
        self._calls_at_once = calls_at_once
        self._retention = retention or Retention()
        self._draws_unasked = draws_unasked
        self._database = database
        self._publisher = publisher
        self._broker = broker
        self._artifacts = artifacts
        self._queue_timeout_seconds = queue_timeout_seconds
        self._limits = limits
        self._orphans_due = self._scores_due = 0.0
        self._leases = LeaseWatch()
        self._worker_time = WorkerTime(database)
        self._guard = guard or ClockGuard(database, role)

    def run_pass(self, now: datetime | None = None) -> PassReport:
        """Run one pass."""
        now = now or utc_now()
        # After the time was read: a clock that is set in between is noticed.
        by_the_clock = self._guard.is_trusted()
        self._guard.leave_sign()
        fired = _attempted(lambda: fire_due(self._database, self._limits, now)) if by_the_clock else []
        fired += _attempted(lambda: explain_updates(self._database, self._limits, now))
        with self._database.read() as session:
            jobs = JobRepository(session)
            is_idle = not (jobs.count(JobState.RUNNING) or jobs.count(JobState.QUEUED))
        expired: list[str] = []
        past_deadline: list[str] = []
        timed_out: list[str] = []
        self._worker_time.look()
        if not is_idle:
            with self._database.write() as session:
                past_deadline = enforce_deadlines(session, now)
                expired = expire_leases(session, self._leases, now)
                timed_out = enforce_queue_age(session, self._queue_timeout_seconds, now)
        if by_the_clock:
            self._remove_orphans(now)
            fired += _attempted(lambda: self._score(now))
            _attempted(lambda: request_due(self._database, now))
        raised = _attempted(lambda: raise_alerts(self._database, now))
        published: list[str] = []
        asked: list[str] = []
        is_alive = True
        try:
            published = self._publish_due(now)
            asked = self._publish_errands(now)
        except BrokerUnavailableError as error:
            log.warning("broker_unavailable", error=str(error))
            is_alive = False
        report = PassReport(expired, past_deadline, timed_out, published, is_alive, fired, asked, raised)
        if expired or past_deadline or timed_out or published or fired or asked:
            log.info(
                "pass",
                expired=expired,
                past_deadline=past_deadline,
                timed_out=timed_out,
                published=published,
                fired=fired,
                asked=asked,
            )
        return report

    def _publish_due(self, now: datetime) -> list[str]:
        if self._broker.epoch() is None:
            with self._database.write() as session:
                forgotten = JobRepository(session).forget_dispatches()
            self._broker.begin_epoch()
            log.info("broker_epoch_began", queued=forgotten)
        with self._database.read() as session:
            jobs = JobRepository(session)
            full = self._full_workspaces(session, jobs.running_by_workspace())
            due = {row.id: row.dispatches for row in jobs.due_for_dispatch(BACKOFF_SECONDS, now, BATCH, full)}
        for job_id, dispatches in due.items():
            self._publisher.publish_job(job_id)
            crash_point("dispatcher_published")
            with self._database.write() as session:
                JobRepository(session).mark_dispatched(job_id, now)
                if dispatches:
                    CounterRepository(session).add({(Counter.REDISPATCHES, ""): 1})
        return list(due)

    def _full_workspaces(self, session: Session, running: Mapping[str, int]) -> list[str]:
        """Workspaces that have as many jobs running as they may."""
        rows = (WorkspaceRepository(session).known(workspace) for workspace in running)
        return [row.id for row in rows if running[row.id] >= quotas_of(row, self._limits).running]

    def _publish_errands(self, now: datetime) -> list[str]:
        """Publish errands that are due; returns the sources among them, for the log."""
        again = now - timedelta(seconds=PUBLISH_AGAIN_SECONDS)
        with self._database.read() as session:
            is_over = PreviewRepository(session).has_unwaited(now)
        if is_over and self._guard.is_trusted():
            with self._database.write() as session:
                PreviewRepository(session).end_unwaited(now)
        with self._database.read() as session:
            errands = ErrandRepository(session)
            due = {
                ErrandKind.FETCH: errands.due_in_shares(ErrandKind.FETCH, now, again, BATCH, BATCH),
                ErrandKind.DELIVERY: errands.due_in_shares(ErrandKind.DELIVERY, now, again, self._calls_at_once, BATCH),
                ErrandKind.PREVIEW: PreviewRepository(session).next_due(
                    errands.due(ErrandKind.PREVIEW, now, again), now, PREVIEWS_AT_ONCE
                ),
            }
        drawing = next_drawing(self._database, now) if self._draws_unasked else None
        due[ErrandKind.DRAWING] = () if drawing is None else (drawing,)
        for kind, found in due.items():
            for workspace, key in found:
                publish_errand(self._database, self._publisher, kind, workspace, key, now)
        return ["/".join(found) for found in due[ErrandKind.FETCH]]

    def _score(self, now: datetime) -> list[str]:
        if time.monotonic() < self._scores_due:
            return []
        self._scores_due = time.monotonic() + SCORING_INTERVAL_SECONDS
        with self._database.write() as session:
            PreviewRepository(session).remove_older(now - PREVIEWS_KEPT)
            ErrandRepository(session).remove_done(now - ERRANDS_KEPT)
        score_due(self._database, now)
        return attribute_scored(self._database, self._limits, now)

    def _remove_orphans(self, now: datetime) -> None:
        if time.monotonic() < self._orphans_due:
            return
        self._orphans_due = time.monotonic() + ORPHAN_INTERVAL_SECONDS
        make_room(self._database, self._artifacts, self._retention, now)
        oldest = now.timestamp() - ORPHAN_AGE_SECONDS
        # List the files first: one that is finished and mentioned in between is then among the known.
        candidates = list(self._artifacts.files_older_than(oldest))
        if not candidates:
            return
        with self._database.read() as session:
            known = ForecastRepository(session).artifact_paths()
        for name in candidates:
            if name not in known:
                self._artifacts.remove(name)
                log.info("orphan_removed", file=name)
