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
        "forecast/store/artifacts.py",
        "NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})",
        "NO_ROOM: Final = frozenset[int]()",
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
        "workers/storing.py",
        "            if is_late or keeper.waits_in_vain(pause):",
        "            if error:",
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
        "a message that comes back before it is noted that it was sent",
        "an alert is due again after that",
        "forecast/store/alerts.py",
        "published_at=None, next_attempt_at=now + AGAIN",
        "published_at=None, next_attempt_at=DeliveryRow.next_attempt_at",
        "tests/jobs/test_delivery.py::"
        "test_an_alert_that_found_no_place_is_told_again_even_where_the_telling_is_noted_late",
    ),
    Protection(
        "a message that comes back before it is noted that it was sent",
        "a fetch is wanted from then on",
        "forecast/store/sources.py",
        "            row.requested_at, row.published_at = now, None",
        "            row.published_at = None",
        "tests/jobs/test_sources.py::"
        "test_a_fetch_that_found_no_place_is_told_again_even_where_the_telling_is_noted_late",
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
        "            if Standing.of(session, study_id) == standing:",
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
    Protection(
        "a check or a query that takes more than it may",
        "a child has so much CPU time for each task",
        "api/desk_child.py",
        "    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))",
        "    assert soft",
        "tests/api/test_desks.py::test_what_takes_more_than_it_may_is_refused_and_the_child_is_replaced",
    ),
    Protection(
        "one workspace that asks for everything at once",
        "workspaces are served in turn",
        "api/desks.py",
        "                self._waiting.move_to_end(workspace)",
        "                pass",
        "tests/api/test_desks.py::test_workspaces_are_served_in_turn_and_one_has_so_many_places",
    ),
    Protection(
        "one workspace that asks for everything at once",
        "requests of a key wait for their turn",
        "api/turns.py",
        "                await turn.acquire()",
        "                await asyncio.sleep(0)",
        "tests/api/test_turns.py::test_requests_of_a_key_wait_for_their_turn_and_those_of_another_do_not",
    ),
    Protection(
        "connections that begin and never end",
        "headers have a deadline",
        "api/protocol.py",
        "        self._set_timer(self.shared.header_seconds, self._late_header)",
        "        self._cancel_timer()",
        "tests/api/test_connections.py::test_a_request_that_cannot_be_read_is_told_why",
    ),
    Protection(
        "more connections than files may be open",
        "there are so many at a time",
        "api/protocol.py",
        "        if len(self.connections) > shared.most:",
        "        if len(self.connections) > 10**6:",
        "tests/api/test_connections.py::test_more_half_open_connections_than_files_keep_nobody_else_out",
    ),
    Protection(
        "refused requests by the thousand",
        "they are counted",
        "forecast/logs.py",
        "            if self._told_at is not None and now - self._told_at < self._seconds:",
        "            if self._told_at == now:",
        "tests/api/test_connections.py::test_refused_requests_are_counted_and_not_told_one_by_one",
    ),
    Protection(
        "a process that writes without end",
        "its log is emptied while it runs",
        "workers/processes.py",
        "        os.truncate(log_file, 0)\n    except FileNotFoundError:",
        "    except FileNotFoundError:",
        "tests/workers/test_processes.py::test_a_log_stays_small_while_its_process_writes",
    ),
    Protection(
        "five days off, all to be made up for",
        "a due time waits for the job of the one before it",
        "forecast/jobs/firing.py",
        "        if row.catch_up == CatchUp.ALL:\n            # None",
        "        if not row.catch_up:\n            # None",
        "tests/jobs/test_catch_up.py::test_five_missed_days_are_five_jobs_one_at_a_time_with_nothing_else_set",
    ),
    Protection(
        "PostgreSQL behind PgBouncer, each transaction in another session",
        "limits are set for each transaction",
        "forecast/store/database.py",
        '    event.listen(engine, "begin", _begin_postgresql)\n',
        "",
        "tests/fault/test_pgbouncer.py::test_every_transaction_has_its_limits_and_leaves_none_to_the_next",
    ),
    Protection(
        "a path of the host that a proxy takes off",
        "where an answer leads to begins with the path",
        "api/root_path.py",
        '                    headers["location"] = self.root + location\n',
        "                    pass\n",
        "tests/browser/test_root_path.py::test_answers_lead_below_the_path",
    ),
    Protection(
        "a path of the host that a proxy takes off",
        "the links of a page begin with the path",
        "api/root_path.py",
        'return _LINKS.sub(rf"\\g<1>{root}/", html) if root else html',
        "return html",
        "tests/browser/test_root_path.py::test_a_browser_signs_in_and_every_page_stays_below_the_path",
    ),
    Protection(
        "a page of another origin asks with a key",
        "only listed origins are answered for",
        "api/app.py",
        "allow_origins=settings.cors_origins",
        'allow_origins=["*"]',
        "tests/api/test_cors.py::test_any_other_origin_gets_nothing",
    ),
    Protection(
        "the queue before a job grows shorter",
        "its place in the queue is part of what a watcher has seen",
        "api/routes/events.py",
        'f"{job.revision}.{position}"',
        "str(job.revision)",
        "tests/api/test_jobs.py::test_a_watcher_sees_the_queue_before_a_job_grow_shorter",
    ),
    Protection(
        "a name server that does not answer",
        "a name is asked for beside, with a deadline",
        "forecast/outgoing/guard.py",
        "answers.get(timeout=RESOLVE_SECONDS)",
        "answers.get()",
        "tests/outgoing/test_guard.py::test_a_name_that_nobody_answers_for_keeps_nobody_waiting",
    ),
    Protection(
        "two installations on one Redis",
        "all that an installation has there lies under its identity",
        "forecast/jobs/queues.py",
        'f"forecast:{identity_of(database)}:"',
        '"forecast:"',
        "tests/fault/test_two_installations.py::test_two_installations_on_one_redis_never_hear_of_each_other",
    ),
    Protection(
        "a copy of the database beside its original on one Redis",
        "a reader of the queue leaves its mark there",
        "workers/watch.py",
        "            broker.note_reader(guard.name)\n",
        "",
        "tests/fault/test_two_installations.py::test_who_reads_the_queue_with_a_copy_of_the_database_is_named",
    ),
    Protection(
        "a study of threshold outcomes alone",
        "blocks of outcomes and bands may be empty",
        "forecast/model/encode.py",
        "np.concatenate([np.empty(0), *(ages.log_ages for ages in bands.values())])",
        "np.concatenate([ages.log_ages for ages in bands.values()])",
        "tests/statistical/test_closed_forms.py::test_a_study_of_thresholds_alone_gives_what_the_negative_binomial_says",
    ),
    Protection(
        "a home with letters that mean something in an address",
        "the database's path is quoted as SQLAlchemy quotes it",
        "forecast/setting_values.py",
        "{quote(str(file), safe=' +/')}",
        "{file}",
        "tests/fault/test_startup_faults.py::test_a_home_of_any_name_can_be_migrated",
    ),
    Protection(
        "a home with letters that mean something in an address",
        "the socket's path is quoted",
        "forecast/setting_values.py",
        "{quote(str(socket))}?db=0",
        "{socket}?db=0",
        "tests/fault/test_startup_faults.py::test_a_home_of_any_name_holds_its_database_and_its_queue",
    ),
    Protection(
        "what cannot work: a wrong value, a folder, a database, the machine",
        "every process looks before it begins",
        "forecast/startup.py",
        "        if with_database:\n            require_database(settings)\n",
        "",
        "tests/fault/test_startup_faults.py::test_what_cannot_work_is_said_in_one_sentence_by_every_process",
    ),
    Protection(
        "what cannot work: a wrong value, a folder, a database, the machine",
        "semaphores are tried",
        "forecast/requirements.py",
        '        multiprocessing.get_context("fork").Lock()\n',
        "        pass\n",
        "tests/fault/test_startup_faults.py::test_what_cannot_work_is_said_in_one_sentence_by_every_process",
    ),
    Protection(
        "what cannot work: a wrong value, a folder, a database, the machine",
        "combinations are looked at",
        "forecast/settings.py",
        "if getattr(self, name) >= self.lease_seconds:",
        "if False:",
        "tests/contract/test_settings_table.py::test_what_cannot_work_is_said_in_one_sentence",
    ),
    Protection(
        "a home that others can read",
        "private files are made private when a process begins",
        "forecast/requirements.py",
        "        make_private(private_paths(settings))\n",
        "        pass\n",
        "tests/fault/test_startup_faults.py::test_what_lies_open_is_made_private_when_a_process_begins",
    ),
    Protection(
        "lists written as people write them",
        "commas are read as JSON is",
        "forecast/setting_values.py",
        "LISTED: Final = BeforeValidator(read_list)",
        "LISTED: Final = BeforeValidator(lambda value: value)",
        "tests/contract/test_settings_table.py::test_every_list_is_written_as_a_person_would_and_as_json",
    ),
    Protection(
        "a variable that is almost a setting",
        "doctor and serve tell of it",
        "forecast/cli/doctor.py",
        "        _settings,\n",
        "",
        "tests/fault/test_startup_faults.py::test_a_variable_that_is_almost_a_setting_is_told_of",
    ),
    Protection(
        "a key for days that are no number",
        "days are whole numbers from 1 on",
        "api/routes/keys.py",
        "    days: Annotated[int, Field(strict=True, ge=1, le=MAX_DAYS)] | None",
        "    days: float | None",
        "tests/api/test_keys.py::test_days_that_are_no_whole_number_of_at_least_1_are_refused",
    ),
    Protection(
        "a key for days that are no number",
        "the page refuses what the service would take for never",
        "api/static/access.js",
        "    if (holds && !/^[1-9][0-9]*$/.test(holds)) {",
        "    if (false) {",
        "tests/browser/test_access.py::test_a_key_for_days_that_are_no_number_is_not_made",
    ),
    Protection(
        "a revoked key has made others",
        "those that it made are found, and those that these made",
        "forecast/store/keys.py",
        "            makers = set(new)",
        "            makers = set()",
        "tests/api/test_keys.py::test_a_key_is_revoked_with_those_that_it_made_and_these_made",
    ),
    Protection(
        "a webhook's secret becomes known, or is changed",
        "both secrets sign for a while",
        "forecast/jobs/delivering.py",
        "began, body, old_secrets)",
        "began, body)",
        "tests/jobs/test_delivery.py::test_after_a_new_secret_both_sign_for_a_while_and_the_recipe_takes_either",
    ),
    Protection(
        "a host whose address is an old site-local one",
        "such addresses are private",
        "forecast/outgoing/guard.py",
        "        if address.is_site_local:\n            return False\n",
        "",
        "tests/outgoing/test_guard.py::test_a_name_of_a_private_address_is_refused",
    ),
    Protection(
        "a link is swapped in before a file of a source is opened",
        "folders are entered one by one without following links",
        "forecast/outgoing/local.py",
        "_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW",
        "_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY",
        "tests/outgoing/test_local.py::test_a_link_that_is_swapped_in_before_the_opening_leads_nowhere",
    ),
    Protection(
        "a link is swapped in before a file of a source is opened",
        "the file is opened without following links",
        "forecast/outgoing/local.py",
        "_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK",
        "_FILE: Final = os.O_RDONLY | os.O_NONBLOCK",
        "tests/outgoing/test_local.py::test_a_link_that_is_swapped_in_before_the_opening_leads_nowhere",
    ),
    Protection(
        "an error of the database that nobody foresaw, when a result is stored",
        "any error of the database is another try",
        "workers/storing.py",
        "            is_late = not is_passing(error) and",
        "            is_late = not is_passing(error) or",
        "tests/workers/test_storing.py::test_an_error_that_nobody_foresaw_is_another_try_at_storing",
    ),
    Protection(
        "a commit that was never answered",
        "it is looked up whether the result is stored",
        "workers/storing.py",
        "            in_doubt = in_doubt or completion is Completion.STORED",
        "            in_doubt = False",
        "tests/workers/test_storing.py::test_a_commit_that_was_never_answered_is_looked_up",
    ),
    Protection(
        "a request that is repeated, at once or later",
        "its answer is stored with what it made",
        "api/idempotency.py",
        "        if not answers.take(self.key, self.route, self.request_hash, utc_now()):",
        "        if not answers.take(self.key + str(utc_now()), self.route, self.request_hash, utc_now()):",
        "tests/api/test_idempotency.py::test_a_repeated_request_gets_its_answer_and_makes_nothing_more",
    ),
    Protection(
        "a backup that is damaged, or made to do harm",
        "draws are those of their forecast",
        "forecast/backup.py",
        "        if artifacts.write(name, copy) != mentioned[name]:",
        "        if not artifacts.write(name, copy):",
        "tests/test_hostile_backups.py::test_a_bad_archive_gives_one_sentence_and_leaves_nothing",
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
