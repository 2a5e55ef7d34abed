"""What keeps each promise, and the test that fails without it: ``make protections`` switches each off and looks.

A protection is a few words of the source; switched off, they are replaced in a copy of the project, and the test that
guards them has to fail there. tests/fault/test_protections.py keeps the list true: the words are in the source, once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
COPIED: Final = ("forecast", "api", "workers", "priors", "tests", "docker", ".ci", "pyproject.toml")
FAILED: Final = 1
"""pytest's exit code when tests ran and some failed."""
DESELECTED: Final = 5
"""pytest's exit code when the marks that were asked for left no test."""


@dataclass(frozen=True)
class Protection:
    """One of them."""

    fault: str
    """Row of the fault matrix (tests/fault/README.md)."""
    what: str
    file: str
    words: str
    without: str
    test: str


PROTECTIONS: Final = (
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
        "tests/fault/test_crash_points.py::test_an_attempt_that_dies_before_it_is_done_is_made_again",
    ),
    Protection(
        "the wall clock jumps, of all processes or of one",
        "leases are counted, not dated",
        "forecast/jobs/leases.py",
        "        if seen is None or (seen.fence, seen.beats) != (row.fence, row.beats):",
        "        if seen is None or seen.fence != row.fence:",
        "tests/fault/test_races.py::test_a_wall_clock_that_jumps_costs_no_attempt_and_keeps_no_job",
    ),
    Protection(
        "whoever watches leases is stopped; a machine sleeps",
        "a look counts a third of a lease at most",
        "forecast/jobs/leases.py",
        "            seen.seconds += min(max(0.0, now - seen.looked_at), lease * SHARE_PER_LOOK)",
        "            seen.seconds += max(0.0, now - seen.looked_at)",
        "tests/jobs/test_recover.py::test_a_watcher_that_was_itself_stopped_takes_no_job",
    ),
    Protection(
        "a process that computes is stopped, or its machine asleep",
        "a beat counts a minute at most",
        "workers/keeper.py",
        "min(now - self._counted_at, MOST_PER_BEAT_SECONDS)",
        "now - self._counted_at",
        "tests/workers/test_runner_stops.py::test_time_in_which_its_process_was_stopped_is_no_time_of_an_attempt",
    ),
    Protection(
        "a renewal while its lease is being ended",
        "the expiry asks for the counter that was seen",
        "forecast/jobs/recover.py",
        "if _lose(session, row, now, JobRow.beats == row.beats)]",
        "if _lose(session, row, now)]",
        "tests/jobs/test_recover.py::test_a_renewal_between_the_look_and_the_expiry_keeps_the_job",
    ),
    Protection(
        "nights and weekends without workers",
        "only time in which a worker's counter moves counts",
        "forecast/jobs/worker_time.py",
        "        return any(sign.has_moved and sign.still_seconds < THERE_SECONDS for sign in workers)",
        "        return True",
        "tests/jobs/test_worker_time.py::test_it_stands_still_without_workers_and_forgets_who_is_gone",
    ),
    Protection(
        "a jump of the wall clock by more than a minute",
        "nobody goes by it for ten minutes",
        "forecast/jobs/clock_guard.py",
        "        return held_until is not None and reading.boot < held_until",
        "        return False",
        "tests/jobs/test_clock_guard.py::test_after_a_jump_nobody_goes_by_the_clock_for_ten_minutes",
    ),
    Protection(
        "a process a minute off its database",
        "the offset is measured at each look",
        "forecast/jobs/clock_guard.py",
        "            return not (is_held or is_off)",
        "            return not is_held",
        "tests/jobs/test_clock_guard.py::test_a_process_a_minute_off_its_database_goes_by_no_clock",
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
        "messages lost between queue and worker",
        "unanswered messages are sent again",
        "forecast/jobs/dispatch.py",
        "BACKOFF_SECONDS: Final = (15.0, 30.0, 60.0, 120.0)",
        "BACKOFF_SECONDS: Final = (1e6,)",
        "tests/jobs/test_dispatch.py::test_a_lost_message_costs_a_pause_and_nothing_else",
    ),
    Protection(
        "Redis wiped",
        "the queue's epoch",
        "forecast/jobs/dispatch.py",
        "        if self._broker.epoch() is None:",
        "        if self._broker.epoch() == 'never':",
        "tests/jobs/test_dispatch.py::test_what_a_wiped_redis_was_told_is_told_again",
    ),
    Protection(
        "dies after the file is there, before the result is",
        "files that no forecast mentions are removed",
        "forecast/jobs/dispatch.py",
        "            if name not in known:",
        "            if name == 'never':",
        "tests/jobs/test_dispatch.py::test_files_that_no_forecast_mentions_are_removed_after_an_hour",
    ),
    Protection(
        "no room for the result",
        "what was written in part is removed, and the failure has its code",
        "workers/failures.py",
        "_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})",
        "_NO_ROOM = frozenset[int]()",
        "tests/fault/test_storage_faults.py::test_a_full_disk_for_results_fails_the_job_and_leaves_no_part_of_it",
    ),
    Protection(
        "database locked",
        "writers wait for each other",
        "forecast/store/database.py",
        '        connect_args={"timeout": BUSY_TIMEOUT_SECONDS},',
        '        connect_args={"timeout": 0},',
        "tests/fault/test_storage_faults.py::test_a_locked_database_is_waited_for_and_a_long_lock_is_a_503_with_a_time",
    ),
    Protection(
        "database busy when a result is stored",
        "a result is offered again while its lease holds",
        "workers/runner.py",
        "                if not is_passing(error) or keeper.waits_in_vain(pause):",
        "                if error:",
        "tests/workers/test_runner.py::test_a_result_is_not_thrown_away_because_the_database_was_busy",
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
        "two beats",
        "a due time is fired while it is due, and held",
        "forecast/store/schedules.py",
        "            ScheduleRow.next_due <= now,\n        )\n        return self._session.scalar(query.with_for_update",
        "        )\n        return self._session.scalar(query.with_for_update",
        "tests/jobs/test_firing.py::test_many_who_look_at_once_make_each_job_once",
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
        "a stored result damaged",
        "its hash is looked at",
        "forecast/store/artifacts.py",
        "        if (digest, size) != (file.sha256, file.size_bytes):",
        "        if digest == 'never':",
        "tests/api/test_jobs.py::test_a_damaged_file_is_a_problem_and_not_a_download",
    ),
    Protection(
        "the network to Redis swallows everything",
        "timeouts of the queue's sockets",
        "workers/configuration.py",
        '            "socket_timeout": 5,\n            "socket_connect_timeout": 3,\n            "socket_keepalive": True,\n'
        '            "health_check_interval": 10,\n',
        "",
        "tests/fault/test_queue_faults.py::test_a_worker_hears_again_after_the_network_was_a_black_hole",
    ),
    Protection(
        "a job ends while the network to Redis swallows everything",
        "a message that cannot be acknowledged is forgotten",
        "workers/held_messages.py",
        "        virtual.QoS.ack(self, delivery_tag)\n",
        "",
        "tests/fault/test_queue_faults.py::test_a_worker_hears_again_after_the_network_was_a_black_hole",
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
        "receivers that drip their answers, or never begin one",
        "calls have a queue and a process of their own",
        "forecast/jobs/publish.py",
        "    DELIVER_TASK: Queue.CALLS,",
        "    DELIVER_TASK: Queue.JOBS,",
        "tests/fault/test_apart.py::test_a_job_does_not_wait_for_receivers_that_drip",
    ),
    Protection(
        "an alert, a source or a preview while a job samples",
        "drawings and previews have a queue and a process of their own",
        "forecast/jobs/publish.py",
        "    PREVIEW_TASK: Queue.DRAWINGS,",
        "    PREVIEW_TASK: Queue.JOBS,",
        "tests/fault/test_apart.py::test_an_alert_a_source_and_a_preview_do_not_wait_for_a_job_that_samples",
    ),
    Protection(
        "a receiver that answers nothing",
        "it is left alone, and one alert finds out for all",
        "forecast/jobs/delivering.py",
        "            if receiver.rests_until > began:",
        "            if receiver.rests_until.year > 9000:",
        "tests/jobs/test_delivery.py::test_a_receiver_that_answers_nothing_is_left_alone_longer_each_time",
    ),
    Protection(
        "a workspace with a thousand calls to make",
        "each has so many places in a process",
        "workers/places.py",
        "self._taken[workspace] < self._most",
        "self._taken[workspace] < 1_000_000",
        "tests/workers/test_places.py::test_each_workspace_has_so_many_places_and_gets_them_back",
    ),
    Protection(
        "an archive packed so that it is unpacked whole",
        "other compressions than deflate are refused unread",
        "forecast/study/sources.py",
        "(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)",
        "(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)",
        "tests/study/test_tables.py::test_a_zip_of_another_compression_than_deflate_is_refused_unread",
    ),
    Protection(
        "a fetched table that is a thousand times as large once it is unpacked",
        "it is unpacked up to the limit",
        "forecast/outgoing/fetch.py",
        "unpacker.decompress(chunk, most)",
        "unpacker.decompress(chunk)",
        "tests/outgoing/test_fetch.py::test_what_unpacks_to_more_than_allowed_is_never_unpacked_whole",
    ),
    Protection(
        "a document of a hundred thousand wrong keys, values or names",
        "a mapping has so many keys at most",
        "forecast/study/reader.py",
        "    if count > MAX_KEYS:",
        "    if count > 10**9:",
        "tests/study/test_hostile_sizes.py::test_a_thousand_keys_are_no_mapping_of_a_study",
    ),
    Protection(
        "a document of a hundred thousand wrong keys, values or names",
        "the nearest name is looked for where it is reported",
        "forecast/study/row_reader.py",
        "nearest_hint(text, known) if len(self.errors) < MAX_REPORTED else",
        "nearest_hint(text, known) if known else",
        "tests/study/test_hostile_sizes.py::test_the_nearest_name_is_looked_for_only_where_it_is_reported",
    ),
    Protection(
        "a study that changes while evidence is checked against it",
        "what was checked is added to what it was checked against",
        "forecast/jobs/appending.py",
        "            if Standing.of(session, study_id) == base.standing:",
        "            if Standing.of(session, study_id):",
        "tests/jobs/test_appending.py::test_a_study_that_changes_meanwhile_is_checked_again",
    ),
    Protection(
        "a database that is locked while pages are read",
        "the use of a key is written down by one thread, beside requests",
        "api/callers.py",
        "        uses.note(principal.key_id, now)",
        "        uses._waiting[principal.key_id] = now\n        uses._write()",
        "tests/api/test_key_use.py::test_reads_answer_while_the_database_is_locked_and_the_use_is_noted_later",
    ),
    Protection(
        "five days off, all to be made up for",
        "a due time waits for the job of the one before it",
        "forecast/jobs/firing.py",
        "        if row.catch_up == CatchUp.ALL:\n            # None",
        "        if not row.catch_up:\n            # None",
        "tests/jobs/test_catch_up.py::test_five_missed_days_are_five_jobs_one_at_a_time_with_nothing_else_set",
    ),
)


