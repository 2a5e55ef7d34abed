"""What is sent: documents, tables, archives, and what their reading may take."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

READING: Final = (
    Protection(
        "an archive packed so that it is unpacked whole",
        "other compressions than deflate are refused unread",
        "forecast/study/reading/table_files.py",
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
        "forecast/study/reading/plain_data.py",
        "    if count > MAX_KEYS:",
        "    if count > 10**9:",
        "tests/study/test_hostile_sizes.py::test_a_thousand_keys_are_no_mapping_of_a_study",
    ),
    Protection(
        "a document of a hundred thousand wrong keys, values or names",
        "the nearest name is looked for where it is reported",
        "forecast/study/rows/row_reader.py",
        'nearest_hint(name or "", known) if len(self.errors) < MAX_REPORTED else',
        'nearest_hint(name or "", known) if known else',
        "tests/study/test_hostile_sizes.py::test_the_nearest_name_is_looked_for_only_where_it_is_reported",
    ),
    Protection(
        "a study that changes while evidence is checked against it",
        "what was checked is added to what it was checked against",
        "forecast/timeline/appending.py",
        "            if Standing.of(session, study_id) == standing:",
        "            if Standing.of(session, study_id):",
        "tests/timeline/test_appending.py::test_a_study_that_changes_meanwhile_is_checked_again",
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
        "a study of threshold outcomes alone",
        "blocks of outcomes and bands may be empty",
        "forecast/model/encoding/parameters.py",
        "np.concatenate([np.empty(0), *(ages.log_ages for ages in bands.values())])",
        "np.concatenate([ages.log_ages for ages in bands.values()])",
        "tests/statistical/test_closed_forms.py::test_a_study_of_thresholds_alone_gives_what_the_negative_binomial_says",
    ),
)
