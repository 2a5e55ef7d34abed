"""Having the figures of a forecast drawn: at once when somebody looks at it, else when workers have nothing better to do.

A drawing takes longer than a small job. A service that is never idle draws what somebody asked for, and of the rest only
what is the newest forecast of its study for a while, so that its drawings cannot outgrow its jobs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from forecast.jobs.states import JobState
from forecast.queue.publish import Publisher, told
from forecast.store import Database, DrawingRepository, JobRepository

DRAW_AGAIN_SECONDS: Final = 180.0
"""Longer than any forecast takes to draw."""
DRAW_ANYWAY_SECONDS: Final = 600.0
"""How long a forecast must have been the newest of its study to be drawn while there are jobs."""
ASKED_AT_ONCE: Final = 5
"""Drawings on their way beyond which looking at yet another forecast asks for nothing; whoever looks asks again."""


def next_drawing(database: Database, now: datetime) -> str | None:
    """The forecast to draw next; one at a time, so that drawings do not take the cores from jobs."""
    again = now - timedelta(seconds=DRAW_AGAIN_SECONDS)
    with database.read() as session:
        jobs, drawings = JobRepository(session), DrawingRepository(session)
        if drawings.count_pending(again):
            return None
        is_busy = bool(jobs.count(JobState.RUNNING) or jobs.count(JobState.QUEUED))
        if is_busy:
            return drawings.next_lasting(again, now - timedelta(seconds=DRAW_ANYWAY_SECONDS))
        return drawings.next_waiting(again)


def ask_for_drawing(database: Database, publisher: Publisher, forecast_id: str, now: datetime) -> bool:
    """Have a forecast drawn that somebody looks at, if nobody has drawn it; tells whether the queue was told."""
    again = now - timedelta(seconds=DRAW_AGAIN_SECONDS)
    with database.read() as session:
        drawings = DrawingRepository(session)
        row = drawings.get(forecast_id)
        if row is None or row.drawn_at is not None or (row.published_at is not None and row.published_at >= again):
            return False
        if drawings.count_pending(again) >= ASKED_AT_ONCE:
            return False
    return told(lambda: tell_to_draw(database, publisher, forecast_id, now), None, f"the figures of {forecast_id}")


def tell_to_draw(database: Database, publisher: Publisher, forecast_id: str, now: datetime) -> None:
    """Tell the queue, then note it: a crash between the two costs one more message.

    Raises
    ------
    BrokerUnavailableError
        When the queue did not take it.
    """
    publisher.publish_drawing(forecast_id)
    with database.write() as session:
        row = DrawingRepository(session).get(forecast_id)
        if row is not None:
            row.published_at = now
