"""A study's page: how its probabilities moved and why, what keeps it current, and how it has scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from api.pages.shared.page import PageContext
from api.pages.shared.questions import Question
from api.pages.study.history import ForecastRow, SubjectHistory
from api.pages.study.ledger import LedgerView
from api.pages.study.upkeep import AlertView, EvidenceRow, Option, ScheduleView, SourceRow, SubscriptionView


@dataclass(frozen=True, kw_only=True)
class StudyPage(PageContext):
    """One stored study over time."""

    template: ClassVar[str] = "study.html"

    study: str
    heading: str
    latest_url: str | None
    age: str
    is_stale: bool
    today: str
    """As the service's JSON has it; what a forecast of now is as of."""
    document_day: str
    """The as-of date of the document itself."""
    questions: tuple[Question, ...]
    subjects: tuple[SubjectHistory, ...]
    forecasts: tuple[ForecastRow, ...]
    has_more_forecasts: bool
    schedules: tuple[ScheduleView, ...]
    sources: tuple[SourceRow, ...]
    evidence: tuple[EvidenceRow, ...]
    older_evidence_url: str | None
    indicators: tuple[Option, ...]
    outcomes: tuple[Option, ...]
    judged: tuple[Option, ...]
    """Outcomes of which a single probability can be stated: those that are not categorical."""
    resolved: tuple[Option, ...]
    resolutions: tuple[str, ...]
    scenarios: tuple[Option, ...]
    """What evidence and subscriptions can be about."""
    subscriptions: tuple[SubscriptionView, ...]
    alerts: tuple[AlertView, ...]
    feed_url: str
    ledger: LedgerView
