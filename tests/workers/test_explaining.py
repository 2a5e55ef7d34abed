"""One attempt of a job that explains, with a computation that is made up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from forecast.errors import SamplingError, StopRequestedError
from forecast.jobs.explanations import EXPLANATIONS
from forecast.jobs.lifecycle import cancel_job, complete_job
from forecast.jobs.quotas import JobLimits
from forecast.jobs.states import FailureCode, JobKind, JobState
from forecast.store.tables.core import ExplanationRow
from forecast.study import Study
from tests.coin import coin_answer, coin_study
from tests.explanations import KINDS, explanation_of, submit_explanation_of
from tests.installation import Installation, forecast_row
from tests.waiting import wait_until
from tests.workers.made_up_runs import runner
from workers.runner import RunOutcome


@pytest.fixture
def forecast_id(installation: Installation) -> str:
    return add_forecast(installation)


def add_forecast(installation: Installation, **answer: Any) -> str:
    study = coin_study(sampler={"seed": 42})
    claim = installation.claim(installation.submit(study))
    text = coin_answer(study).model_copy(update=answer).model_dump_json()
    row = forecast_row(claim, study, answer=text)
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    return row.id


def explanation_of_job(installation: Installation, job_id: str) -> ExplanationRow | None:
    with installation.database.read() as session:
        return session.scalar(select(ExplanationRow).where(ExplanationRow.job_id == job_id))


@pytest.mark.parametrize("kind", KINDS)
def test_an_explanation_is_stored_beside_its_forecast(
    installation: Installation, forecast_id: str, stopping: threading.Event, kind: JobKind
) -> None:
    seen: dict[str, Any] = {}

    def explain(study: Study, *, seed: int, **_: Any) -> object:
        seen.update(digest=study.digest, seed=seed)
        return explanation_of(kind)

    job_id = submit_explanation_of(installation, forecast_id, kind)
    assert runner(installation, None, stopping, explain=explain).run(job_id) is RunOutcome.STORED
    assert installation.state(job_id) is JobState.SUCCEEDED
    assert seen == {"digest": coin_study(sampler={"seed": 42}).digest, "seed": 42}
    row = explanation_of_job(installation, job_id)
    assert row is not None
    assert (row.forecast_id, row.kind) == (forecast_id, kind)
    assert EXPLANATIONS[kind].model_validate_json(row.answer) == explanation_of(kind)


def test_what_is_of_another_kind_is_not_stored(
    installation: Installation, forecast_id: str, stopping: threading.Event
) -> None:
    def explain(_study: Study, **_: Any) -> object:
        return explanation_of(JobKind.INFLUENCE)

    job_id = submit_explanation_of(installation, forecast_id, JobKind.ATTRIBUTION)
    assert runner(installation, None, stopping, explain=explain).run(job_id) is RunOutcome.FAILED
    assert installation.job(job_id).error_code == FailureCode.INTERNAL
    assert explanation_of_job(installation, job_id) is None


def test_a_failed_explanation_has_a_code(
    installation: Installation, forecast_id: str, stopping: threading.Event
) -> None:
    def explain(_study: Study, **_: Any) -> object:
        raise SamplingError("no start")

    job_id = submit_explanation_of(installation, forecast_id, JobKind.ATTRIBUTION)
    assert runner(installation, None, stopping, explain=explain).run(job_id) is RunOutcome.FAILED
    assert installation.job(job_id).error_code == FailureCode.MODEL_ERROR


def until_stopped(before: Callable[[], object]) -> object:
    """A computation that does something and then goes on until it is stopped."""

    def explain(_study: Study, *, should_stop: Callable[[], type[StopRequestedError] | None], **_: Any) -> object:
        before()
        reason = wait_until(should_stop, message="a reason to stop")
        assert reason is not None
        raise reason("stopped")

    return explain


def test_a_cancelled_explanation_stops(installation: Installation, forecast_id: str, stopping: threading.Event) -> None:
    job_id = submit_explanation_of(installation, forecast_id, JobKind.INFLUENCE)

    def cancel() -> None:
        with installation.database.write() as session:
            cancel_job(session, job_id)

    assert runner(installation, None, stopping, explain=until_stopped(cancel)).run(job_id) is RunOutcome.STOPPED
    assert installation.state(job_id) is JobState.CANCELLED


def test_an_explanation_past_its_deadline_fails(
    installation: Installation, forecast_id: str, stopping: threading.Event
) -> None:
    job_id = submit_explanation_of(installation, forecast_id, JobKind.INFLUENCE, limits=JobLimits(3, 0.2, 10))
    assert runner(installation, None, stopping, explain=until_stopped(lambda: None)).run(job_id) is RunOutcome.STOPPED
    assert installation.job(job_id).error_code == FailureCode.DEADLINE


def test_a_stopping_worker_hands_an_explanation_back(
    installation: Installation, forecast_id: str, stopping: threading.Event
) -> None:
    job_id = submit_explanation_of(installation, forecast_id, JobKind.SENSITIVITY)
    assert runner(installation, None, stopping, explain=until_stopped(stopping.set)).run(job_id) is RunOutcome.STOPPED
    assert installation.state(job_id) is JobState.QUEUED


def test_a_forecast_of_another_method_is_not_explained(installation: Installation, stopping: threading.Event) -> None:
    """Its numbers are not those that this version would take apart."""
    forecast_id = add_forecast(installation, method_version="0")
    job_id = submit_explanation_of(installation, forecast_id, JobKind.ATTRIBUTION)
    assert runner(installation, None, stopping, explain=None).run(job_id) is RunOutcome.FAILED
    job = installation.job(job_id)
    assert job.error_code == FailureCode.DATA_ERROR
    assert "made by method 0" in (job.error_detail or "")
