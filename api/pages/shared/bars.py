"""Small drawings of an estimate with its interval, as positions in percent of the width.

A template draws them as SVG with percent coordinates, so they stretch with the page and print.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from forecast.answer import Interval

LEAST_RATIO_SPAN: Final = math.log(2.0)
"""An axis of ratios reaches from a half to two at least, so that small differences look small."""


@dataclass(frozen=True)
class Bar:
    """An interval with its estimate; all positions in percent of the width."""

    low: str
    high: str
    estimate: str
    label: str
    """Text alternative of the drawing."""
    reference: str | None = None
    """A line to compare with, such as no effect."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar of shares; place and width in percent of the whole."""

    start: str
    width: str
    words: str
    """Inside it, where there is room."""
    shade: int


@dataclass(frozen=True)
class Shares:
    """One bar of all options of an outcome."""

    segments: tuple[Segment, ...]
    label: str
    """Text alternative of the drawing."""


SHADES: Final = 5
"""Of neighbouring segments."""
WIDTH_OF_LETTER: Final = 1.2
"""Percent of the width of a bar."""


def share_segments(shares: Sequence[tuple[str, float]]) -> Shares:
    """The bar of some options with their probabilities, in their order."""
    segments, start = [], 0.0
    for place, (title, probability) in enumerate(shares):
        width = 100.0 * probability
        words = title if WIDTH_OF_LETTER * len(title) < width else ""
        segments.append(Segment(f"{start:.2f}%", f"{width:.2f}%", words, place % SHADES))
        start += width
    return Shares(tuple(segments), ", ".join(f"{title} {probability:.0%}" for title, probability in shares))


@dataclass(frozen=True)
class BeforeAfter:
    """Two intervals with their estimates, one above the other: before some evidence, and after it."""

    before_low: str
    before_high: str
    before: str
    low: str
    high: str
    estimate: str
    label: str
    reference: str | None = None


@dataclass(frozen=True)
class Move:
    """A step from one place to another."""

    start: str
    end: str
    direction: str
    """up, down or none."""
    label: str


@dataclass(frozen=True)
class Scale:
    """Maps numbers to positions along a bar."""

    start: float
    end: float
    is_logarithmic: bool = False
    reference: float | None = None

    def position(self, value: float) -> str:
        """The place of a number in percent of the width; what lies outside is moved to the edge."""
        placed = math.log(max(value, 1e-12)) if self.is_logarithmic else value
        share = (placed - self.start) / (self.end - self.start)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}%"

    def bar(self, estimate: float, interval: Interval, label: str) -> Bar:
        """The bar of an estimate."""
        return Bar(
            low=self.position(interval.low),
            high=self.position(interval.high),
            estimate=self.position(estimate),
            label=label,
            reference=None if self.reference is None else self.position(self.reference),
        )

    def before_after(
        self, before: Interval, middle: float, after: Interval, estimate: float, label: str
    ) -> BeforeAfter:
        """Two intervals; `middle` is the estimate of the one before."""
        return BeforeAfter(
            before_low=self.position(before.low),
            before_high=self.position(before.high),
            before=self.position(middle),
            low=self.position(after.low),
            high=self.position(after.high),
            estimate=self.position(estimate),
            label=label,
            reference=None if self.reference is None else self.position(self.reference),
        )

    def move(self, start: float, end: float, label: str) -> Move:
        """A step between two numbers."""
        direction = "none" if start == end else "up" if end > start else "down"
        return Move(self.position(start), self.position(end), direction, label)


PROBABILITY: Final = Scale(0.0, 1.0)


def scale_from_zero(intervals: Iterable[Interval]) -> Scale:
    """From zero to the largest upper end."""
    return Scale(0.0, max((interval.high for interval in intervals), default=1.0) * 1.04 or 1.0)


def scale_around_zero(intervals: Iterable[Interval]) -> Scale:
    """Symmetric around no effect."""
    reach = max((max(abs(interval.low), abs(interval.high)) for interval in intervals), default=1.0) * 1.04 or 1.0
    return Scale(-reach, reach, reference=0.0)


def scale_of_ratios(intervals: Iterable[Interval]) -> Scale:
    """Logarithmic and symmetric around one."""
    ends = [abs(math.log(max(end, 1e-12))) for interval in intervals for end in (interval.low, interval.high)]
    reach = max([LEAST_RATIO_SPAN, *ends]) * 1.04
    return Scale(-reach, reach, is_logarithmic=True, reference=1.0)
