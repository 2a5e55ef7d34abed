"""The history of a study: changes with their noise, in the order of as-of dates, and the question why."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forecast.jobs.errors import NoPreviousForecastError
from forecast.jobs.lifecycle import complete_job
from forecast.jobs.quotas import JobLimits
from forecast.jobs.states import JobKind
from forecast.store import ForecastRepository, StudyRepository
from forecast.store.tables.core import EstimateRow
from forecast.store.tables.living import OccurrenceRow, ScheduleRow
from forecast.study.document.canonical import canonical_json
from forecast.timeline.history import history_page, move_between
from forecast.timeline.updates import explain_updates
from forecast.timeline.views import HistoryEntry
from tests.coin import coin_answer, coin_study
from tests.explanations import explanation_of, explanation_row, submit_explanation_of
from tests.installation import LIMITS, Installation, forecast_row

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
VERSION = "v" * 64


def add(installation: Installation, as_of: str, probability: float, **changes: Any) -> str:
    """A stored forecast of the coin as of a day; its id."""
    study = coin_study(as_of=as_of)
    answer = coin_answer(study)
    outcome = answer.outcomes[0].model_copy(update={"probability": probability, "mcse": 0.01})
    text = answer.model_copy(update={"outcomes": (outcome,)}).model_dump_json()
    version = changes.pop("version", VERSION)
    claim = installation.claim(installation.submit(study, version_digest=version))
    row = forecast_row(claim, study, answer=text, **changes)
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, START)
    return row.id


def history(
    installation: Installation, limit: int = 50, cursor: str | None = None
) -> tuple[list[HistoryEntry], str | None]:
    with installation.database.read() as session:
        page = history_page(session, "coin", limit, cursor)
    return list(page.items), page.next_cursor


def test_moves_are_counted_from_the_forecast_of_the_day_before(installation: Installation) -> None:
    """Also when it was made later: a forecast for a past day takes its place in between."""
    first, last = add(installation, "2021-01-01", 0.2), add(installation, "2021-03-01", 0.5)
    between = add(installation, "2021-02-01", 0.21)
    found, _ = history(installation)
    assert [entry.forecast_id for entry in found] == [last, between, first]
    assert [entry.previous for entry in found] == [between, first, None]
    move = found[0].outcomes["heads"]
    assert move.change == pytest.approx(0.29)
    assert move.change_mcse == pytest.approx(math.hypot(0.01, 0.01))
    assert move.log_odds_change == pytest.approx(-math.log(0.21 / 0.79))
    assert move.log_odds_change_mcse == pytest.approx(math.hypot(0.01 / 0.25, 0.01 / (0.21 * 0.79)))
    assert [entry.outcomes["heads"].beyond_noise for entry in found] == [True, False, None]


def test_refused_forecasts_and_documents_of_a_job_are_shown_and_not_compared_with(installation: Installation) -> None:
    first = add(installation, "2021-01-01", 0.2)
    add(installation, "2021-02-01", 0.9, verdict="refused")
    add(installation, "2021-02-02", 0.8, version=None)
    add(installation, "2021-03-01", 0.5)
    found, _ = history(installation)
    assert [entry.previous for entry in found] == [first, None, None, None]


def test_pages_go_on_where_they_ended(installation: Installation) -> None:
    made = [add(installation, f"2021-0{month}-01", 0.1 * month) for month in (3, 1, 2, 2)]
    first, cursor = history(installation, 2)
    second, end = history(installation, 2, cursor)
    assert [entry.forecast_id for entry in (*first, *second)] == [made[0], made[3], made[2], made[1]]
    assert end is None


def test_certainty_has_no_log_odds() -> None:
    def row(probability: float) -> EstimateRow:
        return EstimateRow(probability=probability, mcse=0.0, low=probability, high=probability)

    move = move_between(row(0.5), row(1.0))
    assert (move.log_odds, move.log_odds_change, move.change, move.beyond_noise) == (None, None, 0.5, True)
    assert move_between(row(1.0), row(1.0)).beyond_noise is False


def test_the_comparison_is_shown_as_long_as_it_is_with_the_forecast_before(installation: Installation) -> None:
    first, last = add(installation, "2021-01-01", 0.2), add(installation, "2021-03-01", 0.5)
    claim = installation.claim(submit_explanation_of(installation, last, JobKind.TRIAGE))
    found = explanation_of(JobKind.TRIAGE).model_copy(update={"previous": first})
    with installation.database.write() as session:
        complete_job(session, claim, explanation_row(claim, START, answer=found.model_dump_json()), {}, START)
    assert history(installation)[0][0].triage == found
    add(installation, "2021-02-01", 0.3)
    assert history(installation)[0][0].triage is None


def test_the_first_forecast_has_nothing_to_be_compared_with(installation: Installation) -> None:
    first = add(installation, "2021-01-01", 0.2)
    with pytest.raises(NoPreviousForecastError, match="no earlier forecast"):
        submit_explanation_of(installation, first, JobKind.TRIAGE)


def schedule(installation: Installation, *forecasts: str) -> None:
    """As if a schedule had made these forecasts."""
    study = coin_study()
    with installation.database.write() as session:
        StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), START)
        session.add(
            ScheduleRow(
                id="s",
                study="coin",
                title="",
                every_seconds=60.0,
                timezone="UTC",
                anchor=START,
                catch_up="all",
                overlap="skip",
                unchanged="skip",
                enabled=True,
                next_due=None,
                created_at=START,
                updated_at=START,
            )
        )
        session.flush()
        for number, forecast_id in enumerate(forecasts):
            session.add(
                OccurrenceRow(
                    schedule_id="s",
                    due_at=START + timedelta(days=number),
                    status="job",
                    made_at=START,
                    job_id=_job_of(session, forecast_id),
                )
            )


def _job_of(session: Any, forecast_id: str) -> str:
    row = ForecastRepository(session).get(forecast_id)
    assert row is not None
    return str(row.job_id)


@pytest.mark.both_databases
def test_each_forecast_of_a_schedule_is_compared_once(installation: Installation) -> None:
    """The first has nothing before it, and those without a schedule are left alone."""
    made = [add(installation, f"2021-0{month}-01", 0.1 * month, made_at=START) for month in (1, 2, 3)]
    add(installation, "2021-04-01", 0.9, made_at=START)
    schedule(installation, *made)
    jobs = explain_updates(installation.database, LIMITS, START)
    assert [(installation.job(job).kind, installation.job(job).target) for job in jobs] == [
        ("triage", made[1]),
        ("triage", made[2]),
    ]
    assert explain_updates(installation.database, LIMITS, START) == []
    assert explain_updates(installation.database, LIMITS, START + timedelta(days=30)) == []


def test_a_full_backlog_only_delays_it(installation: Installation) -> None:
    made = [add(installation, f"2021-0{month}-01", 0.1 * month, made_at=START) for month in (1, 2)]
    schedule(installation, *made)
    assert explain_updates(installation.database, JobLimits(3, 600.0, max_queued=0), START) == []
    assert len(explain_updates(installation.database, LIMITS, START)) == 1


def test_estimates_are_those_of_the_answer(installation: Installation) -> None:
    forecast_id = add(installation, "2021-01-01", 0.25)
    with installation.database.read() as session:
        row = ForecastRepository(session).get(forecast_id)
        found = ForecastRepository(session).estimates({forecast_id})[forecast_id]
    assert row is not None
    (outcome,) = json.loads(row.answer)["outcomes"]
    assert [(e.kind, e.subject, e.probability, e.low, e.high) for e in found] == [
        ("outcome", "heads", 0.25, outcome["interval"]["low"], outcome["interval"]["high"])
    ]


def test_a_client_cannot_take_the_place_of_the_question_why(installation: Installation) -> None:
    first, last = add(installation, "2021-01-01", 0.2), add(installation, "2021-03-01", 0.5)
    schedule(installation, first, last)
    installation.submit(idempotency_key=f"triage:{last}", request_hash="x")
    assert len(explain_updates(installation.database, LIMITS, START)) == 1
