"""Intervals of a present case that lies outside the range of its cases.

There an effect is a straight line that no case supports, and far enough outside every draw is sure of 0 or 1. So such
an interval holds, besides what the line gives, what holds if the effect ends at the nearest value that a case has.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from forecast.answer import Interval, IntervalError
from forecast.dims import CHAIN, DRAW
from forecast.futures.present import FloatArray, IntArray, PresentCase
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study.checks.ranges import extrapolations
from forecast.summary.ends import Ends


def present_at_edges(
    encoded: EncodedStudy, posterior: xr.Dataset, present: PresentCase, draws: IntArray
) -> PresentCase | None:
    """The present case with each covariate that is outside the range of its cases at the edge of it; None without any.

    Parameters
    ----------
    draws
        Those of `present`, among all of the posterior, chain by chain.
    """
    found = [each for each in extrapolations(encoded.study) if each.outcome in encoded.outcomes]
    if not found:
        return None
    beta = posterior["beta"].transpose(CHAIN, DRAW, "covariate")
    level = present.level.copy()
    for each in found:
        own = beta.sel(covariate=each.covariate).values.ravel()[draws]
        steps = (each.edge - each.value) / encoded.standardizations[each.covariate].scale
        level[:, present.outcomes.index(each.outcome)] += own * steps
    return replace(present, level=level, offsets=None)


def hull(ends: Ends, at_edges: Ends) -> Ends:
    """The interval that holds both, with the errors of its ends."""
    first, second = ends.interval, at_edges.interval
    low, high = min(first.low, second.low), max(first.high, second.high)
    mcse = None
    if ends.mcse is not None and at_edges.mcse is not None:
        mcse = IntervalError(
            low=ends.mcse.low if first.low <= second.low else at_edges.mcse.low,
            high=ends.mcse.high if first.high >= second.high else at_edges.mcse.high,
        )
    return Ends(Interval(level=first.level, low=low, high=high), ends.median, mcse)


def hull_by_period(ends: FloatArray, at_edges: FloatArray) -> FloatArray:
    """The same of both ends by period, dims (end, horizon)."""
    return np.stack([np.minimum(ends[0], at_edges[0]), np.maximum(ends[1], at_edges[1])])
