"""Stated shares: probabilities of outcomes of which one must occur, given that.

With F_k(t) the probability that k happens by t before the others, D the day by which one must, and quiet time of B expected
events before the statement, A more from there to D,

    P_k = F_k(t) / sum of F_j(D) over j,   weight (e^-B - e^-(B + A)) / (1 - e^-(B + A))

at every point of all levels, and of what classes, cases, covariates and ages add to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.stated.chances import LOG_LARGEST, Points, log_expected, segment_hazards
from forecast.model.encoding.stated.law import Law
from forecast.model.encoding.stated.normals import cdf
from forecast.model.encoding.stated.statement import Group, Statement

FloatArray = npt.NDArray[np.float64]

_TINY: Final = 1e-300


def share_quantiles(group: Group, points: Sequence[Points], laws: Sequence[Law]) -> FloatArray:
    """Log odds of shares at the stated levels of belief; dims (member that states some, quantile)."""
    levels = [each.level(law) for each, law in zip(points, laws, strict=True)]
    # Statements of one day about one date have their way in common.
    ways: dict[object, tuple[FloatArray, FloatArray | None]] = {}
    found = []
    for place in group.asked:
        statement = group.members[place].statement
        assert statement is not None
        way = (statement.lengths, statement.at_bands, statement.quiet, statement.ahead)
        if way not in ways:
            ways[way] = _along(statement, points, levels)
        log_odds, weights = ways[way]
        found.append(_quantiles(log_odds[place], weights, cdf(np.array(statement.normals))))
    return np.array(found)


def _along(
    statement: Statement, points: Sequence[Points], levels: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray | None]:
    """Log odds of the shares of all members, dims (member, point), and weights of points; None where all are the same."""
    hazards = np.array(
        [
            segment_hazards(lengths, bands, level, each.shape)
            for lengths, bands, level, each in zip(statement.lengths, statement.at_bands, levels, points, strict=True)
        ]
    )
    total = hazards.sum(axis=0)
    before = np.cumsum(total, axis=0) - total
    happens = np.divide(np.exp(-before) * -np.expm1(-total), total, out=np.ones_like(total), where=total > 0.0)
    occurred = hazards * happens
    yes = occurred[:, : statement.ahead].sum(axis=1)
    whole = occurred.sum(axis=1)
    others = (1.0 - np.eye(len(levels))) @ whole
    no = others + occurred[:, statement.ahead :].sum(axis=1)
    log_odds = np.log(np.maximum(yes, _TINY)) - np.log(np.maximum(no, _TINY))
    if not any(sum(quiet) > 0.0 for quiet in statement.quiet):
        return log_odds, None
    past = np.sum(
        [
            np.exp(np.minimum(level + log_expected(quiet, each.shape), LOG_LARGEST))
            for quiet, level, each in zip(statement.quiet, levels, points, strict=True)
            if sum(quiet) > 0.0
        ],
        axis=0,
    )
    ahead = total.sum(axis=0)
    weights = np.exp(-past) * np.expm1(-ahead) / np.minimum(np.expm1(-past - ahead), -_TINY)
    return log_odds, np.maximum(weights, _TINY)


def _quantiles(values: FloatArray, weights: FloatArray | None, shares: FloatArray) -> FloatArray:
    """Of points, each of which stands for the middle of its weight."""
    if weights is None:
        return np.asarray(np.interp(shares, (np.arange(len(values)) + 0.5) / len(values), np.sort(values)))
    order = np.argsort(values)
    rank = np.cumsum(weights[order])
    return np.asarray(np.interp(shares * rank[-1], rank - 0.5 * weights[order], values[order]))
