"""Settings and surroundings in which nothing could work."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

STARTING: Final = (
    Protection(
        "a home with letters that mean something in an address",
        "the database's path is quoted as SQLAlchemy quotes it",
        "forecast/runtime/setting_values.py",
        "{quote(str(file), safe=' +/')}",
        "{file}",
        "tests/fault/test_startup_faults.py::test_a_home_of_any_name_can_be_migrated",
    ),
    Protection(
        "a home with letters that mean something in an address",
        "the socket's path is quoted",
        "forecast/runtime/setting_values.py",
        "{quote(str(socket))}?db=0",
        "{socket}?db=0",
        "tests/fault/test_startup_faults.py::test_a_home_of_any_name_holds_its_database_and_its_queue",
    ),
    Protection(
        "what cannot work: a wrong value, a folder, a database, the machine",
        "every process looks before it begins",
        "forecast/startup/starting.py",
        "        if with_database:\n            require_database(settings)\n",
        "",
        "tests/fault/test_startup_faults.py::test_what_cannot_work_is_said_in_one_sentence_by_every_process",
    ),
    Protection(
        "what cannot work: a wrong value, a folder, a database, the machine",
        "semaphores are tried",
        "forecast/startup/requirements.py",
        '        multiprocessing.get_context("fork").Lock()\n',
        "        pass\n",
        "tests/fault/test_startup_faults.py::test_what_cannot_work_is_said_in_one_sentence_by_every_process",
    ),
    Protection(
        "what cannot work: a wrong value, a folder, a database, the machine",
        "combinations are looked at",
        "forecast/runtime/settings.py",
        "if getattr(self, name) >= self.lease_seconds:",
        "if False:",
        "tests/contract/test_settings_table.py::test_what_cannot_work_is_said_in_one_sentence",
    ),
    Protection(
        "a home that others can read",
        "private files are made private when a process begins",
        "forecast/startup/requirements.py",
        "        make_private(private_paths(settings))\n",
        "        pass\n",
        "tests/fault/test_startup_faults.py::test_what_lies_open_is_made_private_when_a_process_begins",
    ),
    Protection(
        "lists written as people write them",
        "commas are read as JSON is",
        "forecast/runtime/setting_values.py",
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
)
