"""How an update came from the forecast before it."""

from __future__ import annotations

from typing import Literal

from forecast.answer.parts import Part


class Update(Part):
    """Which way an update took."""

    way: Literal["reweighted", "refitted"]
    previous: str | None
    """The forecast whose draws were weighed or where the chains started; None when there was none to use."""
    pareto_k: float | None
    """Of the importance weights; above 0.7 they cannot be trusted. None where nothing was weighed."""
    effective_draws: float | None
    """How many equally weighted draws the weights are worth (Kish)."""
    reason: str
    """Why this way."""
