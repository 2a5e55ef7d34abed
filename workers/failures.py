"""From an exception to a code of the closed list and a text for the user."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from forecast.errors import IncompleteSamplingError, SamplingError, StudyError
from forecast.jobs.states import FailureCode
from forecast.store.artifacts import NO_ROOM

NO_MEMORY = (
    "the computation needed more memory than this machine has left; "
    "ask for fewer draws, chains or cases, or run it on a larger machine"
)
_NO_DISK = "there was no room for the result; make room where FORECAST_HOME lies and submit the job again"
_DEEPEST = 20


def explain_failure(error: BaseException) -> tuple[FailureCode, str]:
    """The failure code and its detail; for a defect of ours the detail is an id that stands in the log beside it."""
    match error:
        case StudyError():
            return FailureCode.DATA_ERROR, str(error)
        case MemoryError():
            return FailureCode.MEMORY_LIMIT, NO_MEMORY
        case IncompleteSamplingError():
            return FailureCode.INCOMPLETE_SAMPLING, str(error)
        case SamplingError():
            return FailureCode.MODEL_ERROR, str(error)
    if any(is_out_of_room(each) for each in _causes(error)):
        return FailureCode.STORAGE_FULL, _NO_DISK
    return (
        FailureCode.INTERNAL,
        f"a defect of the service stopped the job; its log has the details under the id {uuid.uuid4().hex}",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that it came from."""
    found: BaseException | None = error
    for _ in range(_DEEPEST):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def is_passing(error: BaseException) -> bool:
    """Whether it says something about the database at this moment and nothing about the job: busy, away, restarted."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return not is_out_of_room(error)


def is_out_of_room(error: BaseException) -> bool:
    """Whether it says that a disk is full, or a quota used up."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return True
    if getattr(getattr(error, "orig", None), "sqlstate", None) == "53100":
        return True
    # HDF5, SQLite, compilers and linkers say it in words only.
    text = str(error).lower()
    return (
        "errno = 28" in text
        or "no space left" in text
        or "disk quota exceeded" in text
        or "database or disk is full" in text
    )
