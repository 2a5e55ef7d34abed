"""The end of an attempt: a result is offered to the database again, and what is stored is never taken for lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

import workers.storing
from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import FailureCode, JobState
from forecast.store import stored_file, utc_now
from tests.installation import Installation, installation_in
from tests.workers.made_up_runs import files, forecast_of, result_of, runner
from workers.runner import RunOutcome

UNFORESEEN = [
    DataError("UPDATE", {}, Exception("an unforeseen value")),
    ProgrammingError("UPDATE", {}, Exception("an unforeseen column")),
    SQLAlchemyError("an unforeseen state"),
]


def refusing(error: SQLAlchemyError, times: int, tries: list[int]) -> Callable[..., Any]:
    """Completing a job, for which the database has an error the first so many times."""

    def complete(*arguments: Any, **options: Any) -> Any:
        tries.append(1)
        if len(tries) <= times:
            raise error
        return complete_job(*arguments, **options)

    return complete


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.storing, "STORE_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(workers.storing, "LONGEST_STORE_PAUSE_SECONDS", 0.05)


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_an_error_that_nobody_foresaw_is_another_try_at_storing(
    installation: Installation, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch, error: SQLAlchemyError
) -> None:
    tries: list[int] = []
    monkeypatch.setattr(workers.storing, "complete_job", refusing(error, 2, tries))
    job_id = installation.submit()
    assert runner(installation, result_of, stopping).run(job_id) is RunOutcome.STORED
    assert (len(tries), installation.job(job_id).attempt) == (3, 1)


def test_an_error_that_stays_is_another_attempt_and_in_the_end_no_defect(
    tmp_path: Path, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.storing, "complete_job", refusing(UNFORESEEN[0], 10**6, []))
    with installation_in(tmp_path / "home", {"lease_seconds": 0.2}) as own:
        job_id = own.submit(now=utc_now())
        states = []
        for _ in range(3):
            assert runner(own, result_of, stopping).run(job_id) is RunOutcome.STOPPED
            states.append(own.state(job_id))
        assert states == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
        job = own.job(job_id)
        assert job.error_code == FailureCode.WORKER_LOST
        assert "the database did not take it (DataError" in (job.error_detail or "")
        assert [attempt.outcome for attempt in own.attempts(job_id)] == ["lost"] * 3
        assert files(own) == []


def at_the_end(installation: Installation, monkeypatch: pytest.MonkeyPatch, *, is_committed: bool, times: int) -> None:
    """The connection breaks at the commit of a result: before the database has it, or before it says so."""
    completed: list[int] = []
    write = installation.database.write

    def complete(*arguments: Any, **options: Any) -> Any:
        found = complete_job(*arguments, **options)
        completed.append(1)
        return found

    @contextmanager
    def breaking() -> Iterator[Session]:
        before = len(completed)
        lost = OperationalError("COMMIT", {}, Exception("the connection was lost"))
        with write() as session:
            yield session
            if before < len(completed) <= times and not is_committed:
                raise lost
        if before < len(completed) <= times:
            raise lost

    monkeypatch.setattr(workers.storing, "complete_job", complete)
    monkeypatch.setattr(installation.database, "write", breaking)


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_commit_that_was_never_answered_is_looked_up(
    installation: Installation, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    at_the_end(installation, monkeypatch, is_committed=is_committed, times=1)
    job_id = installation.submit()
    assert runner(installation, result_of, stopping).run(job_id) is RunOutcome.STORED
    assert installation.state(job_id) is JobState.SUCCEEDED
    row = forecast_of(installation, job_id)
    assert row is not None
    installation.artifacts.verified_path(stored_file(row))


NEVER_RENEWED = {"lease_seconds": 0.2, "progress_seconds": 30.0, "heartbeat_seconds": 30.0}


def test_draws_of_a_forecast_that_may_be_stored_stay(
    tmp_path: Path, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went through without a confirmation, and the database stayed away for longer than the lease."""
    with installation_in(tmp_path / "home", NEVER_RENEWED) as own:
        job_id = own.submit(now=utc_now())
        completed: list[int] = []
        write = own.database.write

        def complete(*arguments: Any, **options: Any) -> Any:
            completed.append(1)
            return complete_job(*arguments, **options)

        @contextmanager
        def breaking() -> Iterator[Session]:
            if completed:
                raise OperationalError("BEGIN", {}, Exception("the database is away"))
            with write() as session:
                yield session
            if completed:
                raise OperationalError("COMMIT", {}, Exception("the connection was lost"))

        with monkeypatch.context() as patch:
            patch.setattr(workers.storing, "complete_job", complete)
            patch.setattr(own.database, "write", breaking)
            patch.setattr(workers.storing, "_was_stored", lambda *_: False)
            assert runner(own, result_of, stopping).run(job_id) is RunOutcome.STOPPED
        row = forecast_of(own, job_id)
        assert row is not None
        own.artifacts.verified_path(stored_file(row))
