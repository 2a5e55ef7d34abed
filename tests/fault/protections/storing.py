"""The database and the files of draws."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

STORING: Final = (
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
        "a stored result damaged",
        "its hash is looked at",
        "forecast/store/artifacts.py",
        "        if (digest, size) != (file.sha256, file.size_bytes):",
        "        if digest == 'never':",
        "tests/api/test_jobs.py::test_a_damaged_file_is_a_problem_and_not_a_download",
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
        "PostgreSQL behind PgBouncer, each transaction in another session",
        "limits are set for each transaction",
        "forecast/store/database.py",
        '    event.listen(engine, "begin", _begin_postgresql)\n',
        "",
        "tests/fault/test_pgbouncer.py::test_every_transaction_has_its_limits_and_leaves_none_to_the_next",
    ),
    Protection(
        "an unforeseen error of the database, when a result is stored",
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
        "a backup that is damaged, or made to do harm",
        "draws are those of their forecast",
        "forecast/store/backup/whole.py",
        "        if artifacts.write(name, copy) != mentioned[name]:",
        "        if not artifacts.write(name, copy):",
        "tests/store/test_hostile_backups.py::test_a_bad_archive_gives_one_sentence_and_leaves_nothing",
    ),
)
