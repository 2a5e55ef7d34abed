"""How every process of the service begins: with settings that can work, on an installation that can be used.

A fault that an operator can cause ends any process with one sentence on standard error and exit code 2. Such faults are
a wrong value, a database that does not answer, or a folder that cannot be written to. Everything else is a defect and
shows where.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from forecast.errors import ForecastError
from forecast.runtime.setting_words import almost_settings
from forecast.runtime.settings import Settings, get_settings
from forecast.startup.requirements import (
    database_sentence,
    file_sentence,
    require_database,
    require_folders,
    require_semaphores,
)

EXIT_CODE: Final = 2
PRIVATE_MASK: Final = 0o077


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """End the process with one sentence where the block cannot go on for a reason that an operator can mend."""
    try:
        yield
    except Exception as error:
        said = sentence(error)
        if said is None:
            raise
        sys.stderr.write(f"error: {said}\n")
        sys.exit(EXIT_CODE)


def sentence(error: BaseException) -> str | None:
    """What was seen, what was expected and what to do, on one line; None where it is a defect."""
    if isinstance(error, ForecastError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return file_sentence(error)
    if "sqlalchemy" in sys.modules:
        from sqlalchemy.exc import DBAPIError

        if isinstance(error, DBAPIError):
            return database_sentence(str(error.orig))
    return None


def start(*, with_database: bool = True) -> Settings:
    """The settings of this process, once it is known that it can work with them.

    Files that it makes from now on can be read by their owner alone, and existing ones are made private too.

    Parameters
    ----------
    with_database
        False leaves the database to be looked at later (`require_database`).
    """
    with in_one_sentence():
        os.umask(PRIVATE_MASK)
        settings = get_settings()
        require_folders(settings)
        require_semaphores()
        if with_database:
            require_database(settings)
        return settings


def obstacle(settings: Settings) -> str | None:
    """Why an installation could not be started as it is, in one sentence; None where nothing is known of. Changes nothing."""
    try:
        require_folders(settings, make=False)
        require_semaphores()
        require_database(settings)
    except ForecastError as error:
        return sentence(error)
    return None


def warnings(settings: Settings) -> tuple[str, ...]:
    """What is not wrong and probably not meant."""
    return tuple(
        f"{variable} is no setting and does nothing, expected the name of one; did you mean {meant}?"
        for variable, meant in almost_settings(os.environ, type(settings).model_fields)
    )
