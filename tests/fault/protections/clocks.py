"""Clocks that jump, and due times."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

CLOCKS: Final = (
    Protection(
        "the wall clock jumps, of all processes or of one",
        "leases are counted, not dated",
        "forecast/jobs/leases.py",
        "        if seen is None or (seen.fence, seen.beats) != (row.fence, row.beats):",
        "        if seen is None or seen.fence != row.fence:",
        "tests/fault/test_races.py::test_a_wall_clock_that_jumps_costs_no_attempt_and_keeps_no_job",
    ),
    Protection(
        "a watcher of leases is stopped; a machine sleeps",
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
        "no process goes by it for ten minutes",
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
        "two beats",
        "a due time is fired while it is due, and held",
        "forecast/store/repositories/schedules.py",
        "            ScheduleRow.next_due <= now,\n        )\n        return self._session.scalar(query.with_for_update",
        "        )\n        return self._session.scalar(query.with_for_update",
        "tests/timeline/test_firing.py::test_many_who_look_at_once_make_each_job_once",
    ),
    Protection(
        "five days off, all to be made up for",
        "a due time waits for the job of the one before it",
        "forecast/timeline/firing.py",
        "        if row.catch_up == CatchUp.ALL:\n            # None",
        "        if not row.catch_up:\n            # None",
        "tests/timeline/test_catch_up.py::test_five_missed_days_are_five_jobs_one_at_a_time_with_nothing_else_set",
    ),
)
