"""The dispatcher's loop: a pass every few seconds, for as long as the process lives."""

from __future__ import annotations

import signal
import threading
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from forecast.jobs.quotas import JobLimits
from forecast.jobs.retention import Retention
from forecast.queue.broker import Broker
from forecast.queue.publish import Publisher
from forecast.runtime.alive import mark_alive
from forecast.runtime.logs import configure_logging, get_logger
from forecast.runtime.settings import Settings
from forecast.startup.starting import in_one_sentence, start
from forecast.store import ArtifactStore, Database
from workers.dispatch import Dispatcher

log = get_logger(__name__)


def make_dispatcher(
    settings: Settings, database: Database, publisher: Publisher, role: str = "dispatcher"
) -> Dispatcher:
    """A dispatcher as an installation's settings want it."""
    return Dispatcher(
        database,
        publisher,
        Broker(settings.redis_client_url, database),
        ArtifactStore(settings.artifacts),
        settings.queue_timeout_seconds,
        JobLimits.of(settings),
        Retention.of(settings),
        draws_unasked=settings.draw_unasked,
        calls_at_once=settings.workspace_calls,
        role=role,
    )


def run_dispatcher(settings: Settings, stop: threading.Event) -> None:
    """Run passes until a stop is requested; a failed pass is logged, and the next one repeats its work."""
    database = Database(settings.database)
    publisher = Publisher(settings.broker_url, database)
    dispatcher = make_dispatcher(settings, database, publisher)
    try:
        while not stop.is_set():
            try:
                dispatcher.run_pass()
            except SQLAlchemyError as error:
                log.warning("pass_failed", error=str(error))
            except Exception:
                log.exception("pass_failed")
            else:
                mark_alive(settings)
            stop.wait(settings.dispatcher_interval_seconds)
    finally:
        publisher.close()
        database.dispose()


@in_one_sentence()
def main() -> None:
    """Run the dispatcher until SIGTERM."""
    settings = start()
    configure_logging("dispatcher", settings.log_level)
    stop = threading.Event()

    def on_sigterm(_signal: int, _frame: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_sigterm)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_dispatcher(settings, stop)


if __name__ == "__main__":
    main()
