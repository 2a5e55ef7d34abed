"""The tasks: run a job, do an errand, and the tick that repairs what broke when the dispatcher is not there to do it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, Final

from billiard.exceptions import WorkerLostError
from celery import signals

from forecast.errands import ErrandKind, ErrandRule
from forecast.jobs.recover import fail_attempt, lose_attempt
from forecast.jobs.states import FailureCode
from forecast.queue.publish import ERRAND_TASK, RUN_JOB_TASK, TICK_TASK, Publisher
from forecast.queue.queues import Queue
from forecast.runtime.logs import get_logger
from forecast.runtime.machine import trim_memory
from forecast.runtime.settings import get_settings
from forecast.store import ArtifactStore, Database, ErrandRepository, JobRepository, utc_now
from workers import child
from workers.app import app
from workers.dispatch import Dispatcher
from workers.dispatcher import make_dispatcher
from workers.failures import NO_MEMORY
from workers.identity import is_dead_child, worker_name
from workers.places import Places

ABORTED: Final = "SIGABRT"
PUT_BACK: Final = "put back"
"""The workspace has as many calls under way as it may; the dispatcher publishes the errand again."""

log = get_logger(__name__)


@lru_cache(maxsize=1)
def database() -> Database:
    """This process's connection to the database."""
    return Database(get_settings().database)


@lru_cache(maxsize=1)
def _places() -> Places:
    return Places(get_settings().workspace_calls)


@lru_cache(maxsize=1)
def _dispatcher() -> Dispatcher:
    settings = get_settings()
    return make_dispatcher(settings, database(), Publisher(settings.broker_url, database()), "tick")


def run_job(job_id: str) -> str:
    """Run a job if it can still be claimed; returns what came of it, for the log."""
    # The runner reaches the science, which only the pool child may import.
    from workers.runner import Runner

    settings = get_settings()
    runner = Runner(settings, database(), ArtifactStore(settings.artifacts), worker_name(), child.stopping)
    with child.releasing_on_sigterm():
        outcome = str(runner.run(job_id))
    _end_if_bloated()
    return outcome


def _end_if_bloated() -> None:
    """Give back what a large task leaves behind by ending this process. Its results are stored, so nothing is lost."""
    trim_memory()
    if child.is_bloated():
        log.warning("child_ends", reason="memory")
        os._exit(0)


def run_errand(kind: str, workspace: str, key: str) -> str:
    """Do an errand if it can still be claimed; returns what came of it, for the log."""
    errand = ErrandKind(kind)
    if errand.queue is Queue.CALLS:
        with _places().taken(workspace) as is_free:
            if is_free:
                return str(_DO[errand](workspace, key))
        # The workspace has as many calls under way as it may.
        with database().write() as session:
            ErrandRepository(session).republish_later(errand, workspace, key, utc_now())
        return PUT_BACK
    outcome = str(_DO[errand](workspace, key))
    _end_if_bloated()
    return outcome


def _fetch(workspace: str, key: str) -> object:
    # Only the caller needs HTTP.
    from forecast.sources.fetching import asker, fetch_source

    settings, (study, _, source) = get_settings(), key.partition("/")
    rule = ErrandRule.of(ErrandKind.FETCH, settings)
    return fetch_source(database().of(workspace), asker(settings, workspace), study, source, rule)


def _deliver(_workspace: str, alert_id: str) -> object:
    from forecast.alerts.delivering import deliver, sender

    settings = get_settings()
    return deliver(database(), sender(settings), settings, alert_id)


def _draw(_workspace: str, forecast_id: str) -> object:
    # It reaches the science, which only a pool child may import.
    from workers.drawer import draw

    settings = get_settings()
    rule = ErrandRule.of(ErrandKind.DRAWING, settings)
    return draw(database(), ArtifactStore(settings.artifacts), forecast_id, rule)


def _preview(workspace: str, digest: str) -> object:
    from workers.previewer import answer_preview

    return answer_preview(database().of(workspace), digest, ErrandRule.of(ErrandKind.PREVIEW, get_settings()))


_DO: Final = {
    ErrandKind.FETCH: _fetch,
    ErrandKind.DELIVERY: _deliver,
    ErrandKind.DRAWING: _draw,
    ErrandKind.PREVIEW: _preview,
}


def tick() -> None:
    """Run one pass of the dispatcher."""
    _dispatcher().run_pass()


def on_task_failure(args: Any = None, exception: BaseException | None = None, **_: Any) -> None:
    """Requeue a job whose pool child died, without waiting for its lease to run out.

    Celery calls it in the parent, which knows that its child is dead.
    """
    if not isinstance(exception, WorkerLostError) or not args:
        return
    job_id = str(args[0])
    with database().read() as session:
        row = JobRepository(session).get(job_id)
    if row is None or row.worker is None or not is_dead_child(row.worker):
        return
    ended = f"the worker {row.worker} ended: {exception}"
    with database().write() as session:
        # The sampler's libraries end the process when they get no memory; another attempt would need as much.
        is_memory = ABORTED in str(exception) and not row.cancel_requested
        requeued = not is_memory and lose_attempt(session, job_id, row.worker)
        if is_memory:
            fail_attempt(session, job_id, row.worker, FailureCode.MEMORY_LIMIT, f"{ended}; {NO_MEMORY}")
    log.warning("child_lost", job_id=job_id, worker=row.worker, requeued=requeued, error=str(exception))


run_job_task = app.task(name=RUN_JOB_TASK)(run_job)
errand_task = app.task(name=ERRAND_TASK)(run_errand)
tick_task = app.task(name=TICK_TASK)(tick)
signals.worker_process_init.connect(child.prepare, weak=False)
signals.task_failure.connect(on_task_failure, sender=run_job_task, weak=False)
