"""Having the figures of a forecast drawn: at once when it is looked at, else when workers have nothing better to do.

A drawing takes longer than a small job. A service that is never idle draws what was asked for, and of the rest only
what is the newest forecast of its study for a while, so that its drawings cannot outgrow its jobs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from forecast.errands import ErrandKind
from forecast.errands.telling import tell_of_errand
from forecast.jobs.states import JobState
from forecast.queue.publish import Publisher, told
from forecast.store import Database, DrawingRepository, ErrandRepository, JobRepository
from forecast.store.tables.core import ForecastRow

DRAW_AGAIN_SECONDS: Final = 180.0
"""Longer than any forecast takes to draw."""
DRAW_ANYWAY_SECONDS: Final = 600.0
"""How long a forecast must have been the newest of its study to be drawn while there are jobs."""
ASKED_AT_ONCE: Final = 5
"""Drawings on their way beyond which looking at yet another forecast asks for nothing; looking again does."""


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
    """Have a forecast drawn that a reader looks at, if it is not drawn; tells whether the queue was told."""
    again = now - timedelta(seconds=DRAW_AGAIN_SECONDS)
    with database.read() as session:
        errands = ErrandRepository(session)
        errand = errands.wanted(ErrandKind.DRAWING, row.workspace, row.id)
        if errand is None or (errand.published_at is not None and errand.published_at >= again):
            return False
        if errands.count_published(ErrandKind.DRAWING, again) >= ASKED_AT_ONCE:
            return False
    what = f"the figures of {row.id}"
    return told(lambda: tell_of_errand(database, publisher, ErrandKind.DRAWING, row.workspace, row.id, now), None, what)