@dataclass(frozen=True)
class Found:
    """What came of a protection's test without the protection."""

    is_noticed: bool
    run: str
    """The command that runs the test: `make test` or `make soak`."""


def look_without(protection: Protection, folder: Path) -> Found:
    """Run the protection's test in a copy of the project without the protection.

    Raises
    ------
    AssertionError
        When it could not be run there.
    """
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    file = folder / protection.file
    text = file.read_text(encoding="utf-8")
    assert text.count(protection.words) == 1, (protection.file, protection.words)
    file.write_text(text.replace(protection.words, protection.without), encoding="utf-8")
    found, run = _run(protection.test, folder, "not soak"), "make test"
    if found.returncode == DESELECTED:
        found, run = _run(protection.test, folder, "soak"), "make soak"
    assert found.returncode in (0, FAILED), found.stdout[-3000:] + found.stderr[-3000:]
    return Found(found.returncode == FAILED, run)


def _run(test: str, folder: Path, marks: str) -> subprocess.CompletedProcess[str]:
    """Run a test of a copy of the project if it has these marks."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "-m", marks, test],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    """Switch off each that was asked for, and say whether its test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose fault or file has this in it")
    given = parser.parse_args()
    unnoticed = 0
    for protection in PROTECTIONS:
        if given.only not in protection.fault + protection.file:
            continue
        with tempfile.TemporaryDirectory(prefix="without-") as folder:
            found = look_without(protection, Path(folder))
        unnoticed += not found.is_noticed
        said = "fails" if found.is_noticed else "PASSES"
        print(f"{found.run}: {said} without {protection.what}: {protection.test}", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
