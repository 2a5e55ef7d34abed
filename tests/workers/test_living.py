"""A study kept current, by the real computation and from the store alone: updated, compared, replayed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from forecast.answer import Triage
from forecast.jobs.states import JobKind, JobState
from forecast.jobs.submit import prepare_study, submit_job
from forecast.store import EvidenceRepository, ForecastRepository, StudyRepository
from forecast.store.tables.core import ExplanationRow, ForecastRow
from forecast.study import EvidenceKind, accept_arrivals
from forecast.study.document.canonical import canonical_json
from forecast.timeline.history import history_page
from forecast.timeline.knowledge import known_study
from tests.explanations import submit_explanation_of
from tests.installation import LIMITS, Installation, installation_in
from tests.living import living_study
from tests.shared_installation import shared_installation
from workers.runner import Runner, RunOutcome

pytestmark = [pytest.mark.program, pytest.mark.slow]

MARCH, APRIL = datetime(2020, 3, 10, 12, tzinfo=UTC), datetime(2020, 4, 10, 12, tzinfo=UTC)
PUBLISHED = {"draws": 4000, "tune": 700, "chains": 4}
"""So many that the forecast is published: an update begins from no other."""
FEW = {"draws": 100, "tune": 100, "chains": 2}


def put_study(installation: Installation) -> None:
    study = living_study()
    with installation.database.write() as session:
        StudyRepository(session).put("small", study.title, study.digest, canonical_json(study.canonical()), MARCH)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installation_in(tmp_path / "home") as made:
        put_study(made)
        yield made


@dataclass(frozen=True)
class Updated:
    """A study with a forecast and an update of it, which tests share and add to."""

    installation: Installation
    first: ForecastRow
    second: ForecastRow


@pytest.fixture(scope="module")
def updated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Updated]:
    with shared_installation(request, tmp_path_factory) as made:
        put_study(made)
        first = forecast(made, MARCH, **PUBLISHED)
        observe(made, 7, APRIL)
        # An update has the draws of the first; only what explains it samples as its own document says.
        yield Updated(made, first, forecast(made, APRIL, JobKind.UPDATE, **FEW))


def run(installation: Installation, job_id: str) -> None:
    runner = Runner(installation.settings, installation.database, installation.artifacts, "h:1:2", threading.Event())
    assert runner.run(job_id) is RunOutcome.STORED
    assert installation.state(job_id) is JobState.SUCCEEDED


def forecast(
    installation: Installation, now: datetime, kind: JobKind = JobKind.FORECAST, **sampler: Any
) -> ForecastRow:
    """A forecast of the stored study as it is known at a moment."""
    with installation.database.write() as session:
        row = StudyRepository(session).get("small")
        assert row is not None
        known = known_study(session, row, now, as_of=now.date(), recorded_by=now)
        study = prepare_study(known.study, None, sampler)
        job = submit_job(
            session, study, LIMITS, kind=kind, version_digest=known.version, recorded_by=known.recorded_by
        ).job.id
    run(installation, job)
    with installation.database.read() as session:
        found = ForecastRepository(session).of_job(job)
    assert found is not None
    return found


def observe(
    installation: Installation, value: int, now: datetime, known_at: str = "2020-04-03", period: str = "2020-03"
) -> None:
    row = {"indicator": "incidents", "period": period, "value": value, "known_at": known_at}
    with installation.database.write() as session:
        arrived = accept_arrivals(living_study(), EvidenceKind.OBSERVATIONS, [row], now.date())
        EvidenceRepository(session).append("small", arrived, "test", now)


def test_an_update_begins_from_the_last_forecast_and_is_compared_with_it(updated: Updated) -> None:
    installation, first, second = updated.installation, updated.first, updated.second
    update = json.loads(second.answer)["update"]
    assert (update["way"], update["previous"]) == ("reweighted", first.id)
    job = submit_explanation_of(installation, second.id, JobKind.TRIAGE)
    run(installation, job)
    with installation.database.read() as session:
        entries = history_page(session, "small", 10, None).items
        stored = session.scalar(select(ExplanationRow).where(ExplanationRow.job_id == job))
    # Newest first; another test's may be before them.
    last, before = [entry for entry in entries if entry.forecast_id in {first.id, second.id}]
    assert last.forecast_id == second.id
    assert stored is not None
    assert last.triage == Triage.model_validate_json(stored.answer)
    assert last.triage is not None
    assert last.triage.previous == before.forecast_id == first.id
    assert [step.cause for step in last.triage.steps if step.changed] == ["clock", "world"]
    for outcome, move in last.outcomes.items():
        shares = [step.outcomes[outcome].change for step in last.triage.steps]
        assert sum(shares) == pytest.approx(move.log_odds_change, abs=1e-9)


def test_a_later_update_begins_from_what_was_sampled_not_from_what_was_weighed(updated: Updated) -> None:
    again = forecast(updated.installation, datetime(2020, 4, 20, tzinfo=UTC), JobKind.UPDATE, **FEW)
    previous = [json.loads(row.answer)["update"]["previous"] for row in (updated.second, again)]
    assert previous == [updated.first.id, updated.first.id]


def test_a_replay_has_the_very_numbers_whatever_arrived_since(installation: Installation) -> None:
    """Same day, moment and seed: a correction under an earlier date, sent later, changes nothing."""
    observe(installation, 7, APRIL)
    first = forecast(installation, APRIL, **FEW)
    observe(installation, 40, datetime(2020, 5, 1, tzinfo=UTC))
    observe(installation, 30, datetime(2020, 5, 1, tzinfo=UTC), "2020-03-05", "2020-02")
    made_by = installation.job(first.job_id)
    replayed = forecast(installation, APRIL, **FEW, seed=made_by.seed)
    assert made_by.as_of == date(2020, 4, 10)
    one, two = (json.loads(row.answer) for row in (first, replayed))
    for part in ("outcomes", "scenarios", "indicators", "experts"):
        assert one[part] == two[part]
    current = forecast(installation, datetime(2020, 5, 2, tzinfo=UTC), **FEW, seed=made_by.seed)
    assert json.loads(current.answer)["outcomes"] != one["outcomes"]


def test_an_update_whose_base_cannot_be_read_samples_anew_and_says_so(updated: Updated) -> None:
    installation, first = updated.installation, updated.first
    place = installation.artifacts.place_of(first.artifact_path)
    whole = place.read_bytes()
    place.write_bytes(b"damaged")
    try:
        update = json.loads(forecast(installation, datetime(2020, 4, 25, tzinfo=UTC), JobKind.UPDATE, **FEW).answer)[
            "update"
        ]
    finally:
        place.write_bytes(whole)
    assert update["way"] == "refitted"
    assert f"the last forecast {first.id} cannot be read" in update["reason"]
