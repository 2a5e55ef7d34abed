"""Things that happen at the same moment: one of them wins, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from forecast.jobs.errors import JobFinishedError
from forecast.jobs.lifecycle import (
    Cancellation,
    Completion,
    Renewal,
    cancel_claimed,
    cancel_job,
    claim_job,
    complete_job,
    renew_lease,
)
from forecast.jobs.recover import enforce_deadlines
from forecast.jobs.states import JobState
from forecast.store import ForecastRepository, JobRepository
from tests.coin import NOW, coin_document
from tests.installation import LEASE_SECONDS, Installation, forecast_row, installation_in
from tests.leases import Watcher
from tests.web_process import web_process

pytestmark = pytest.mark.both_databases
ROUNDS = 15


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        yield made


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What each gives, or the exception that it raises; all begin at the same moment."""
    barrier, found = threading.Barrier(len(actions)), [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            found[place] = action()
        except Exception as error:  # noqa: BLE001 (told to the main thread)
            found[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=item) for item in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def in_transaction(installation: Installation, action: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    def run() -> Any:
        with installation.database.write() as session:
            return action(session, *arguments)

    return run


def on_the_brink(installation: Installation) -> Watcher:
    """A watcher that takes what runs when it looks once more."""
    watcher = Watcher(installation)
    for _ in range(3):
        assert watcher.look(after=LEASE_SECONDS / 3) == []
    watcher.seconds += LEASE_SECONDS / 3
    return watcher


def results_of(installation: Installation, job_id: str) -> int:
    with installation.database.read() as session:
        return int(ForecastRepository(session).of_job(job_id) is not None)


def test_a_cancellation_and_a_result_at_once_leave_one_end(installation: Installation) -> None:
    ends = set()
    for _ in range(ROUNDS):
        job_id = installation.submit(now=NOW)
        claim = installation.claim(job_id)
        cancelled, completed = at_once(
            in_transaction(installation, cancel_job, job_id, NOW),
            in_transaction(installation, complete_job, claim, forecast_row(claim), {}, NOW),
        )
        state = installation.state(job_id)
        ends.add(state)
        if completed is Completion.STORED:
            assert isinstance(cancelled, JobFinishedError)
            assert (state, results_of(installation, job_id)) == (JobState.SUCCEEDED, 1)
        else:
            assert completed is Completion.CANCELLED
            assert cancelled is Cancellation.REQUESTED
            assert (state, results_of(installation, job_id)) == (JobState.CANCELLED, 0)
    assert ends <= {JobState.SUCCEEDED, JobState.CANCELLED}


def test_a_cancellation_and_a_claim_at_once_leave_one_end(installation: Installation) -> None:
    for _ in range(ROUNDS):
        job_id = installation.submit(now=NOW)
        cancelled, claim = at_once(
            in_transaction(installation, cancel_job, job_id, NOW),
            in_transaction(installation, claim_job, job_id, "host:1:2", LEASE_SECONDS, NOW),
        )
        state = installation.state(job_id)
        if claim is None:
            assert (cancelled, state) == (Cancellation.CANCELLED, JobState.CANCELLED)
        else:
            assert cancelled is Cancellation.REQUESTED, "the attempt will see it at its next heartbeat"
            assert state is JobState.RUNNING
            assert installation.job(job_id).cancel_requested


def test_many_workers_at_once_claim_a_job_once(installation: Installation) -> None:
    for _ in range(ROUNDS):
        job_id = installation.submit(now=NOW)
        claims = at_once(
            *(
                in_transaction(installation, claim_job, job_id, f"host:1:{number}", LEASE_SECONDS, NOW)
                for number in range(6)
            )
        )
        assert sum(claim is not None for claim in claims) == 1, claims
        assert [attempt.number for attempt in installation.attempts(job_id)] == [1]


def test_a_result_and_the_end_of_its_lease_at_once_count_one_attempt(installation: Installation) -> None:
    late = NOW + timedelta(seconds=LEASE_SECONDS + 1)
    for _ in range(ROUNDS):
        job_id = installation.submit(now=NOW)
        claim = installation.claim(job_id)
        watcher = on_the_brink(installation)
        completed, expired = at_once(
            in_transaction(installation, complete_job, claim, forecast_row(claim), {}, late),
            watcher.look,
        )
        if completed is Completion.STORED:
            assert expired == []
            assert (installation.state(job_id), results_of(installation, job_id)) == (JobState.SUCCEEDED, 1)
        else:
            assert (completed, expired) == (Completion.LOST, [job_id])
            assert (installation.state(job_id), results_of(installation, job_id)) == (JobState.QUEUED, 0)
            with installation.database.write() as session:
                cancel_job(session, job_id, late)


def test_a_renewal_and_the_end_of_its_lease_at_once_leave_one_holder(installation: Installation) -> None:
    for _ in range(ROUNDS):
        job_id = installation.submit(now=NOW)
        claim = installation.claim(job_id)
        watcher = on_the_brink(installation)
        renewed, expired = at_once(in_transaction(installation, renew_lease, claim, 1.0), watcher.look)
        if renewed is Renewal.RENEWED:
            assert expired == []
            assert installation.job(job_id).fence == claim.fence
        else:
            assert (renewed, expired) == (Renewal.LOST, [job_id])
            assert installation.state(job_id) is JobState.QUEUED
        with installation.database.write() as session:
            cancel_job(session, job_id, NOW)
            cancel_claimed(session, claim, NOW)


def test_a_wall_clock_that_jumps_costs_no_attempt_and_keeps_no_job(installation: Installation) -> None:
    watcher = Watcher(installation)
    job_id = installation.submit(now=NOW)
    claim = installation.claim(job_id, now=NOW + timedelta(days=30))
    for jump in (timedelta(hours=1), timedelta(hours=-1), timedelta(hours=25), timedelta(days=-400)):
        assert watcher.look(after=LEASE_SECONDS / 3, now=NOW + jump) == []
        with installation.database.write() as session:
            assert renew_lease(session, claim, 1.0) is Renewal.RENEWED
            assert enforce_deadlines(session, NOW + jump) == []
    with installation.database.write() as session:
        assert complete_job(session, claim, forecast_row(claim), {}, NOW - timedelta(days=1)) is Completion.STORED
    second = installation.submit(now=NOW)
    installation.claim(second, now=NOW + timedelta(days=30))
    assert watcher.see_a_lease_pass(NOW) == [second], "whatever moment its worker had"


@pytest.mark.slow
def test_fifty_requests_with_one_key_over_two_web_processes_make_one_job(installation: Installation) -> None:
    with web_process(installation) as one, web_process(installation) as other:
        headers = {"Authorization": f"Bearer {installation.key}", "Idempotency-Key": "the-key"}

        def post(url: str) -> Callable[[], Any]:
            return lambda: httpx2.post(
                f"{url}/v1/jobs", json={"document": coin_document()}, headers=headers, trust_env=False, timeout=60
            )

        answers = at_once(*(post((one, other)[number % 2]) for number in range(50)))
    assert {answer.status_code for answer in answers} <= {202, 503}, answers
    accepted = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    assert len(accepted) == 1
    with installation.database.read() as session:
        assert [row.id for row in JobRepository(session).page(9).items] == list(accepted)
