"""How the effect of a link goes on after its cause has occurred: from when it acts, and how it fades.

    share(age) = 0                                       before the delay is over
               = 2^(-(k - 1/2) / half_life)              in the k-th whole period in which it acts
               = 0                                       after `LASTING` half-lives

The effect on a log rate is constant within each of these periods, so that its hazards have exact integrals. The effect on
log odds, which are asked for on one day alone, has the power at that day itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp2, inf, log, sinh
from typing import Final

LASTING: Final = 10
"""Half-lives until nothing is left: a thousandth of the effect."""


@dataclass(frozen=True)
class Course:
    """Of one link, in periods."""

    delay: float = 0.0
    """Periods from the occurrence of the cause until the effect begins."""
    half_life: float = inf
    """Periods in which the effect halves; infinite for one that stays."""

    @property
    def is_plain(self) -> bool:
        """Whether the effect begins at once and stays."""
        return self.delay == 0.0 and self.half_life == inf

    @property
    def lasts(self) -> float:
        """Whole periods in which it acts."""
        return inf if self.half_life == inf else ceil(LASTING * self.half_life)

    def turns(self, until: float) -> tuple[tuple[float, float], ...]:
        """Where the share changes: (periods since the cause, share from there on), in their order, before some time."""
        if self.half_life == inf:
            return ((self.delay, 1.0),) if self.delay < until else ()
        found: list[tuple[float, float]] = []
        while (age := self.delay + len(found)) < until:
            share = self._power(len(found) + 0.5) if len(found) < self.lasts else 0.0
            found.append((age, share))
            if share == 0.0:
                break
        return tuple(found)

    def share(self, age: float) -> float:
        """Of the effect on a log rate, some periods after the cause occurred."""
        acting = age - self.delay
        if acting < 0.0 or acting >= self.lasts:
            return 0.0
        return self._power(acting // 1.0 + 0.5)

    def share_on_day(self, age: float) -> float:
        """Of the effect on log odds that are asked for some periods after the cause occurred."""
        acting = age - self.delay
        return 0.0 if acting < 0.0 or acting >= self.lasts else self._power(acting)

    @property
    def mean_over_middle(self) -> float:
        """Mean share on the days of one period over that at its middle."""
        rate = log(2.0) / self.half_life
        return sinh(rate / 2.0) / (rate / 2.0) if rate else 1.0

    def _power(self, acting: float) -> float:
        return exp2(-acting / self.half_life)
