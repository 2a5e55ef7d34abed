"""How an update came from the forecast before it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forecast.answer.parts import Part
from forecast.answer.thresholds import MAX_PARETO_K


class Update(Part):
    """Which way an update took."""

    way: Literal["reweighted", "refitted"]
    """`reweighted`: the earlier draws got importance weights. `refitted`: the chains were run again."""
    previous: str | None
    """Id of the forecast whose draws were weighted or where the chains started; null when none could be used."""
    pareto_k: float | None = Field(
        description=f"Pareto k of the importance weights; above {MAX_PARETO_K} they cannot be trusted. "
        "Null when nothing was weighted."
    )
    effective_draws: float | None
    """Kish effective sample size: how many equally weighted draws the weights are worth. Null when nothing was
    weighted."""
    reason: str
    """Why the update took this way, in words."""
