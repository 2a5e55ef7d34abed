"""How well a probability is known, beside how likely the event is.

Intelligence Community Directive 203 (2015), section D.6.e(2), keeps the two apart: likelihood is about the event,
confidence about what the judgment rests on, and no sentence may combine them. Pages give each a place of its own.
"""

from __future__ import annotations

from forecast.answer import Confidence, Interval
from forecast.answer.thresholds import HIGH_CONFIDENCE_WIDTH, MODERATE_CONFIDENCE_WIDTH


def confidence_level(interval: Interval) -> Confidence:
    """The confidence in a probability, by the width of its 90 % interval."""
    width = interval.high - interval.low
    if width <= HIGH_CONFIDENCE_WIDTH:
        return "high"
    return "moderate" if width <= MODERATE_CONFIDENCE_WIDTH else "low"
