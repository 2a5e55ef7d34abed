"""A study with the evidence that arrived, from plain values; light, so that it can be read wherever there is room."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from forecast.errors import FieldError, StudyError
from forecast.futures.shape import newly_asked
from forecast.study import Arrival, Study, study_from_document, with_arrivals, with_as_of
from forecast.study.checks.coherence import INCOHERENT


@dataclass(frozen=True)
class Recorded:
    """A row of evidence and when it came here."""

    arrival: Arrival
    at: datetime


@dataclass(frozen=True)
class StoredStudy:
    """A stored document and all evidence that arrived for it, not read yet."""

    digest: str
    document: str
    """Canonical JSON."""
    evidence: tuple[Recorded, ...]
    """In the order in which it came."""

    @property
    def size(self) -> int:
        """Characters of all of it, about."""
        return len(self.document) + 200 * len(self.evidence)


@dataclass(frozen=True)
class Accepted:
    """What is new to a study, and what it leaves open that was not open before."""

    arrivals: tuple[Arrival, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Base:
    """What evidence is checked against."""

    document: str
    """The study's document alone, as canonical JSON."""
    arrived: tuple[Arrival, ...]
    """All evidence that has arrived, in its order."""

    @property
    def size(self) -> int:
        """Characters of all of it, about."""
        return len(self.document) + 200 * len(self.arrived)

    def check(self, choose: Callable[[Study], Sequence[Arrival]]) -> tuple[Arrival, ...]:
        """What is new to the study with all its evidence, if all of it together is still a study.

        Raises
        ------
        StudyError
            When the study cannot hold it, or its document no longer fits evidence that it once accepted.
        """
        return self._accepted(choose)[0]

    def accept(self, choose: Callable[[Study], Sequence[Arrival]]) -> Accepted:
        """The same, with what is asked of it: rows are numbered as in the study's table with all that has arrived.

        Raises
        ------
        StudyError
            As `check` does.
        """
        arrivals, before, after = self._accepted(choose)
        return Accepted(arrivals, tuple(asked for _, asked in newly_asked(before, after)))

    def _accepted(self, choose: Callable[[Study], Sequence[Arrival]]) -> tuple[tuple[Arrival, ...], Study, Study]:
        """What is new, and the study without and with it, as of the day on which all of it is known."""
        document = study_from_document(json.loads(self.document))
        before = with_arrived(document, self.arrived)
        arrivals = tuple(choose(before))
        # Nothing is stored that would make the next forecast fail.
        after = with_arrived(document, (*self.arrived, *arrivals))
        day = max((arrival.known_at for arrival in arrivals), default=document.as_of)
        if day <= document.as_of:
            return arrivals, before, after
        try:
            return arrivals, with_as_of(before, day), with_as_of(after, day)
        except StudyError as error:
            # A study may make no sense on a later day; but what it refuses then it refuses now.
            if any(found.code == INCOHERENT for found in error.errors):
                raise
            return arrivals, before, after


def moment_of(as_of: date, now: datetime, *, hindsight: bool = False) -> datetime:
    """Up to when evidence must have been recorded, to be used as of a day."""
    end_of_day = datetime.combine(as_of + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
    return now if hindsight else min(now, end_of_day)


def read_stored(
    stored: StoredStudy,
    now: datetime,
    *,
    as_of: date | None = None,
    recorded_by: datetime | None = None,
    hindsight: bool = False,
) -> tuple[Study, datetime]:
    """The study as it stood on a day, and up to when evidence in it was recorded.

    Parameters
    ----------
    as_of
        None for the document's own as-of date.
    recorded_by
        The moment itself, instead of the one that follows from the as-of date.

    Raises
    ------
    StudyError
        When the study makes no sense as of that day, or its document no longer fits evidence that it once accepted.
    """
    study = study_from_document(json.loads(stored.document))
    if as_of is not None:
        study = with_as_of(study, as_of)
    moment = recorded_by or moment_of(study.as_of, now, hindsight=hindsight)
    known = [row for row in stored.evidence if row.arrival.known_at <= study.as_of and row.at <= moment]
    return with_arrived(study, (row.arrival for row in known)), moment


def with_arrived(study: Study, arrivals: Iterable[Arrival]) -> Study:
    """A study with rows that arrived.

    Raises
    ------
    StudyError
        When its document no longer fits evidence that it once accepted.
    """
    try:
        return with_arrivals(study, arrivals)
    except StudyError as error:
        message = (
            f"{error.errors[0]}; the document no longer fits evidence that arrived under an earlier version; store a "
            "version that does, with every outcome that evidence speaks about"
        )
        raise StudyError([FieldError("evidence", "evidence_does_not_fit", message), *error.errors]) from None
