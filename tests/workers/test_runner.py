"""One attempt of one job, with a computation that is made up: what is stored, and what is said when it fails."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from forecast.errors import (
    FieldError,
    IncompleteSamplingError,
    SamplingError,
    StudyError,
)
from forecast.jobs.states import FailureCode, JobState
from forecast.progress import ChainProgress, RunningEstimate
from forecast.store import ForecastRepository, stored_file, utc_now
from forecast.study import Study
from tests.coin import coin_answer
from tests.installation import Installation, installation_in
from tests.waiting import wait_until
from tests.workers.made_up_runs import DRAWS, Result, fail_with, files, forecast_of, result_of, runner
from workers.runner import RunOutcome


def test_a_result_is_stored_with_its_file_and_figures(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit()
    assert runner(installation, result_of, stopping).run(job_id) is RunOutcome.STORED
    assert installation.state(job_id) is JobState.SUCCEEDED
    row = forecast_of(installation, job_id)
    assert row is not None
    assert installation.artifacts.verified_path(stored_file(row)).read_bytes() == DRAWS
    with installation.database.read() as session:
        assert ForecastRepository(session).figure_names(row.id) == ("horizon",)


def test_the_computation_gets_the_stored_seed_and_document(
    installation: Installation, stopping: threading.Event
) -> None:
    seen: dict[str, Any] = {}

    def compute(study: Study, *, seed: int, **_: Any) -> Result:
        seen.update(digest=study.digest, seed=seed)
        return result_of(study)

    job_id = installation.submit()
    runner(installation, compute, stopping).run(job_id)
    job = installation.job(job_id)
    assert seen == {"digest": job.digest, "seed": job.seed}


def test_a_second_message_about_the_same_job_is_dropped(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit()
    run = runner(installation, result_of, stopping).run
    assert [run(job_id), run(job_id)] == [RunOutcome.STORED, RunOutcome.DROPPED]
    assert len(installation.attempts(job_id)) == 1


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (StudyError([FieldError("outcomes[0]", "bad", "is wrong")]), FailureCode.DATA_ERROR, "outcomes[0]: is wrong"),
        (SamplingError("no start"), FailureCode.MODEL_ERROR, "no start"),
        (IncompleteSamplingError("5 of 3000"), FailureCode.INCOMPLETE_SAMPLING, "5 of 3000"),
        (MemoryError(), FailureCode.MEMORY_LIMIT, "memory"),
        (OSError(errno.ENOSPC, "No space left on device"), FailureCode.STORAGE_FULL, "make room"),
        (OSError("Can't write data (errno = 28, error message = 'No space')"), FailureCode.STORAGE_FULL, "make room"),
        (KeyError("/secret/path"), FailureCode.INTERNAL, "under the id"),
    ],
)
def test_a_failure_has_a_code_and_says_what_to_do(
    installation: Installation, stopping: threading.Event, error: Exception, code: FailureCode, says: str
) -> None:
    job_id = installation.submit()
    assert runner(installation, fail_with(error), stopping).run(job_id) is RunOutcome.FAILED
    job = installation.job(job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, code)
    assert job.error_detail is not None
    assert says in job.error_detail
    assert "/secret" not in job.error_detail
    assert files(installation) == []


def test_no_room_for_the_result_leaves_no_result(installation: Installation, stopping: threading.Event) -> None:
    def no_room(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    def compute(study: Study, **_: Any) -> Result:
        return Result(coin_answer(study), {}, no_room)

    job_id = installation.submit()
    runner(installation, compute, stopping).run(job_id)
    assert installation.job(job_id).error_code == FailureCode.STORAGE_FULL
    assert files(installation) == []
    assert forecast_of(installation, job_id) is None


def test_progress_is_written_while_the_computation_runs(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit()

    @dataclass(frozen=True)
    class Shown:
        stage: JobState = JobState.RUNNING
        draws_done: int = 10
        draws_wanted: int = 100
        divergences: int = 1
        estimates: Any = None
        chains: Any = ()

    def compute(study: Study, *, on_progress: Callable[[Any], None], **_: Any) -> Result:
        chain = ChainProgress(5, 50, 1, is_warming_up=False)
        on_progress(Shown(estimates={"heads": RunningEstimate(0.4, 0.02, (0.38, 0.42))}, chains=(chain, chain)))
        wait_until(lambda: (installation.job(job_id).progress or {}).get("draws_done") == 10, message="progress")
        stored = installation.job(job_id).progress or {}
        assert (stored["estimates"], stored["errors"]) == ({"heads": 0.4}, {"heads": 0.02})
        assert stored["chain_estimates"] == {"heads": [0.38, 0.42]}
        assert [own["draws_done"] for own in stored["chains"]] == [5, 5]
        return result_of(study)

    assert runner(installation, compute, stopping).run(job_id) is RunOutcome.STORED


def test_a_lease_is_renewed_while_the_computation_runs(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit()

    def compute(study: Study, **_: Any) -> Result:
        first = installation.job(job_id).beats
        wait_until(lambda: installation.job(job_id).beats > first + 1, message="a renewal")
        return result_of(study)

    assert runner(installation, compute, stopping).run(job_id) is RunOutcome.STORED


def busy_for(installation: Installation, monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """The database is away for the first so many tries to store a result."""
    import workers.storing
    from forecast.jobs.lifecycle import complete_job

    tries: list[int] = []

    def complete(*arguments: Any, **options: Any) -> Any:
        tries.append(1)
        found = complete_job(*arguments, **options)
        if len(tries) <= times:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return found

    monkeypatch.setattr(workers.storing, "complete_job", complete)
    monkeypatch.setattr(workers.storing, "STORE_PAUSE_SECONDS", 0.01)
    return tries


def test_a_result_is_not_thrown_away_because_the_database_was_busy(
    installation: Installation, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = busy_for(installation, monkeypatch, 3)
    job_id = installation.submit()
    assert runner(installation, result_of, stopping).run(job_id) is RunOutcome.STORED
    assert len(tries) == 4
    assert installation.state(job_id) is JobState.SUCCEEDED
    with installation.database.read() as session:
        row = ForecastRepository(session).of_job(job_id)
    assert row is not None
    installation.artifacts.verified_path(stored_file(row))


NEVER_RENEWED = {"progress_seconds": 30.0, "heartbeat_seconds": 30.0, "lease_seconds": 0.3}


def test_when_the_database_stays_away_another_attempt_runs_the_job_and_no_file_is_left(
    tmp_path: Path, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation_in(tmp_path / "home", NEVER_RENEWED) as own:
        busy_for(own, monkeypatch, 10_000)
        job_id = own.submit(now=utc_now())
        assert runner(own, result_of, stopping).run(job_id) is RunOutcome.STOPPED
        assert own.state(job_id) is JobState.RUNNING, "its lease runs out, and that is not its fault"
        assert [path for path in own.artifacts.root.rglob("*") if path.is_file()] == []
