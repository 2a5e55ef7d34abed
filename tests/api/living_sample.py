"""A study with a past: forecasts, their causes, a schedule, a source, evidence, alerts and scores; all made up."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

from forecast.alerts.raising import raise_alerts
from forecast.alerts.subscriptions import SubscriptionRequest, create_subscription
from forecast.answer import CauseStep, ProbabilityStep, Triage
from forecast.errands import ErrandKind
from forecast.jobs.lifecycle import complete_job
from forecast.jobs.states import JobKind
from forecast.sources.sources import store_sources
from forecast.store import ErrandRepository, EvidenceRepository, ScheduleRepository, SourceRepository, StudyRepository
from forecast.store.tables.core import StudyRow
from forecast.store.tables.living import OccurrenceRow
from forecast.study import EvidenceKind, accept_arrivals
from forecast.study.document.canonical import canonical_json
from forecast.timeline.ledger import score_due
from forecast.timeline.schedules import ScheduleRequest, create_schedule
from tests.coin import coin_answer, coin_study
from tests.explanations import explanation_row, submit_explanation_of
from tests.installation import Installation, forecast_row

START = datetime(2021, 1, 10, 12, tzinfo=UTC)
SAID = {"rows": [{"expert": "ann", "outcome": "heads", "probability": 0.7, "on": "2020-12-01", "by": "2021-12-01"}]}
PROBABILITIES = (0.42, 0.44, 0.61, 0.58, 0.66)
CAUSES = ("clock", "data", "world")


def store_living_sample(installation: Installation, title: str = "Does the coin show heads?") -> str:
    """The id of the study."""
    source = {"id": "counts", "url": "https://example.org/tables/judgments.csv", "kind": "judgments"}
    study = coin_study(judgments=SAID, title=title, sources=[source])
    with installation.database.write() as session:
        document = canonical_json(study.canonical())
        row, _ = StudyRepository(session).put("coin", study.title, study.digest, document, START)
        store_sources(session, study, START)
        _subscribe(session, row, installation)
        schedule = create_schedule(session, row, ScheduleRequest(study="coin", cron="0 6 1 * *"), START)
    forecasts = [
        add_forecast(installation, datetime(2021, month + 1, 10, tzinfo=UTC), probability, title)
        for month, probability in enumerate(PROBABILITIES)
    ]
    for before, after in itertools.pairwise(forecasts):
        _explain(installation, before, after)
    raise_alerts(installation.database, START + timedelta(days=300))
    with installation.database.write() as session:
        for month, (status, reason) in enumerate([("job", None), ("skipped", "nothing has changed since job x")]):
            at = datetime(2021, month + 2, 1, 6, tzinfo=UTC)
            ScheduleRepository(session).add_occurrence(
                OccurrenceRow(schedule_id=schedule.id, due_at=at, status=status, reason=reason, made_at=at)
            )
        judgment = {"expert": "bob", "outcome": "heads", "probability": 0.9, "on": "2021-05-01", "note": "After a look"}
        resolution = {"outcome": "heads", "resolution": "yes", "on": "2021-11-01", "source": "Us"}
        for kind, cells in ((EvidenceKind.JUDGMENTS, judgment), (EvidenceKind.RESOLUTIONS, resolution)):
            arrived = accept_arrivals(study, kind, [cells], datetime(2022, 1, 1, tzinfo=UTC).date())
            EvidenceRepository(session).append("coin", arrived, "api", START + timedelta(days=330))
        failing = SourceRepository(session).get("coin", "counts")
        assert failing is not None
        failing.failures, failing.failing_since = 2, START
        fetch = ErrandRepository(session).wanted(ErrandKind.FETCH, failing.workspace, "coin/counts")
        if fetch is not None:  # the second time, it is done
            ErrandRepository(session).finish(fetch, START)
        failing.error_code, failing.error_detail = "fetch_failed", "example.org answered 503, expected 200"
    score_due(installation.database, datetime(2022, 1, 1, tzinfo=UTC))
    return "coin"


def _subscribe(session: Any, row: StudyRow, installation: Installation) -> None:
    wanted = SubscriptionRequest(study="coin", kind="threshold", threshold=0.6, outcome="heads")  # type: ignore[arg-type]
    create_subscription(session, row, wanted, installation.settings, START - timedelta(days=9))


def add_forecast(
    installation: Installation,
    made_at: datetime,
    probability: float,
    title: str = "Does it?",
    as_of: date | None = None,
    **changes: Any,
) -> str:
    """A stored forecast of the coin as of a day, by default the one on which it was made; its id."""
    study = coin_study(as_of=(as_of or made_at.date()).isoformat(), judgments=SAID, title=title)
    answer = coin_answer(study)
    interval = answer.outcomes[0].interval.model_copy(
        update={"low": max(0.0, probability - 0.15), "high": min(1.0, probability + 0.2)}
    )
    said = {"probability": probability, "mcse": 0.006, "interval": interval}
    outcome = answer.outcomes[0].model_copy(update=said)
    text = answer.model_copy(update={"outcomes": (outcome,)}).model_dump_json()
    claim = installation.claim(installation.submit(study, version_digest=study.digest))
    row = forecast_row(claim, study, answer=text, made_at=made_at, **changes)
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, made_at)
    return row.id


def _explain(installation: Installation, before: str, after: str) -> None:
    claim = installation.claim(submit_explanation_of(installation, after, JobKind.TRIAGE))
    step = ProbabilityStep(probability=0.5, mcse=0.006, log_odds=0.0, change=0.21, change_mcse=0.02)
    still = step.model_copy(update={"change": 0.0})
    steps = tuple(
        CauseStep(
            cause=cause,  # type: ignore[arg-type]
            changed=cause in CAUSES,
            apart=True,
            outcomes={"heads": step if cause in CAUSES else still},
            scenarios={},
        )
        for cause in ("method", "clock", "data", "world")
    )
    found = Triage(previous=before, steps=steps, seconds=1.0)
    with installation.database.write() as session:
        complete_job(session, claim, explanation_row(claim, START, answer=found.model_dump_json()), {}, START)
