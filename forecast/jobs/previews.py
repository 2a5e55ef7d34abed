"""Previews of what a study's priors alone imply: asked for by digest, answered by a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forecast.answer import Confidence, HorizonPoint
from forecast.jobs.view import View


class PriorOutcome(View):
    """One outcome under the priors alone."""

    id: str
    """Id of the outcome in the study."""
    title: str
    """Title of the outcome."""
    kind: str
    """event, binary or threshold."""
    probability: float
    """Prior mean of the probability that the outcome occurs by its own date."""
    low: float
    """Lower end of the 90 % prior interval of the probability."""
    high: float
    """Upper end of the 90 % prior interval of the probability."""
    words: str
    """The ICD 203 wording of the probability, such as `very unlikely`."""
    confidence: Confidence | None = None
    """How well the priors know the probability, by the width of its interval, as in a forecast. Null in previews that
    were made before it was told."""
    horizon: tuple[HorizonPoint, ...]
    """Prior probability by the end of each future period, in order."""


class PriorAnswer(View):
    """What the priors imply; evidence is left out."""

    outcomes: tuple[PriorOutcome, ...]
    """Each outcome, in the study's order."""
    figure: dict[str, Any]
    """The probability of each outcome over time, as a Plotly figure."""
    draws: int
    """Number of prior draws."""


class PreviewView(View):
    """A preview that was asked for."""

    digest: str
    """SHA-256 (hex) of the canonical document; it identifies the preview."""
    state: str
    """waiting, ready or failed."""
    asked_at: datetime
    """When the preview was first requested (UTC)."""
    made_at: datetime | None
    """When it became ready or failed (UTC); null while it waits."""
    error: str | None
    """Why it failed, in words; null otherwise."""
    answer: PriorAnswer | None
    """What the priors imply; null unless the state is `ready`."""
