"""What a study knew: its document with the evidence that had arrived, on a day and at a moment.

Evidence has two times, when it became known (`known_at`, as its sender says) and when it came here (`recorded_at`). A
forecast as of a past day uses what was both known and recorded by the end of that day. So a correction sent later under
an earlier `known_at` changes no replay of it. Hindsight uses all that is recorded now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from forecast.store import EvidenceRepository, NotStoredError, StudyRepository, as_arrival
from forecast.store.tables.core import StudyRow
from forecast.study import Study
from forecast.timeline.arrived import Recorded, StoredStudy, read_stored


@dataclass(frozen=True)
class Knowledge:
    """A study as it stood."""

    study: Study
    version: str
    """Digest of the stored document without evidence that arrived."""
    recorded_by: datetime
    """Evidence recorded later is not in it."""


def stored_study(session: Session, row: StudyRow, version: str | None = None) -> StoredStudy:
    """A stored study with all its evidence, to be read outside of the transaction.

    Parameters
    ----------
    version
        Digest of a version that the study has had; None for its current one.

    Raises
    ------
    NotStoredError
        When the study has never had that version.
    """
    studies, digest = StudyRepository(session), row.digest if version is None else version
    if "\0" in digest or studies.version(row.id, digest) is None:
        raise NotStoredError(f"the study {row.id!r} has never had the version {digest[:64]!r}; see its versions")
    document = studies.document(digest)
    assert document is not None, "a version points to its document"
    evidence = EvidenceRepository(session).known(row.id)
    return StoredStudy(digest, document, tuple(Recorded(as_arrival(each), each.recorded_at) for each in evidence))


def known_study(
    session: Session,
    row: StudyRow,
    now: datetime,
    *,
    as_of: date | None = None,
    recorded_by: datetime | None = None,
    hindsight: bool = False,
    version: str | None = None,
) -> Knowledge:
    """A stored study with its evidence.

    Raises
    ------
    NotStoredError
        As `stored_study`.
    StudyError
        As `read_stored`.
    """
    stored = stored_study(session, row, version)
    study, moment = read_stored(stored, now, as_of=as_of, recorded_by=recorded_by, hindsight=hindsight)
    return Knowledge(study, stored.digest, moment)
