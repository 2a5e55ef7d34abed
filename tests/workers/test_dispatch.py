"""Passes of the dispatcher over a real database and a real Redis."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis

from forecast.errands import ErrandKind
from forecast.jobs.drawings import ASKED_AT_ONCE, DRAW_AGAIN_SECONDS, DRAW_ANYWAY_SECONDS, ask_for_drawing
from forecast.jobs.lifecycle import cancel_job, claim_job, complete_job
from forecast.jobs.states import JobState
from forecast.queue.broker import Broker
from forecast.queue.publish import Publisher, publish_now
from forecast.queue.queues import Queue, prefix_of
from forecast.store import DrawingRepository, ErrandRepository, ForecastRepository, utc_now
from forecast.store.tables.core import ForecastRow
from forecast.store.tables.errands import ErrandRow
from tests.coin import NOW
from tests.embedded_redis import EmbeddedRedis, redis_for
from tests.installation import LIMITS, Installation, forecast_row
from tests.waiting import wait_until
from workers import dispatch
from workers.dispatch import (
    BACKOFF_SECONDS,
    ORPHAN_AGE_SECONDS,
    Dispatcher,
    PassReport,
)
from workers.dispatcher import make_dispatcher

pytestmark = [pytest.mark.both_databases, pytest.mark.service]


@pytest.fixture
def server(installation: Installation) -> Iterator[EmbeddedRedis]:
    with redis_for(installation.settings) as running:
        yield running


@pytest.fixture
def publisher(installation: Installation) -> Iterator[Publisher]:
    made = Publisher(installation.settings.broker_url, installation.database)
    yield made
    made.close()


@pytest.fixture
def dispatcher(installation: Installation, publisher: Publisher) -> Iterator[Dispatcher]:
    settings = installation.settings
    broker = Broker(settings.redis_client_url, installation.database)
    yield Dispatcher(installation.database, publisher, broker, installation.artifacts, 3600.0, LIMITS)
    broker.close()


def messages(installation: Installation) -> int:
    with redis.Redis.from_url(installation.settings.redis_client_url) as client:
        prefix = prefix_of(installation.database)
        return sum(int(client.llen(prefix + queue)) for queue in Queue)  # type: ignore[arg-type]


def test_a_queued_job_is_published_once_and_then_left_alone(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    job_id = installation.submit()
    assert dispatcher.run_pass(NOW).published == [job_id]
    assert dispatcher.run_pass(NOW + timedelta(seconds=14)).published == []
    assert messages(installation) == 1


def test_an_unanswered_message_is_repeated_with_growing_pauses(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    job_id = installation.submit()
    moment = NOW
    dispatcher.run_pass(moment)
    for pause in (*BACKOFF_SECONDS, BACKOFF_SECONDS[-1]):
        assert dispatcher.run_pass(moment + timedelta(seconds=pause - 1)).published == []
        moment += timedelta(seconds=pause + 1)
        assert dispatcher.run_pass(moment).published == [job_id]
    assert installation.job(job_id).dispatches == 6


def test_a_running_job_is_not_published(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    installation.claim(installation.submit())
    assert dispatcher.run_pass(NOW).published == []


def test_a_job_accepted_while_redis_is_down_is_published_when_it_is_back(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher, publisher: Publisher
) -> None:
    dispatcher.run_pass(NOW)
    server.kill()
    job_id = installation.submit()
    assert not publish_now(installation.database, publisher, job_id)
    report = dispatcher.run_pass(NOW)
    assert (report.published, report.broker_is_alive) == ([], False)
    assert installation.state(job_id) is JobState.QUEUED
    server.start()
    assert dispatcher.run_pass(NOW).published == [job_id]
    assert messages(installation) == 1


def test_what_a_wiped_redis_was_told_is_told_again(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    jobs = [installation.submit() for _ in range(3)]
    assert dispatcher.run_pass(NOW).published == jobs
    with redis.Redis.from_url(installation.settings.redis_client_url) as client:
        client.flushall()
    assert messages(installation) == 0
    assert dispatcher.run_pass(NOW + timedelta(seconds=1)).published == jobs
    assert messages(installation) == 3


def test_a_lost_message_costs_a_pause_and_nothing_else(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    """Redis pops a message before a worker has it; a worker that dies in between loses it for good."""
    job_id = installation.submit()
    dispatcher.run_pass(NOW)
    with redis.Redis.from_url(installation.settings.redis_client_url) as client:
        client.delete(prefix_of(installation.database) + Queue.JOBS)
    assert dispatcher.run_pass(NOW + timedelta(seconds=16)).published == [job_id]


def test_publishing_after_the_commit_saves_the_dispatcher_the_work(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher, publisher: Publisher
) -> None:
    dispatcher.run_pass()
    job_id = installation.submit(now=utc_now())
    assert publish_now(installation.database, publisher, job_id)
    assert installation.job(job_id).dispatches == 1
    assert dispatcher.run_pass().published == []


@pytest.mark.parametrize("step", ["fire_due", "explain_updates", "score_due", "request_due", "raise_alerts"])
def test_a_step_that_fails_keeps_no_job_waiting(
    installation: Installation,
    server: EmbeddedRedis,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def failing(*_: object) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(dispatch, step, failing)
    job_id = installation.submit()
    assert dispatcher.run_pass(NOW).published == [job_id]


def test_leases_expire_even_while_redis_is_down(installation: Installation, dispatcher: Dispatcher) -> None:
    job_id = installation.submit()
    with installation.database.write() as session:
        assert claim_job(session, job_id, "host:1:2", 0.05, NOW) is not None

    def expire() -> PassReport | None:
        report = dispatcher.run_pass(NOW)
        return report if report.expired else None

    report = wait_until(expire, message="a lease that is over as soon as it was looked at a few times")
    assert report is not None
    assert (report.expired, report.broker_is_alive) == ([job_id], False)


def test_files_that_no_forecast_mentions_are_removed_after_an_hour(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    claim = installation.claim(installation.submit())
    mentioned = installation.artifacts.write("2026-01/mentioned.nc", write_a_byte)
    orphan = installation.artifacts.write("2026-01/orphan.nc", write_a_byte)
    young = installation.artifacts.write("2026-01/young.nc", write_a_byte)
    with installation.database.write() as session:
        ForecastRepository(session).add(forecast_row(claim, artifact_path=mentioned.path), {})
    old = NOW.timestamp() - ORPHAN_AGE_SECONDS - 1
    for file in (mentioned, orphan):
        os.utime(installation.artifacts.root / file.path, (old, old))
    dispatcher.run_pass(NOW)
    left = {path.name for path in installation.artifacts.root.rglob("*.nc")}
    assert left == {"mentioned.nc", Path(young.path).name}


def write_a_byte(path: Path) -> None:
    path.write_bytes(b"x")


def finish_job(installation: Installation, made_at: datetime) -> str:
    """A stored forecast of a job that has ended; its id."""
    claim = installation.claim(installation.submit())
    row = forecast_row(claim, made_at=made_at)
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    return row.id


def errand_of(installation: Installation, forecast_id: str) -> ErrandRow:
    with installation.database.read() as session:
        row = ErrandRepository(session).get(ErrandKind.DRAWING, "default", forecast_id)
        assert row is not None
        session.expunge(row)
    return row


def forecast_row_of(installation: Installation, forecast_id: str) -> ForecastRow:
    with installation.database.read() as session:
        row = ForecastRepository(session).get(forecast_id)
    assert row is not None
    return row


def note_drawn(installation: Installation, forecast_id: str, now: datetime) -> None:
    with installation.database.write() as session:
        errands, drawing = ErrandRepository(session), DrawingRepository(session).get(forecast_id)
        errand = errands.wanted(ErrandKind.DRAWING, "default", forecast_id)
        assert drawing is not None
        assert errand is not None
        DrawingRepository(session).finish(drawing, {}, {}, [], now)
        errands.finish(errand, now)


def test_figures_are_drawn_when_no_job_waits_and_one_forecast_at_a_time(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    older, newer = (finish_job(installation, NOW + timedelta(seconds=second)) for second in (0, 1))
    job = installation.submit()
    dispatcher.run_pass(NOW + timedelta(seconds=2))
    assert messages(installation) == 1, "the job's"
    with installation.database.write() as session:
        cancel_job(session, job)
    later = NOW + timedelta(seconds=3)
    dispatcher.run_pass(later)
    dispatcher.run_pass(later + timedelta(seconds=1))
    assert messages(installation) == 2
    assert errand_of(installation, newer).published_at == later
    assert errand_of(installation, older).published_at is None
    note_drawn(installation, newer, later)
    dispatcher.run_pass(later + timedelta(seconds=2))
    assert errand_of(installation, older).published_at == later + timedelta(seconds=2)


def test_figures_do_not_wait_for_ever_and_are_asked_for_again(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    forecast_id = finish_job(installation, NOW)
    installation.claim(installation.submit(), now=NOW)
    late = NOW + timedelta(seconds=DRAW_ANYWAY_SECONDS)
    dispatcher.run_pass(late - timedelta(seconds=1))
    assert errand_of(installation, forecast_id).published_at is None
    dispatcher.run_pass(late)
    assert errand_of(installation, forecast_id).published_at == late
    again = late + timedelta(seconds=DRAW_AGAIN_SECONDS + 1)
    dispatcher.run_pass(again)
    assert errand_of(installation, forecast_id).published_at == again


@pytest.mark.parametrize("draws_unasked", [True, False])
def test_an_operator_may_have_only_requested_ones_drawn(
    installation: Installation, server: EmbeddedRedis, publisher: Publisher, draws_unasked: bool
) -> None:
    settings = installation.settings.model_copy(update={"draw_unasked": draws_unasked})
    forecast_id = finish_job(installation, NOW)
    later = NOW + timedelta(days=1)
    make_dispatcher(settings, installation.database, publisher).run_pass(later)
    assert errand_of(installation, forecast_id).published_at == (later if draws_unasked else None)
    last = NOW + timedelta(days=2)
    assert ask_for_drawing(installation.database, publisher, forecast_row_of(installation, forecast_id), last)
    assert errand_of(installation, forecast_id).published_at == last


def test_a_service_that_is_never_idle_draws_the_newest_of_each_study_only(
    installation: Installation, server: EmbeddedRedis, dispatcher: Dispatcher
) -> None:
    """Else, with a small job a second, drawings would grow without end and take the workers from the jobs."""
    older, newer = (finish_job(installation, NOW + timedelta(seconds=second)) for second in (0, 1))
    installation.claim(installation.submit(), now=NOW)
    late = NOW + timedelta(seconds=DRAW_ANYWAY_SECONDS + 1)
    dispatcher.run_pass(late)
    assert errand_of(installation, newer).published_at == late
    note_drawn(installation, newer, late)
    dispatcher.run_pass(late + timedelta(seconds=1))
    assert errand_of(installation, older).published_at is None


def test_a_forecast_that_is_looked_at_is_drawn_at_once_and_once(
    installation: Installation, server: EmbeddedRedis
) -> None:
    looked_at = [finish_job(installation, NOW + timedelta(seconds=second)) for second in range(ASKED_AT_ONCE + 1)]
    installation.submit()
    publisher = Publisher(installation.settings.broker_url, installation.database)

    def ask(forecast_id: str, now: datetime = NOW) -> bool:
        return ask_for_drawing(installation.database, publisher, forecast_row_of(installation, forecast_id), now)

    try:
        assert [ask(forecast_id) for forecast_id in looked_at] == [True] * ASKED_AT_ONCE + [False], "there is a limit"
        assert not any(ask(forecast_id) for forecast_id in looked_at)
        assert messages(installation) == ASKED_AT_ONCE
        assert ask(looked_at[0], NOW + timedelta(seconds=DRAW_AGAIN_SECONDS + 1))
        server.kill()
        assert not ask(looked_at[-1], NOW + timedelta(seconds=2 * DRAW_AGAIN_SECONDS + 2)), "the dispatcher will"
    finally:
        publisher.close()
    assert errand_of(installation, looked_at[-1]).published_at is None
