"""Previews of what a study's priors alone imply: asked for by digest, answered by a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forecast.answer import HorizonPoint
from forecast.jobs.view import View


class PriorOutcome(View):
    """One outcome under the priors alone."""

    id: str
    title: str
    kind: str
    probability: float
    """By its own date, the mean over the priors."""
    low: float
    """The 90 % prior interval of the probability; so is `high`."""
    high: float
    words: str
    horizon: tuple[HorizonPoint, ...]


class PriorAnswer(View):
    """What the priors imply; evidence is left out."""

    outcomes: tuple[PriorOutcome, ...]
    figure: dict[str, Any]
    """The probability of each outcome over time, as Plotly reads it."""
    draws: int


class PreviewView(View):
    """A preview that was asked for."""

    digest: str
    state: str
    """waiting, ready or failed."""
    asked_at: datetime
    made_at: datetime | None
    error: str | None
    answer: PriorAnswer | None
