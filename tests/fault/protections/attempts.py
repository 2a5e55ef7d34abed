"""Jobs and their attempts: claimed once, stored once, ended whatever happens."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

ATTEMPTS: Final = (
    Protection(
        "web process dies after its commit, before it answers",
        "an idempotency key finds the job that it made",
        "forecast/jobs/submit.py",
        "    if key and (earlier := find_submitted(session, key, row.request_hash)):\n"
        "        return Submission(earlier, is_new=False)\n"
        "    if (waiting",
        "    if (waiting",
        "tests/jobs/test_quotas.py::test_a_repeated_request_is_no_second_job_even_when_there_is_no_room",
    ),
    Protection(
        "dispatcher dies after telling, before noting it; messages sent twice",
        "only a queued job can be claimed",
        "forecast/jobs/lifecycle.py",
        "        JobRow.state == JobState.QUEUED.value,\n        JobRow.cancel_requested.is_(False),\n        state=",
        "        JobRow.cancel_requested.is_(False),\n        state=",
        "tests/fault/test_races.py::test_many_workers_at_once_claim_a_job_once",
    ),
    Protection(
        "dies after the result, before the message is acknowledged",
        "only a queued job can be claimed",
        "forecast/jobs/lifecycle.py",
        "        JobRow.state == JobState.QUEUED.value,\n        JobRow.cancel_requested.is_(False),\n        state=",
        "        JobRow.cancel_requested.is_(False),\n        state=",
        "tests/fault/test_crash_points.py::test_an_attempt_that_dies_after_its_commit_is_done",
    ),
    Protection(
        "worker dies after its claim",
        "leases run out",
        "forecast/jobs/recover.py",
        "    return [row.id for row in silent if _lose(session, row, now, JobRow.beats == row.beats)]",
        "    return []",
        "tests/fault/test_crash_points.py::test_an_attempt_that_dies_after_its_claim_is_made_again",
    ),
    Protection(
        "frozen past its lease, then thawed",
        "a claim's fence",
        "forecast/jobs/lifecycle.py",
        "    return JobRow.fence == claim.fence, JobRow.state == JobState.RUNNING.value",
        "    return (JobRow.state == JobState.RUNNING.value,)",
        "tests/jobs/test_lifecycle.py::test_a_stale_fence_can_do_nothing",
    ),
    Protection(
        "a job whose worker dies every time",
        "attempts are counted",
        "forecast/jobs/recover.py",
        "    elif row.attempt < row.max_attempts:",
        "    elif row.attempt < 1000:",
        "tests/jobs/test_recover.py::test_after_the_last_attempt_the_job_fails_and_names_each_end",
    ),
    Protection(
        "dies after the file is there, before the result is",
        "files that no forecast mentions are removed",
        "workers/dispatch.py",
        "            if name not in known:",
        "            if name == 'never':",
        "tests/workers/test_dispatch.py::test_files_that_no_forecast_mentions_are_removed_after_an_hour",
    ),
    Protection(
        "attempt past its deadline, stuck in native code",
        "the dispatcher ends it",
        "forecast/jobs/recover.py",
        "    for row in jobs.running_past_deadline(DEADLINE_GRACE_SECONDS):",
        "    for row in jobs.running_past_deadline(DEADLINE_GRACE_SECONDS)[:0]:",
        "tests/jobs/test_recover.py::test_an_attempt_past_its_deadline_fails_even_if_it_goes_on",
    ),
    Protection(
        "cancelled as it ends",
        "no result is stored over a cancellation",
        "forecast/jobs/lifecycle.py",
        "        JobRow.cancel_requested.is_(False),\n        **ended_values(JobState.SUCCEEDED, now),",
        "        **ended_values(JobState.SUCCEEDED, now),",
        "tests/jobs/test_lifecycle.py::test_a_cancellation_goes_before_everything_that_comes_after_it",
    ),
    Protection(
        "a second service on one directory",
        "the directory's lock",
        "workers/lock.py",
        "            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "            pass",
        "tests/fault/test_service_faults.py::test_a_second_service_on_one_directory_refuses_and_names_the_first",
    ),
    Protection(
        "a killed worker's temporary files",
        "the next worker removes what no living one holds",
        "workers/temporary.py",
        "    remove_abandoned(parent)\n    own",
        "    own",
        "tests/workers/test_temporary.py::"
        "test_what_a_killed_worker_left_goes_when_the_next_one_starts_and_another_ones_stays",
    ),
    Protection(
        "an update whose earlier forecast is damaged",
        "it is sampled anew",
        "workers/runner.py",
        "            except (ForecastError, ValueError, OSError) as error:",
        "            except KeyError as error:",
        "tests/workers/test_living.py::test_an_update_whose_base_cannot_be_read_samples_anew_and_says_so",
    ),
    Protection(
        "a sampler that aborts for want of memory",
        "it is taken for what it is at the first attempt",
        "workers/tasks.py",
        "        is_memory = ABORTED in str(exception) and not row.cancel_requested",
        "        is_memory = False",
        "tests/fault/test_worker_faults.py::test_a_sampler_that_ends_its_process_for_want_of_memory_is_not_asked_again",
    ),
)
