"""Has the figures of a forecast drawn: at once when a reader opens it, else when workers are idle.

A drawing takes longer than a small job. A service that is never idle draws the forecasts that were requested. Of the
others it draws only those that have been the newest of their study for a while. So its drawings cannot outgrow its
jobs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from forecast.errands import ErrandKind
from forecast.errands.publishing import publish_errand
from forecast.jobs.states import JobState
from forecast.queue.publish import Publisher, try_publish
from forecast.store import Database, DrawingRepository, ErrandRepository, JobRepository
from forecast.store.tables.core import ForecastRow

DRAW_AGAIN_SECONDS: Final = 180.0
"""Longer than any forecast takes to draw."""
DRAW_ANYWAY_SECONDS: Final = 600.0
"""How long a forecast must have been the newest of its study to be drawn while there are jobs."""
ASKED_AT_ONCE: Final = 5
"""Drawings under way; beyond this number opening another forecast requests none, opening it again later does."""


def next_drawing(database: Database, now: datetime) -> tuple[str, str] | None:
    """Workspace and id of the forecast to draw next; one at a time, so that drawings do not take the cores from jobs."""
    again = now - timedelta(seconds=DRAW_AGAIN_SECONDS)
    with database.read() as session:
        jobs, errands, drawings = JobRepository(session), ErrandRepository(session), DrawingRepository(session)
        if errands.count_published(ErrandKind.DRAWING, again):
            return None
        is_busy = bool(jobs.count(JobState.RUNNING) or jobs.count(JobState.QUEUED))
        made_before = now - timedelta(seconds=DRAW_ANYWAY_SECONDS) if is_busy else None
        return drawings.next_due(errands.due(ErrandKind.DRAWING, now, again), made_before)


def ask_for_drawing(database: Database, publisher: Publisher, row: ForecastRow, now: datetime) -> bool:
    """Request the drawing of a forecast that a reader opens, if it is not drawn; returns whether it was published."""
    again = now - timedelta(seconds=DRAW_AGAIN_SECONDS)
    with database.read() as session:
        errands = ErrandRepository(session)
        errand = errands.wanted(ErrandKind.DRAWING, row.workspace, row.id)
        if errand is None or (errand.published_at is not None and errand.published_at >= again):
            return False
        if errands.count_published(ErrandKind.DRAWING, again) >= ASKED_AT_ONCE:
            return False
    what = f"the figures of {row.id}"
    return try_publish(
        lambda: publish_errand(database, publisher, ErrandKind.DRAWING, row.workspace, row.id, now), None, what
    )
