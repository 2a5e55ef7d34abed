"""The ledger of a study: resolutions, scores, and forecasters side by side."""

from __future__ import annotations

from fastapi import APIRouter

from api.requests import StudyId
from api.routes.studies import known_study
from api.service import Reader
from forecast.store import StudyRepository
from forecast.timeline.ledger import read_ledger
from forecast.timeline.views import Ledger

router = APIRouter(prefix="/v1/studies", tags=["ledger"])


@router.get("/{study_id}/ledger", summary="Show how outcomes were resolved, and each forecaster's scores")
def show_ledger(study_id: StudyId, service: Reader) -> Ledger:
    with service.database.read() as session:
        return read_ledger(session, known_study(StudyRepository(session), study_id))
