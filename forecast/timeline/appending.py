"""Adding evidence to a study: read, checked and compared outside of any write transaction, then inserted in a short one.

Reading a table and checking it against a study may take seconds, and a write transaction keeps all others waiting. So
the rows are inserted only if the study and its evidence are still what they were checked against; if not, they are
checked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy.orm import Session

from forecast.errors import ForecastError
from forecast.store import Database, EvidenceRepository, NotStoredError, StudyRepository, as_arrival
from forecast.study import Arrival
from forecast.timeline.arrived import Base

TRIES: Final = 10


class StudyChangesError(ForecastError, RuntimeError):
    """A study changed each time that something was checked against it."""

    code: ClassVar[str] = "database_busy"


@dataclass(frozen=True)
class Standing:
    """What a study is at a moment; two that are equal say that nothing has changed in between."""

    digest: str
    newest: int
    """Number of its newest row of evidence, 0 without any."""

    @classmethod
    def of(cls, session: Session, study_id: str) -> Standing:
        """Raises NotStoredError when there is no such study."""
        row = StudyRepository(session).get(study_id)
        if row is None:
            raise NotStoredError(f"there is no study {study_id!r}")
        return cls(row.digest, EvidenceRepository(session).newest(study_id))


def require_unchanged(session: Session, study_id: str, standing: Standing) -> None:
    """Make sure that a study is still what something was checked against.

    Raises
    ------
    StudyChangesError
        When it is not.
    """
    if Standing.of(session, study_id) != standing:
        raise StudyChangesError(f"the study {study_id!r} changed at this moment; nothing was stored; try again")


def read_base(database: Database, study_id: str) -> tuple[Standing, Base]:
    """A study as it stands, with all its evidence.

    Raises
    ------
    NotStoredError
        When there is no such study.
    """
    with database.read() as session:
        standing = Standing.of(session, study_id)
        document = StudyRepository(session).document(standing.digest)
        rows = EvidenceRepository(session).known(study_id)
    assert document is not None, "a study points to its document"
    return standing, Base(document, tuple(map(as_arrival, rows)))


def append_checked[T](
    database: Database,
    study_id: str,
    check: Callable[[Base], Sequence[Arrival]],
    store: Callable[[Session, Sequence[Arrival]], T],
) -> T:
    """Add what `check` finds to be new in a study.

    Parameters
    ----------
    check
        Calls `Base.check`, here or elsewhere; outside of any transaction, and again when the study has changed meanwhile.
    store
        Called in a write transaction in which the study is what was checked; what it gives is given back.

    Raises
    ------
    NotStoredError
        When there is no such study.
    StudyError
        When the study cannot hold the rows.
    StudyChangesError
        When it changes faster than it can be checked.
    """
    for _ in range(TRIES):
        standing, base = read_base(database, study_id)
        arrivals = tuple(check(base))
        with database.write() as session:
            # A change of the study waits, or is seen here.
            StudyRepository(session).lock(study_id)
            if Standing.of(session, study_id) == standing:
                return store(session, arrivals)
    raise StudyChangesError(
        f"the study {study_id!r} changed {TRIES} times while its evidence was checked; nothing was added; try again"
    )
