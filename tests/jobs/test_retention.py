"""Making room: what goes by age and by size, and what never goes."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from forecast.jobs.lifecycle import cancel_job, complete_job
from forecast.jobs.retention import Removed, Retention, make_room
from forecast.store import DrawingRepository, DrawsRemovedError, ForecastRepository, StudyRepository, stored_file
from forecast.store.tables.core import AttemptRow, DocumentRow, EstimateRow, JobEventRow, JobRow
from forecast.store.tables.living import EvidenceRow, OccurrenceRow, ScoreRow
from tests.api.living_sample import store_living_sample
from tests.coin import NOW, coin_study
from tests.installation import Installation, forecast_row

DAY = timedelta(days=1)
SIZE = 1_000_000


def add(
    installation: Installation, days_ago: float, study: str = "coin", *, drawn: bool = True, **changes: object
) -> str:
    """A forecast with draws of a million bytes."""
    made = NOW - days_ago * DAY
    wanted = coin_study(study=study)
    claim = installation.claim(installation.submit(wanted, now=made), now=made)

    def write(path: Path) -> None:
        path.write_bytes(b"x" * SIZE)

    file = installation.artifacts.write(f"2026-01/{claim.job_id}.nc", write)
    row = forecast_row(
        claim, wanted, made, artifact_path=file.path, artifact_sha256=file.sha256, artifact_bytes=SIZE, **changes
    )
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, made)
        if drawn:
            drawing = DrawingRepository(session).get(row.id)
            assert drawing is not None
            DrawingRepository(session).finish(drawing, {}, {}, [], made)
    return row.id


OLD = ((95, "published"), (90, "published"), (80, "refused"))
"""Days ago, and the verdict."""


def files(installation: Installation) -> int:
    return len(list(installation.artifacts.root.rglob("*.nc")))


def room(installation: Installation, retention: Retention) -> Removed:
    return make_room(installation.database, installation.artifacts, retention, NOW)


def test_without_rules_nothing_goes(installation: Installation) -> None:
    for days in (4000, 3000, 2000):
        add(installation, days)
    assert room(installation, Retention()) == Removed()
    assert files(installation) == 3


def test_old_draws_go_and_the_newest_of_each_study_stays(installation: Installation) -> None:
    old, newer, other = add(installation, 90), add(installation, 40), add(installation, 95, "other")
    assert room(installation, Retention(draws_for=30 * DAY)).draws == (old,)
    assert files(installation) == 2
    with installation.database.read() as session:
        forecasts = ForecastRepository(session)
        gone = forecasts.get(old)
        assert gone is not None
        with pytest.raises(DrawsRemovedError, match="submit its study again"):
            stored_file(gone)
        for kept in (newer, other):
            row = forecasts.get(kept)
            assert row is not None
            installation.artifacts.verified_path(stored_file(row))
        assert gone.artifact_path not in forecasts.artifact_paths()
    assert room(installation, Retention(draws_for=30 * DAY)) == Removed()


def test_a_refused_forecast_does_not_take_the_place_of_the_good_one_before_it(installation: Installation) -> None:
    """The refused one is shown with its reasons; the good one is what updates begin from."""
    older, good, refused = (add(installation, days, verdict=said) for days, said in OLD)
    assert room(installation, Retention(draws_for=30 * DAY)).draws == (older,)
    assert {good, refused}.isdisjoint(room(installation, Retention(draws_for=30 * DAY)).draws)


def test_by_size_the_oldest_go_until_the_rest_fits(installation: Installation) -> None:
    ids = [add(installation, days) for days in (50, 40, 30, 20, 10)]
    assert room(installation, Retention(draws_bytes=3 * SIZE)).draws == tuple(ids[:2])
    assert files(installation) == 3
    assert room(installation, Retention(draws_bytes=1)).draws == tuple(ids[2:4]), "the newest stays, even so"


def test_what_is_still_needed_stays(installation: Installation) -> None:
    add(installation, 90, drawn=False)
    base = add(installation, 80)
    add(installation, 70)
    with installation.database.write() as session:
        job = session.get(JobRow, installation.submit())
        assert job is not None
        job.target = base
    assert room(installation, Retention(draws_for=30 * DAY)).draws == ()


def test_the_ledger_and_all_answers_stay(installation: Installation) -> None:
    store_living_sample(installation)
    tables = (ScoreRow, EvidenceRow, EstimateRow)
    with installation.database.read() as session:
        before = [len(session.scalars(select(table)).all()) for table in tables]
    assert min(before) > 0
    make_room(installation.database, installation.artifacts, Retention(DAY, 1, DAY), NOW + 4000 * DAY)
    with installation.database.read() as session:
        assert [len(session.scalars(select(table)).all()) for table in tables] == before
        assert StudyRepository(session).get("coin") is not None


@pytest.mark.both_databases
def test_jobs_that_left_nothing_go_with_what_hangs_on_them(installation: Installation) -> None:
    old, recent = installation.submit(now=NOW - 50 * DAY), installation.submit(now=NOW - 2 * DAY)
    done = add(installation, 60)
    for job_id, at in ((old, NOW - 49 * DAY), (recent, NOW - DAY)):
        with installation.database.write() as session:
            cancel_job(session, job_id, at)
    assert room(installation, Retention(jobs_for=30 * DAY)).jobs == 1
    with installation.database.read() as session:
        assert set(session.scalars(select(JobRow.id))) == {recent, installation_job(installation, done)}
        for table in (AttemptRow, JobEventRow):
            assert old not in set(session.scalars(select(table.job_id)))
    assert session.scalars(select(OccurrenceRow)).all() == []


def installation_job(installation: Installation, forecast_id: str) -> str:
    with installation.database.read() as session:
        row = ForecastRepository(session).get(forecast_id)
        assert row is not None
        return row.job_id


@pytest.mark.both_databases
def test_documents_without_references_go_after_a_day(installation: Installation) -> None:
    installation.submit()
    with installation.database.write() as session:
        for name, age in (("forgotten", 2), ("fresh", 0)):
            digest = hashlib.sha256(name.encode()).hexdigest()
            session.add(DocumentRow(digest=digest, json="{}", created_at=NOW - age * DAY))
    assert room(installation, Retention()).documents == 1
    with installation.database.read() as session:
        assert set(session.scalars(select(DocumentRow.digest))) == {
            coin_study().digest,
            hashlib.sha256(b"fresh").hexdigest(),
        }


def test_a_forecast_for_an_old_day_does_not_take_the_place_of_the_latest(installation: Installation) -> None:
    """A replay is made last and is not what the study's page shows; an inline document never is, beside a stored study."""
    shown = add(installation, 90, version="d" * 64)
    replayed = add(installation, 80, version="d" * 64, as_of=coin_study().as_of - timedelta(days=30))
    inline = add(installation, 70)
    gone = room(installation, Retention(draws_for=30 * DAY)).draws
    assert shown not in gone
    assert set(gone) == {replayed, inline}


def test_the_base_of_the_next_update_stays(installation: Installation) -> None:
    add(installation, 90, version="d" * 64)
    later = add(installation, 80, version="d" * 64, as_of=coin_study().as_of + timedelta(days=30))
    with installation.database.write() as session:
        job = session.get(JobRow, installation_job(installation, later))
        assert job is not None
        job.kind = "update"
    assert room(installation, Retention(draws_for=30 * DAY)).draws == ()
