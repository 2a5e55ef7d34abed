"""Publishes jobs and errands to the queues. A message carries an id alone, and is only a hint.

Publishing never waits long and never retries. A caller continues when it fails, because the dispatcher publishes every
queued row again until a worker claims it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, ClassVar, Final

# Celery needs it, and is imported by a thread. While vine defines its class `Thenable`, `isinstance(..., Callable)` in any
# other thread is a NameError; so it is imported before there are threads.
import vine  # noqa: F401
from sqlalchemy.exc import SQLAlchemyError

from forecast.errors import ForecastError
from forecast.queue.queues import ErrandKind, Queue, prefix_of
from forecast.runtime.logs import get_logger
from forecast.store import Database, JobRepository, SchemaError, utc_now

PROTOCOL: Final = 1
"""Part of every task's name. It grows when an earlier version could not run such a task correctly. A worker of that
version then knows no task of this name and drops the message. The dispatcher publishes it again until a worker of this
version receives it.
"""

RUN_JOB_TASK: Final = f"forecast.run_job.{PROTOCOL}"
TICK_TASK: Final = f"forecast.tick.{PROTOCOL}"
ERRAND_TASK: Final = f"forecast.errand.{PROTOCOL}"

QUEUES: Final = {RUN_JOB_TASK: Queue.JOBS, TICK_TASK: Queue.CALLS}
"""Where each task waits; an errand waits where its kind does."""

SOCKET_TIMEOUT_SECONDS: Final = 3.0
"""A publish to a frozen server blocks for ever without one."""

VISIBILITY_TIMEOUT_SECONDS: Final = 6 * 3600
"""Longer than the longest job: Redis redelivers what is unacknowledged after it, and that must not be a running job."""

log = get_logger(__name__)


class BrokerUnavailableError(ForecastError, ConnectionError):
    """The queue cannot be reached now."""

    code: ClassVar[str] = "broker_unavailable"


class Publisher:
    """Sends hints to the queues of an installation."""

    def __init__(self, broker_url: str, database: Database) -> None:
        self._broker_url = broker_url
        self._database = database
        self._app: Any = None
        self._lock = threading.Lock()

    def publish_job(self, job_id: str) -> None:
        """Publish a job's id.

        Raises
        ------
        BrokerUnavailableError
            When the queue did not take it; nothing is lost, the dispatcher publishes it again.
        """
        self._send(RUN_JOB_TASK, [job_id], f"job {job_id}", Queue.JOBS)

    def publish_errand(self, kind: ErrandKind, workspace: str, key: str) -> None:
        """Publish an errand.

        Raises
        ------
        BrokerUnavailableError
            When the queue did not take it; the dispatcher publishes it again.
        """
        self._send(ERRAND_TASK, [kind.value, workspace, key], f"the {kind.value} {key[:80]}", kind.queue)

    def _send(self, task: str, args: list[str], what: str, queue: Queue) -> None:
        from kombu.exceptions import KombuError

        try:
            with self._lock:
                self._connected().send_task(task, args=args, queue=queue, retry=False, ignore_result=True)
        except (KombuError, OSError) as error:
            self.close()
            raise BrokerUnavailableError(f"the queue did not take {what}: {error}; it will be sent again") from error

    def warm_up(self) -> None:
        """Import what publishing needs, so that the first job does not wait for it."""
        # Without a database that can be asked it is left to the first job.
        with self._lock, contextlib.suppress(SQLAlchemyError, SchemaError):
            self._connected()

    def close(self) -> None:
        """Drop the connection; the next job opens another. After a failure the old one may be half dead."""
        with self._lock:
            app, self._app = self._app, None
        if app is not None:
            app.close()

    def _connected(self) -> Any:
        # Celery takes half a second to import, and the web process must be up before that.
        if self._app is None:
            from celery import Celery

            app = Celery("forecast-publisher", broker=self._broker_url, set_as_current=False)
            app.conf.update(
                result_backend=None,
                task_ignore_result=True,
                task_serializer="json",
                accept_content=["json"],
                task_publish_retry=False,
                broker_connection_timeout=SOCKET_TIMEOUT_SECONDS,
                broker_transport_options={
                    "global_keyprefix": prefix_of(self._database),
                    "socket_timeout": SOCKET_TIMEOUT_SECONDS,
                    "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
                    # kombu's own retries add six seconds while there is no server.
                    "max_retries": 0,
                    "interval_start": 0,
                    # The shortest value of all programs on one server wins, so it is the worker's.
                    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
                },
            )
            self._app = app
        return self._app


def publish_now(database: Database, publisher: Publisher, job_id: str) -> bool:
    """Publish a job right after its commit, to save it the wait for the next pass; returns whether that worked."""

    def note() -> None:
        with database.write() as session:
            JobRepository(session).mark_dispatched(job_id, utc_now())

    return try_publish(lambda: publisher.publish_job(job_id), note, f"job {job_id}")


def try_publish(publish: Callable[[], None], note: Callable[[], None] | None, what: str) -> bool:
    """Publish what is stored already, then note that it was published; returns whether both worked.

    It never raises: the client has its answer, or is about to get it, and an error here must not replace that answer.
    The dispatcher publishes what was not noted.
    """
    try:
        publish()
        if note is not None:
            note()
    except (BrokerUnavailableError, SQLAlchemyError) as error:
        log.info("publish_left_to_dispatcher", what=what, error=str(error))
        return False
    except Exception:
        log.exception("publish_left_to_dispatcher", what=what)
        return False
    return True
