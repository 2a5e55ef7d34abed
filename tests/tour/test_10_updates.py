"""Evidence goes on arriving. Each piece has two times: when it became known, and when it was recorded here.

So a forecast for a past day can be made again from what was known on that day. A schedule looks every morning, and computes
only when there is something new.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.store import EvidenceRepository, ScheduleRepository, StudyRepository
from forecast.study import Arrival, EvidenceKind, accept_arrivals, resolve_observations, with_arrivals, with_as_of
from forecast.study.arriving.comparison import is_same_question
from forecast.timeline.firing import Overlap, fire_due
from forecast.timeline.schedules import ScheduleRequest, create_schedule
from tests.documents import event_outcome
from tests.installation import LIMITS, installation_in
from tests.living import living_study

STUDY = living_study(outcomes=[event_outcome()])  # incidents of January and February 2020: 4 and 6
MARCH = {"indicator": "incidents", "period": "2020-03", "value": 9}


def counts(*rows: dict[str, Any], today: date) -> tuple[Arrival, ...]:
    return accept_arrivals(STUDY, EvidenceKind.OBSERVATIONS, rows, today)


def test_a_row_is_checked_before_it_is_taken() -> None:
    (arrival,) = counts(MARCH, today=date(2020, 4, 2))
    assert arrival.known_at == date(2020, 4, 2)  # today, as it does not say
    with pytest.raises(StudyError, match=r"rows\[1\].indicator"):
        counts(MARCH, {**MARCH, "indicator": "incidence"}, today=date(2020, 4, 2))


def test_a_past_day_keeps_what_was_known_then() -> None:
    first, corrected = {**MARCH, "known_at": "2020-04-02"}, {**MARCH, "value": 7, "known_at": "2020-05-05"}
    study = with_arrivals(STUDY, counts(first, corrected, today=date(2020, 6, 1)))
    assert [
        [count.value for count in resolve_observations(with_as_of(study, day))["incidents"]]
        for day in (date(2020, 4, 1), date(2020, 4, 2), date(2020, 6, 1))
    ] == [[4, 6], [4, 6, 9], [4, 6, 7]]
    # The question is the same, so an update may weigh the draws that are there; another prior means another run.
    assert is_same_question(STUDY, study)
    other = living_study(outcomes=[event_outcome(prior={"distribution": "normal(-2, 1)"})])
    assert not is_same_question(STUDY, other)


def test_a_morning_without_news_is_skipped(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home") as here:

        def wake(day: int) -> list[str]:
            return fire_due(here.database, LIMITS, datetime(2020, 4, day, 6, tzinfo=UTC))

        start = datetime(2020, 4, 1, 12, tzinfo=UTC)
        with here.database.write() as session:
            row, _ = StudyRepository(session).put("small", STUDY.title, STUDY.digest, STUDY.canonical_json, start)
            wanted = ScheduleRequest(study="small", cron="0 6 * * *", overlap=Overlap.ALLOW)
            schedule = create_schedule(session, row, wanted, start).id
        assert len(wake(2)) == 1
        assert wake(2) == wake(3) == []  # dealt with already; and nothing has changed
        with here.database.write() as session:
            news, noon = counts(MARCH, today=date(2020, 4, 3)), datetime(2020, 4, 3, 12, tzinfo=UTC)
            EvidenceRepository(session).append("small", news, "test", noon)
        assert len(wake(4)) == 1
        with here.database.read() as session:
            runs = ScheduleRepository(session).runs(schedule, 9).items
        assert [run.status for run in reversed(runs)] == ["job", "skipped", "job"]
