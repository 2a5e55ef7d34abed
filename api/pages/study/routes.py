"""The page of a study: reads what is stored and renders it."""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.evidence_schemas import view_evidence
from api.pages.shared.page import respond
from api.pages.shared.questions import build_questions
from api.pages.study.compare import build_compare
from api.pages.study.editor import build_editor
from api.pages.study.history import build_forecasts, build_subjects, in_history
from api.pages.study.ledger import build_ledger
from api.pages.study.upkeep import (
    build_alerts,
    build_evidence,
    build_options,
    build_resolutions,
    build_schedules,
    build_sources,
    build_subscriptions,
)
from api.pages.study.view import StudyPage
from api.requests import StudyId
from api.routes.compare import After, Before, read_comparison
from api.routes.studies import known_study
from api.service import Reader
from forecast.sources.sources import view_sources
from forecast.store import (
    AlertRepository,
    EvidenceRepository,
    ScheduleRepository,
    StudyRepository,
    utc_now,
)
from forecast.study.document.options import part_titles
from forecast.study.reading.yaml_writer import as_yaml
from forecast.timeline.history import history_page
from forecast.timeline.ledger import read_ledger
from forecast.wording import numbers
from priors import bundled_studies

FORECASTS_SHOWN: Final = 60
RUNS_SHOWN: Final = 8
ROWS_SHOWN: Final = 50
ALERTS_SHOWN: Final = 20
MAX_YAML_CHARACTERS: Final = 400_000

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/studies/{study_id}")
def show_study_page(
    study_id: StudyId, service: Reader, evidence: Annotated[str | None, Query(max_length=500)] = None
) -> HTMLResponse:
    """History, schedules, sources, evidence, alerts and ledger of a study; `static/study.js` does what a reader asks."""
    with service.database.read() as session:
        page = _build(session, study_id, evidence, service.settings.fresh_seconds)
    return respond(page)


@router.get("/new")
def show_editor(
    service: Reader, study: Annotated[str | None, Query(max_length=64, description="A study to change.")] = None
) -> HTMLResponse:
    """Where a study is written."""
    text = None
    if study is not None:
        with service.database.read() as session:
            studies = StudyRepository(session)
            text = studies.document(known_study(studies, study).digest)
    page = build_editor(
        today=utc_now().date().isoformat(),
        examples=bundled_studies(),
        study=study,
        text=None if text is None else _editable(text),
    )
    return respond(page)


def _editable(text: str) -> str:
    """A canonical document as people edit it: YAML, or JSON where writing YAML would take seconds."""
    document = json.loads(text)
    return as_yaml(document) if len(text) <= MAX_YAML_CHARACTERS else json.dumps(document, indent=1, ensure_ascii=False)


@router.get("/compare")
def show_compare_page(before: Before, after: After, service: Reader) -> HTMLResponse:
    """Two forecasts of one study side by side."""
    found = read_comparison(service, before, after)
    with service.database.read() as session:
        row = StudyRepository(session).get(found.study)
        history = history_page(session, found.study, FORECASTS_SHOWN, None).items
    return respond(build_compare(found, found.study if row is None else row.title, history))


def _build(session: Session, study_id: str, cursor: str | None, fresh_seconds: float) -> StudyPage:
    now = utc_now()
    studies, alerts = StudyRepository(session), AlertRepository(session)
    row = known_study(studies, study_id)
    document = json.loads(studies.document(row.digest) or "{}")
    outcomes, whole = part_titles(document), {block["id"]: str(block["title"]) for block in document["outcomes"]}
    scenarios = {block["id"]: str(block.get("title") or block["id"]) for block in document.get("scenarios", [])}
    indicators = {block["id"]: str(block.get("title") or block["id"]) for block in document.get("indicators", [])}
    history = history_page(session, row.id, FORECASTS_SHOWN, None)
    schedules = ScheduleRepository(session)
    planned = schedules.page(ROWS_SHOWN, study=row.id).items
    arrived = EvidenceRepository(session).page(row.id, ROWS_SHOWN, cursor)
    told = alerts.page(ALERTS_SHOWN, study=row.id).items
    newest = next((entry for entry in history.items if in_history(entry)), None)
    age = 0.0 if newest is None else (now - newest.made_at).total_seconds()
    return StudyPage(
        page_title=row.title,
        json_url=f"/v1/studies/{row.id}",
        study=row.id,
        heading=row.title,
        latest_url=None if newest is None else f"/forecasts/{newest.forecast_id}",
        age=numbers.age(age),
        is_stale=newest is not None and age > fresh_seconds,
        today=now.date().isoformat(),
        document_day=str(document["as_of"]),
        questions=build_questions(document),
        subjects=build_subjects(history.items, scenarios, outcomes),
        forecasts=build_forecasts(history.items, now),
        has_more_forecasts=history.next_cursor is not None,
        schedules=build_schedules(planned, {plan.id: schedules.runs(plan.id, RUNS_SHOWN).items for plan in planned}),
        sources=build_sources(view_sources(session, row.id), now),
        evidence=build_evidence(map(view_evidence, arrived.items)),
        older_evidence_url=None
        if arrived.next_cursor is None
        else f"/studies/{row.id}?evidence={arrived.next_cursor}#evidence",
        indicators=build_options(indicators),
        outcomes=build_options(outcomes),
        judged=build_options({name: title for name, title in whole.items() if name in outcomes}),
        resolved=build_options(whole),
        resolutions=tuple(build_resolutions(document)),
        scenarios=build_options(scenarios),
        subscriptions=build_subscriptions(
            alerts.subscriptions(ROWS_SHOWN, study=row.id).items, {*outcomes, *scenarios}
        ),
        alerts=build_alerts(told, alerts.deliveries([alert.id for alert in told]), now),
        feed_url=f"/v1/studies/{row.id}/alerts.atom",
        ledger=build_ledger(read_ledger(session, row), whole | outcomes),
    )
