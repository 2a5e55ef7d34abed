"""What is taken beside all that has arrived."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Arrival, EvidenceKind, accept_arrivals
from forecast.timeline.arrived import Base
from tests.documents import event_outcome, make_study

TODAY = date(2020, 6, 15)


def resolved(outcome: str, resolution: str, on: str) -> dict[str, Any]:
    return {"outcome": outcome, "resolution": resolution, "on": on}


def arrived(before: tuple[Arrival, ...], *rows: dict[str, Any]) -> tuple[Arrival, ...]:
    """What has arrived once these rows are sent to a study of two outcomes that compete."""
    study = make_study(*(event_outcome(id=id, competes="government") for id in ("left", "right")))
    base = Base(study.canonical_json, before)
    return base.accept(lambda study: accept_arrivals(study, EvidenceKind.RESOLUTIONS, rows, TODAY)).arrivals


def test_outcomes_that_exclude_one_another_are_not_both_resolved_yes() -> None:
    left, right = resolved("left", "yes", "2020-03-01"), resolved("right", "yes", "2020-05-01")
    with pytest.raises(StudyError, match="exclude one another") as caught:
        arrived((), left, right)
    assert [error.path for error in caught.value.errors] == ["rows[1].resolution"]
    for first, second in ((left, right), (right, left)):
        known = arrived((), first)
        with pytest.raises(StudyError, match="exclude one another"):
            arrived(known, second)
        corrected = arrived(known, {**first, "resolution": "no"})
        assert [arrival.subject for arrival in arrived((*known, *corrected), second)] == [second["outcome"]]
