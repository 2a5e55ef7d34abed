"""What a study knew: its document with the evidence that had arrived, on a day and at a moment.

Evidence has two times, when it became known (`known_at`, as its sender says) and when it came here (`recorded_at`). A
forecast as of a past day uses what was both known and recorded by the end of that day, so that a correction sent later
under an earlier `known_at` changes no replay of it. Hindsight asks for all that is recorded now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from forecast.errors import FieldError, StudyError
from forecast.store import EvidenceRepository, NotStoredError, StudyRepository, as_arrival
from forecast.store.living_tables import EvidenceRow
from forecast.store.tables import StudyRow
from forecast.study import Arrival, Study, study_from_document, with_arrivals


@dataclass(frozen=True)
class Knowledge:
    """A study as it stood."""

    study: Study
    version: str
    """Digest of the stored document without evidence that arrived."""
    recorded_by: datetime
    """Evidence recorded later is not in it."""


def moment_of(as_of: date, now: datetime, *, hindsight: bool = False) -> datetime:
    """Up to when evidence must have been recorded, to be used as of a day."""
    end_of_day = datetime.combine(as_of + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
    return now if hindsight else min(now, end_of_day)


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

    Parameters
    ----------
    as_of
        None for the document's own as-of date.
    recorded_by
        The moment itself, instead of the one that follows from the as-of date.
    version
        Digest of a version that the study has had; None for its current one.

    Raises
    ------
    NotStoredError
        When the study has never had that version.
    StudyError
        When the study makes no sense as of that day, or its document no longer fits evidence that it once accepted.
    """
    studies, digest = StudyRepository(session), row.digest if version is None else version
    if "\0" in digest or studies.version(row.id, digest) is None:
        raise NotStoredError(f"the study {row.id!r} has never had the version {digest[:64]!r}; see its versions")
    document = studies.document(digest)
    assert document is not None, "a version points to its document"
    study = study_from_document(json.loads(document))
    if as_of is not None:
        study = study.with_as_of(as_of)
    moment = recorded_by or moment_of(study.as_of, now, hindsight=hindsight)
    arrived = EvidenceRepository(session).known(row.id, study.as_of, moment)
    return Knowledge(with_evidence(study, arrived), digest, moment)


def with_evidence(study: Study, rows: Sequence[EvidenceRow]) -> Study:
    """A study with rows that arrived.

    Raises
    ------
    StudyError
        When its document no longer fits evidence that it once accepted.
    """
    return with_arrived(study, map(as_arrival, rows))


def with_arrived(study: Study, arrivals: Iterable[Arrival]) -> Study:
    """As `with_evidence`, with rows that are not, or not yet, in the store."""
    try:
        return with_arrivals(study, arrivals)
    except StudyError as error:
        message = (
            f"{error.errors[0]}; the document no longer fits evidence that arrived under an earlier version; store a "
            "version that does, with every outcome that evidence speaks about"
        )
        raise StudyError([FieldError("evidence", "evidence_does_not_fit", message), *error.errors]) from None
