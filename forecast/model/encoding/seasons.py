"""Seasons of the year: which part of it a natural period lies in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.study.document.calendar import Period

IntArray = npt.NDArray[np.int64]

SEASONS: Final = {Period.WEEK: 52, Period.MONTH: 12, Period.QUARTER: 4}
"""Parts of a year by period; days and years have none. The 53rd ISO week of a year counts as its 52nd."""

PARTS_OF_A_YEAR: Final = {
    Period.DAY: 365.25,
    Period.WEEK: 52.18,
    Period.MONTH: 12.0,
    Period.QUARTER: 4.0,
    Period.YEAR: 1.0,
}
"""How many periods a year has."""


def seasons(period: Period, first_days: Sequence[date]) -> IntArray:
    """Part of the year, from 0, of natural periods that begin on these days; all 0 where a period has no season."""
    match period:
        case Period.WEEK:
            found = [min(day.isocalendar().week, SEASONS[Period.WEEK]) - 1 for day in first_days]
        case Period.MONTH:
            found = [day.month - 1 for day in first_days]
        case Period.QUARTER:
            found = [(day.month - 1) // 3 for day in first_days]
        case _:
            found = [0 for _ in first_days]
    return np.array(found, dtype=np.int64)
