"""Accepting jobs."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from forecast.errors import StudyError
from forecast.jobs.digests import hash_request
from forecast.jobs.errors import BacklogFullError, IdempotencyMismatchError, UnknownKindError
from forecast.jobs.quotas import JobLimits
from forecast.jobs.states import JobState
from forecast.jobs.submit import SEED_LIMIT, parse_kind, prepare_study, submit_job
from forecast.store import JobRepository, StudyRepository
from tests.coin import coin_study
from tests.installation import LIMITS, Installation

pytestmark = pytest.mark.both_databases


def test_an_accepted_job_is_queued_with_everything_that_will_be_computed(installation: Installation) -> None:
    study = coin_study()
    job = installation.job(installation.submit(study))
    assert job.state == JobState.QUEUED
    assert (job.study, job.digest, job.as_of, job.attempt) == ("coin", study.digest, date(2021, 1, 1), 0)
    with installation.database.read() as session:
        assert StudyRepository(session).document(study.digest) is not None
    assert installation.events(job.id) == ["queued"]


def test_a_seed_is_drawn_when_none_is_fixed(installation: Installation) -> None:
    seeds = {installation.job(installation.submit()).seed for _ in range(5)}
    assert len(seeds) == 5
    assert all(0 <= seed < SEED_LIMIT for seed in seeds)


def test_the_seed_of_the_study_is_kept(installation: Installation) -> None:
    study = coin_study(sampler={"seed": 42})
    assert installation.job(installation.submit(study)).seed == 42


def test_the_same_key_with_the_same_request_is_the_same_job(installation: Installation) -> None:
    first = installation.submit(idempotency_key="k", request_hash="h")
    assert installation.submit(idempotency_key="k", request_hash="h") == first


def test_the_same_key_with_another_request_is_refused(installation: Installation) -> None:
    first = installation.submit(idempotency_key="k", request_hash="h")
    with pytest.raises(IdempotencyMismatchError, match=first):
        installation.submit(idempotency_key="k", request_hash="other")


def test_fifty_requests_with_one_key_at_once_make_one_job(installation: Installation) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(installation.submit(idempotency_key="k", request_hash="h")))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 50
    assert len(set(made)) == 1


def test_a_full_queue_turns_jobs_away(installation: Installation) -> None:
    limits = JobLimits(max_attempts=3, deadline_seconds=600.0, max_queued=2)
    for _ in range(2):
        installation.submit(limits=limits)
    with pytest.raises(BacklogFullError, match="at most 2"):
        installation.submit(limits=limits)


def test_a_job_that_is_not_committed_does_not_exist(installation: Installation) -> None:
    made: list[str] = []

    def submit_and_fail() -> None:
        with installation.database.write() as session:
            made.append(submit_job(session, coin_study(), LIMITS).job.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        submit_and_fail()
    with installation.database.read() as session:
        assert JobRepository(session).get(made[0]) is None


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownKindError, match="'forecast'"):
        parse_kind("backtest")


def test_a_request_may_change_the_date_and_the_sampler() -> None:
    study = prepare_study(coin_study(), date(2021, 2, 1), {"draws": 500})
    assert (study.as_of, study.sampler.draws, study.sampler.warm_up) == (date(2021, 2, 1), 500, 400)
    assert study.digest != coin_study().digest


def test_a_change_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(StudyError):
        prepare_study(coin_study(), sampler={"draws": 0})


def test_requests_are_recognised_whatever_the_order_of_their_keys() -> None:
    assert hash_request({"a": 1, "b": [1, 2]}) == hash_request({"b": [1, 2], "a": 1})
    assert hash_request({"a": 1}) != hash_request({"a": 2})
