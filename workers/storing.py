"""Stores a result in the database, even when the database fails for a while.

A result that took minutes to compute is offered again, with pauses, while the lease holds, because an error of the
database says nothing about the job. When the answer to a commit never came, the database is asked whether the result is
stored, so that no stored result counts as lost.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.errors import ForecastError
from forecast.jobs.lifecycle import Claim, Completion, complete_job
from forecast.runtime.logs import get_logger
from forecast.store import Database
from forecast.store.repositories.counters import Counts
from forecast.store.tables.core import ExplanationRow, ForecastRow
from workers.failures import is_out_of_room, is_passing
from workers.keeper import Keeper
from workers.results import copy_of

STORE_PAUSE_SECONDS: Final = 0.5
LONGEST_STORE_PAUSE_SECONDS: Final = 8.0

log = get_logger(__name__)


class ResultNotStoredError(ForecastError, RuntimeError):
    """The database did not take a result for as long as the lease held; another attempt may do better.

    Attributes
    ----------
    in_doubt
        Whether it may be stored all the same: a commit was never answered.
    """

    code: ClassVar[str] = "result_not_stored"

    def __init__(self, error: SQLAlchemyError, *, in_doubt: bool) -> None:
        super().__init__(f"the result was not taken by the database ({type(error).__name__})")
        self.error = error
        self.in_doubt = in_doubt


def store_result(
    database: Database,
    keeper: Keeper,
    claim: Claim,
    row: ForecastRow | ExplanationRow,
    figures: Mapping[str, bytes],
    counts: Counts | None,
    patience_seconds: float,
) -> Completion:
    """Store a result, as often as it takes.

    Parameters
    ----------
    patience_seconds
        For errors that are not known to pass; others are waited for while the lease holds.

    Raises
    ------
    SQLAlchemyError
        When there is no room for it.
    ResultNotStoredError
        When it could not be stored for any other reason.
    """
    in_doubt, pause, began = False, STORE_PAUSE_SECONDS, time.monotonic()
    while True:
        completion = None
        try:
            with database.write() as session:
                if in_doubt and _is_stored(session, row):
                    return Completion.STORED
                completion = complete_job(session, claim, copy_of(row), figures, counts=counts)
        except SQLAlchemyError as error:
            # Nothing but the commit comes after the completion.
            in_doubt = in_doubt or completion is Completion.STORED
            if is_out_of_room(error):
                raise
            is_late = not is_passing(error) and time.monotonic() - began > patience_seconds
            if is_late or keeper.waits_in_vain(pause):
                if in_doubt and _was_stored(database, row):
                    return Completion.STORED
                raise ResultNotStoredError(error, in_doubt=in_doubt) from error
            log.warning("result_not_stored_yet", job_id=claim.job_id, error=str(error))
            pause = min(2 * pause, LONGEST_STORE_PAUSE_SECONDS)
        else:
            return completion


def _was_stored(database: Database, row: ForecastRow | ExplanationRow) -> bool:
    """Whether a result is known to be stored; one that was ends the attempt's lease, too."""
    try:
        with database.read() as session:
            return _is_stored(session, row)
    except SQLAlchemyError:
        return False


def _is_stored(session: Session, row: ForecastRow | ExplanationRow) -> bool:
    return session.get(type(row), row.id) is not None
