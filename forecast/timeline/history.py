"""The history of a study: every probability, how far it moved since the forecast before, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from forecast.answer import Triage, Verdict
from forecast.jobs.states import JobKind
from forecast.store import ForecastRepository
from forecast.store.repositories.pages import Page
from forecast.store.tables.core import EstimateRow, ForecastRow
from forecast.timeline.views import HistoryEntry, Move

NOISE: Final = 2.0
"""A move of more than so many Monte Carlo standard errors counts as more than noise."""


def history_page(session: Session, study: str, limit: int, cursor: str | None) -> Page[HistoryEntry]:
    """A page of a study's forecasts, the latest as-of date first."""
    forecasts = ForecastRepository(session)
    page = forecasts.page(study, limit, cursor)
    before = {row.id: forecasts.previous(row) if _has_history(row) else None for row in page.items}
    wanted = {row.id for row in page.items} | {row.id for row in before.values() if row is not None}
    estimates = forecasts.estimates(wanted)
    triages = forecasts.explanations_of(wanted, JobKind.TRIAGE.value)
    items = []
    for row in page.items:
        previous = before[row.id]
        earlier = estimates.get(previous.id, ()) if previous is not None else ()
        triage = Triage.model_validate_json(triages[row.id].answer) if row.id in triages else None
        items.append(_entry(row, previous, estimates.get(row.id, ()), earlier, triage))
    return Page(tuple(items), page.next_cursor)


def _has_history(row: ForecastRow) -> bool:
    return row.version is not None and row.verdict != Verdict.REFUSED


def _entry(
    row: ForecastRow,
    previous: ForecastRow | None,
    now: Sequence[EstimateRow],
    before: Sequence[EstimateRow],
    triage: Triage | None,
) -> HistoryEntry:
    earlier = {(found.kind, found.subject): found for found in before}
    moves: Mapping[str, dict[str, Move]] = {"outcome": {}, "scenario": {}}
    for found in now:
        moves[found.kind][found.subject] = move_between(earlier.get((found.kind, found.subject)), found)
    return HistoryEntry(
        forecast_id=row.id,
        job_id=row.job_id,
        study=row.study,
        study_digest=row.digest,
        study_version=row.version,
        as_of=row.as_of,
        made_at=row.made_at,
        verdict=Verdict(row.verdict),
        previous=None if previous is None else previous.id,
        outcomes=moves["outcome"],
        scenarios=moves["scenario"],
        # One that compares with another forecast was overtaken by a forecast for a day in between.
        triage=triage if triage is not None and previous is not None and triage.previous == previous.id else None,
    )


def move_between(before: EstimateRow | None, now: EstimateRow) -> Move:
    """How far a probability moved; the errors of the two are independent."""
    found = Move(
        probability=now.probability, mcse=now.mcse, low=now.low, high=now.high, log_odds=_log_odds(now.probability)
    )
    if before is None:
        return found
    change, error = now.probability - before.probability, math.hypot(now.mcse, before.mcse)
    changes: dict[str, float | bool | None] = {
        "change": change,
        "change_mcse": error,
        "beyond_noise": abs(change) > NOISE * error,
    }
    earlier = _log_odds(before.probability)
    if found.log_odds is not None and earlier is not None:
        changes["log_odds_change"] = found.log_odds - earlier
        changes["log_odds_change_mcse"] = math.hypot(_slope(now) * now.mcse, _slope(before) * before.mcse)
    return found.model_copy(update=changes)


def _log_odds(probability: float) -> float | None:
    return math.log(probability) - math.log1p(-probability) if 0.0 < probability < 1.0 else None


def _slope(row: EstimateRow) -> float:
    return 1.0 / (row.probability * (1.0 - row.probability))
