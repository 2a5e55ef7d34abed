"""Which indicators may have spikes and idle periods, and the priors of these."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.study import Indicator, Observation

ALWAYS_FROM: Final = 24
"""Counts from which on an indicator may have spikes and idle periods."""
STANDS_OUT: Final = 20
"""So it may where one of fewer counts is above this many times one more than their median."""
FEWEST: Final = 6

MOST_SPIKES: Final = 0.15
"""Share of periods that are spikes, at most."""
LEAST_SPIKE: Final = math.log(5.0)
"""How much higher the log mean of spikes is, at least: what is nearer is the dispersion's."""
SPIKE_SCALE: Final = 6.0
"""Half-normal scale of what is beyond that: a spike may be a thousand times the usual count."""
MOST_IDLE: Final = 0.5
"""Share of periods that are idle, at most."""


def mixed_indicators(
    indicators: Sequence[Indicator], observations: Mapping[str, tuple[Observation, ...]]
) -> tuple[str, ...]:
    """Ids of the indicators that have a mixture."""
    return tuple(i.id for i in indicators if _is_mixed([observation.value for observation in observations[i.id]]))


def _is_mixed(counts: Sequence[int]) -> bool:
    if len(counts) >= ALWAYS_FROM:
        return True
    return len(counts) >= FEWEST and max(counts) > STANDS_OUT * (1.0 + float(np.median(counts)))


def mixture_arrays(indicators: Sequence[Indicator], mixed: Sequence[str]) -> dict[str, npt.ArrayLike]:
    """Arrays of the block mixture."""
    size = len(mixed)
    return {
        "indicator_mixture": np.array([mixed.index(i.id) + 1 if i.id in mixed else 0 for i in indicators], dtype=int),
        "spike_share_most": np.full(size, MOST_SPIKES),
        "spike_size_least": np.full(size, LEAST_SPIKE),
        "spike_size_scale": np.full(size, SPIKE_SCALE),
        "idle_share_most": np.full(size, MOST_IDLE),
    }
