"""How many jobs a workspace may have, counted in the database."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from forecast.jobs.errors import QuotaExceededError
from forecast.jobs.lifecycle import claim_job, complete_job
from forecast.jobs.quotas import Quotas, read_usage
from forecast.jobs.states import JobKind, JobState
from forecast.jobs.submit import submit_job
from forecast.store import JobRepository, WorkspaceRepository
from tests.coin import NOW, coin_study
from tests.installation import LIMITS, Installation, forecast_row

pytestmark = pytest.mark.both_databases


def limited(running: int = 9, queued: int = 9, daily: int = 9) -> object:
    return replace(LIMITS, quotas=Quotas(running=running, queued=queued, daily=daily))


def test_a_workspace_queues_no_more_than_it_may_and_others_are_not_held_up(installation: Installation) -> None:
    other = installation.of("other")
    limits = limited(queued=2)
    for _ in range(2):
        installation.submit(limits=limits)
    with pytest.raises(QuotaExceededError, match="2 jobs of the workspace 'default' are waiting, at most 2 may"):
        installation.submit(limits=limits)
    other.submit(limits=limits)
    assert other.job(other.submit(limits=limits)).workspace == "other"


def test_a_day_has_so_many_jobs_and_the_next_day_more(installation: Installation) -> None:
    limits = limited(daily=3)
    for hour in range(3):
        installation.submit(now=NOW + timedelta(hours=hour), limits=limits)
    with pytest.raises(QuotaExceededError, match="submitted 3 jobs within 24 hours"):
        installation.submit(now=NOW + timedelta(hours=23), limits=limits)
    installation.submit(now=NOW + timedelta(hours=24, seconds=1), limits=limits)


def test_a_repeated_request_is_no_second_job_even_when_there_is_no_room(installation: Installation) -> None:
    limits = limited(queued=1)
    first = installation.submit(limits=limits, idempotency_key="k")
    assert installation.submit(limits=limits, idempotency_key="k") == first


def test_a_workspaces_own_limits_go_before_the_installations(installation: Installation) -> None:
    with installation.database.write() as session:
        WorkspaceRepository(session).known("default").max_queued = 1
    installation.submit(limits=limited())
    with pytest.raises(QuotaExceededError, match="at most 1 may"):
        installation.submit(limits=limited())
    with installation.database.read() as session:
        usage = read_usage(session, limited(), NOW)  # type: ignore[arg-type]
    assert (usage.queued, usage.limits.queued, usage.limits.daily) == (1, 1, 9)


def test_no_more_run_than_may_and_the_next_runs_when_one_has_ended(installation: Installation) -> None:
    limits = limited(running=1)
    first, second = installation.submit(limits=limits), installation.submit(limits=limits)
    with installation.database.write() as session:
        JobRepository(session).mark_dispatched(second, NOW)
        claim = claim_job(session, first, "host:1:2", 30.0, NOW, limits)  # type: ignore[arg-type]
        assert claim is not None
        assert claim_job(session, second, "host:1:3", 30.0, NOW, limits) is None  # type: ignore[arg-type]
    waiting = installation.job(second)
    assert (waiting.state, waiting.attempt, waiting.dispatched_at) == (JobState.QUEUED, 0, None)
    with installation.database.read() as session:
        assert JobRepository(session).due_for_dispatch((15.0,), NOW, 9, ["default"]) == ()
    with installation.database.write() as session:
        complete_job(session, claim, forecast_row(claim), {}, NOW)
    with installation.database.write() as session:
        assert [row.id for row in JobRepository(session).due_for_dispatch((15.0,), NOW, 9)] == [second]
        assert claim_job(session, second, "host:1:3", 30.0, NOW, limits) is not None  # type: ignore[arg-type]


def test_twenty_requests_at_once_take_no_more_places_than_there_are(installation: Installation) -> None:
    limits, refused, errors = limited(queued=5, daily=99), [], []

    def submit() -> None:
        try:
            with installation.database.write() as session:
                submit_job(session, coin_study(), limits, now=NOW)  # type: ignore[arg-type]
        except QuotaExceededError as error:
            refused.append(error)
        except Exception as error:  # noqa: BLE001 (told to the main thread)
            errors.append(error)

    threads = [threading.Thread(target=submit) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(refused) == 15


def test_two_workers_at_once_claim_no_more_than_may_run(installation: Installation) -> None:
    limits, claims = limited(running=2), []
    jobs = [installation.submit(limits=limits) for _ in range(8)]

    def claim(job_id: str) -> None:
        with installation.database.write() as session:
            claims.append(claim_job(session, job_id, "host:1:2", 30.0, NOW, limits))  # type: ignore[arg-type]

    threads = [threading.Thread(target=claim, args=(job_id,)) for job_id in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 8
    assert sum(found is not None for found in claims) == 2


def test_a_full_workspace_does_not_keep_the_explanations_of_others_waiting(installation: Installation) -> None:
    from forecast.timeline.updates import _ask

    other = installation.of("other")
    ids = {}
    for each in (installation, other):
        claim = each.claim(each.submit(now=NOW))
        row = forecast_row(claim)
        with each.database.write() as session:
            complete_job(session, claim, row, {}, NOW)
        ids[each.workspace] = row.id
    with installation.database.write() as session:
        WorkspaceRepository(session).known("default").max_daily = 1
    asked = [("default", ids["default"]), ("other", ids["other"])]
    made = _ask(installation.database, limited(), JobKind.ATTRIBUTION, asked, NOW)  # type: ignore[arg-type]
    assert [other.job(job).workspace for job in made] == ["other"]
