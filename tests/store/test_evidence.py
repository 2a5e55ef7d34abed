"""Evidence in the database: appended, read back as it stood at any moment, whatever came later."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.store import Database, EvidenceRepository, StudyRepository
from forecast.store.tables.core import StudyRow
from forecast.store.tables.living import EvidenceRow
from forecast.study import EvidenceKind, accept_arrivals, resolve_observations
from forecast.study.document.canonical import canonical_json
from forecast.timeline.arrived import moment_of
from forecast.timeline.knowledge import known_study
from tests.installation import Installation
from tests.living import living_study

NUMBERS = itertools.count()
START = datetime(2020, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(installation: Installation) -> Database:
    return installation.database


def store_study(database: Database, name: str = "small") -> None:
    study = living_study(study=name)
    with database.write() as session:
        StudyRepository(session).put(name, study.title, study.digest, canonical_json(study.canonical()), START)


def send(database: Database, period: str, value: int | None, known_at: date, now: datetime, name: str = "small") -> int:
    """How many rows were added."""
    row = {"indicator": "incidents", "period": period, "value": value, "known_at": known_at.isoformat()}
    arrivals = accept_arrivals(living_study(study=name), EvidenceKind.OBSERVATIONS, [row], now.date())
    with database.write() as session:
        return len(EvidenceRepository(session).append(name, arrivals, "api", now).rows)


def read(
    database: Database, as_of: date, now: datetime, name: str = "small", *, hindsight: bool = False
) -> dict[str, int]:
    """Value by month, as a job of that moment would see it."""
    with database.read() as session:
        row = session.get(StudyRow, ("default", name))
        assert row is not None
        study = known_study(session, row, now, as_of=as_of, hindsight=hindsight).study
    return {f"{item.period:%Y-%m}": item.value for item in resolve_observations(study)["incidents"]}


def test_a_backdated_correction_leaves_earlier_days_as_they_were(database: Database) -> None:
    store_study(database)
    april, june = START, START + timedelta(days=61)
    assert send(database, "2020-03", 9, april.date(), april) == 1
    before = read(database, april.date(), june)
    assert before == {"2020-01": 4, "2020-02": 6, "2020-03": 9}
    assert send(database, "2020-03", 12, april.date(), june) == 1
    assert read(database, april.date(), june) == before
    assert read(database, june.date(), june)["2020-03"] == 12
    assert read(database, april.date(), june, hindsight=True)["2020-03"] == 12


def test_the_same_again_is_a_duplicate_and_back_to_an_earlier_value_is_not(database: Database) -> None:
    store_study(database)
    day = START.date()
    added = [
        send(database, "2020-03", value, day, START + timedelta(hours=k)) for k, value in enumerate([1, 1, 2, 1, 1])
    ]
    assert added == [1, 0, 1, 1, 0]
    with database.read() as session:
        rows = EvidenceRepository(session).known("small")
    assert [json.loads(row.cells)["value"] for row in rows] == [1, 2, 1]


def test_a_day_ends_at_midnight_utc_and_now_is_never_later_than_now() -> None:
    day, noon = date(2020, 4, 1), datetime(2020, 4, 1, 12, tzinfo=UTC)
    assert moment_of(day, noon) == noon
    assert moment_of(day, noon + timedelta(days=9)) == datetime(2020, 4, 1, 23, 59, 59, 999999, UTC)
    assert moment_of(day, noon + timedelta(days=9), hindsight=True) == noon + timedelta(days=9)


@dataclass(frozen=True)
class Sent:
    """One row as it is sent: hours after START, month of 2020, value, days that its known_at lies back."""

    after_hours: int
    month: int
    value: int | None
    back: int


SENT = st.builds(
    Sent,
    after_hours=st.integers(0, 24 * 90),
    month=st.integers(1, 3),
    value=st.none() | st.integers(0, 3),
    back=st.integers(0, 60),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(SENT, max_size=12), asked=st.integers(0, 95))
def test_a_replay_sees_what_was_known_and_recorded_then_and_nothing_else(
    database: Database, sent: list[Sent], asked: int
) -> None:
    """Against a list that is read through; and what comes after the day asked for changes nothing."""
    study = f"s{next(NUMBERS)}"
    store_study(database, study)
    as_of = (START + timedelta(days=asked)).date()
    end = START + timedelta(days=400)
    ledger = [(date(2020, 1, 1), date(2020, 1, 31), -1, 4), (date(2020, 2, 1), date(2020, 2, 29), -1, 6)]
    seen_on_the_day = None
    for order, each in enumerate(sorted(sent, key=lambda row: row.after_hours)):
        now = START + timedelta(hours=each.after_hours)
        if now.date() > as_of and seen_on_the_day is None:
            seen_on_the_day = read(database, as_of, now, study)
        first, last = {1: (1, 31), 2: (1, 29), 3: (1, 31)}[each.month]
        known_at = max(now.date() - timedelta(days=each.back), date(2020, each.month, last))
        send(database, f"2020-{each.month:02d}", each.value, known_at, now, study)
        if now.date() <= as_of:
            ledger.append((date(2020, each.month, first), known_at, order, each.value))  # type: ignore[arg-type]
    holding: dict[date, tuple[date, int, int | None]] = {}
    for period, known_at, order, value in ledger:
        if known_at <= as_of and (known_at, order) >= holding.get(period, (date.min, -1, None))[:2]:
            holding[period] = known_at, order, value
    expected = {f"{period:%Y-%m}": found[2] for period, found in holding.items() if found[2] is not None}
    found = read(database, as_of, end, study)
    assert found == expected
    assert seen_on_the_day is None or found == seen_on_the_day


def test_pages_go_back_in_time_and_end(database: Database) -> None:
    store_study(database)
    for k in range(5):
        send(database, "2020-03", k, START.date() - timedelta(days=k % 2), START + timedelta(hours=k))
    with database.read() as session:
        evidence = EvidenceRepository(session)
        seen: list[EvidenceRow] = []
        cursor = None
        while True:
            page = evidence.page("small", 2, cursor)
            seen += page.items
            if (cursor := page.next_cursor) is None:
                break
        assert [json.loads(row.cells)["value"] for row in seen] == [4, 3, 2, 1, 0]
        assert len(evidence.page("small", 9, as_of=START.date() - timedelta(days=1)).items) == 2
        assert len(evidence.page("small", 9, recorded_by=START + timedelta(hours=1)).items) == 2
        assert evidence.page("small", 9, kind=EvidenceKind.JUDGMENTS).items == ()
