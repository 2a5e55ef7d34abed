"""Evidence is checked before the transaction that adds it, against a study that is still the same there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from forecast.errors import StudyError
from forecast.store import EvidenceRepository, StudyRepository
from forecast.store.repositories.evidence import Appended
from forecast.study import Arrival, EvidenceKind, Study, accept_arrivals
from forecast.timeline.appending import TRIES, StudyChangesError, append_checked
from forecast.timeline.arrived import Base
from tests.documents import event_outcome, make_study
from tests.installation import Installation

NOW = datetime(2021, 6, 1, tzinfo=UTC)
ROW = {"expert": "ann", "outcome": "exit", "probability": 0.3, "on": "2020-04-01"}

pytestmark = pytest.mark.both_databases


def put(installation: Installation, study: Study) -> None:
    with installation.database.write() as session:
        StudyRepository(session).put("small", study.title, study.digest, study.canonical_json, NOW)


def judged(base: Base) -> tuple[Arrival, ...]:
    return base.check(lambda study: accept_arrivals(study, EvidenceKind.JUDGMENTS, [ROW], NOW.date()))


def add(session: Session, arrivals: Sequence[Arrival]) -> Appended:
    return EvidenceRepository(session).append("small", arrivals, "test", NOW)


def count(installation: Installation) -> int:
    with installation.database.read() as session:
        return EvidenceRepository(session).count("small")


def test_a_study_that_changes_meanwhile_is_checked_again(installation: Installation) -> None:
    """The outcome that was judged is gone when the row would be added."""
    put(installation, make_study(event_outcome()))
    seen: list[str] = []

    def choose(base: Base) -> tuple[Arrival, ...]:
        seen.append(base.document)
        arrivals = judged(base)
        if len(seen) == 1:
            put(installation, make_study(event_outcome(id="entry")))
        return arrivals

    with pytest.raises(StudyError, match="exit"):
        append_checked(installation.database, "small", choose, add)
    assert len(set(seen)) == 2
    assert count(installation) == 0


def test_evidence_that_came_meanwhile_is_seen_as_well(installation: Installation) -> None:
    put(installation, make_study(event_outcome()))
    calls = []

    def choose(base: Base) -> tuple[Arrival, ...]:
        calls.append(len(base.arrived))
        if len(calls) == 1:
            append_checked(installation.database, "small", judged, add)
        return judged(base)

    appended = append_checked(installation.database, "small", choose, add)
    assert calls == [0, 1]
    assert (len(appended.rows), appended.duplicates) == (0, 1)
    assert count(installation) == 1


def test_a_study_that_never_rests_is_given_up_and_nothing_is_stored(installation: Installation) -> None:
    numbers = iter(range(100))

    def choose(base: Base) -> tuple[Arrival, ...]:
        put(installation, make_study(event_outcome(title=f"Exit {next(numbers)}")))
        return judged(base)

    put(installation, make_study(event_outcome()))
    with pytest.raises(StudyChangesError, match=f"changed {TRIES} times"):
        append_checked(installation.database, "small", choose, add)
    assert count(installation) == 0
