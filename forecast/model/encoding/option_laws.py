"""Levels of the scores of options, so that the present case has the stated probabilities before any evidence.

Probabilities that add up to 1 are means. With scores m_k + normal(0, v) of one variance v, an option turns out true where its
score plus a Gumbel variable is the largest. With F the distribution function of such a sum about 0, and f its density,

    P_k = integral of f(x - m_k) times the product over j of F(x - m_j), j other than k, dx,

averaged over the spreads of classes and cases that v holds. The means m are found by m <- m + log(stated) - log(P). Nothing here
depends on the order of options.

References
----------
Random utility: McFadden (1974), Frontiers in Econometrics. The contraction: Berry, Levinsohn and Pakes (1995), Econometrica
63(4), doi:10.2307/2171802.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.stated import Law
from forecast.study import Outcome, Study
from forecast.study.document.options import part_id

FloatArray = npt.NDArray[np.float64]

SPREAD_NODES: Final = 40
"""Quantiles of each half-normal spread."""
VARIANCES: Final = 16
"""Of the score of the present case, each as likely; each the mean over some of the pairs of quantiles."""
NODES: Final = 61
"""Gauss-Hermite nodes of the normal part of a score."""
REACH: Final = 14.0
"""So far beyond the scores, beside what their normal part adds, lies the grid of the integral."""
STEP, FINE_STEP = 0.1, 0.02
"""Of that grid, and of the tables that it is read from."""
CLOSE: Final = 1e-6
ROUNDS: Final = 200


def option_laws(study: Study) -> dict[str, Law]:
    """Laws of the levels of options whose probabilities are stated, by option as an outcome of its own."""
    found: dict[str, Law] = {}
    for outcome in study.outcomes:
        options = outcome.options or ()
        stated = {part_id(outcome.id, o.id): o.probability for o in options if o.probability is not None}
        if stated:
            parts = outcome.parts
            level = parts[0].prior_on_scale(study.horizon)
            # In one order, whatever that of the study.
            ordered = sorted(stated.items(), key=lambda item: item[1])
            means = solved_means(tuple(p for _, p in ordered), _variances(study, parts[0], level.sd))
            found |= {name: Law(mean, level.sd) for (name, _), mean in zip(ordered, means, strict=True)}
    return found


def _variances(study: Study, part: Outcome, sd: float) -> tuple[float, ...]:
    """Equally likely variances of the score of the present case: of its level, and of what class and case add."""
    serving = {group.id for group in study.reference_classes if part.id.partition(".")[0] in group.outcomes}
    weights = [weight for name, weight in part.class_weights.items() if name in serving]
    parts = [*weights, min(max(1.0 - sum(weights), 0.0), 1.0)] if part.is_blend else [1.0]
    mixing = sum(weight**2 for weight in parts)
    half = [NormalDist().inv_cdf(0.5 + 0.5 * (place + 0.5) / SPREAD_NODES) for place in range(SPREAD_NODES)]
    classes, cases = (
        mixing * (part.pooling.class_sd * np.array(half)) ** 2,
        (part.pooling.case_sd * np.array(half)) ** 2,
    )
    total = np.sort((classes[:, None] + cases[None, :]).ravel()).reshape(VARIANCES, -1).mean(axis=1)
    return tuple((sd**2 + total).tolist())


@functools.lru_cache(maxsize=64)
def solved_means(probabilities: tuple[float, ...], variances: tuple[float, ...]) -> tuple[float, ...]:
    """Means of the scores of options, adding up to 0, with these probabilities under equally likely variances."""
    aim = np.log(np.array(probabilities) / sum(probabilities))
    tables = [_Table.of(variance) for variance in variances]
    means = aim - aim.mean()
    for _ in range(ROUNDS):
        step = aim - np.log(np.mean([table.chances(means) for table in tables], axis=0))
        means = means + step
        means = means - means.mean()
        if float(np.abs(step).max()) < CLOSE:
            break
    return tuple(means.tolist())


@dataclass(frozen=True)
class _Table:
    """Of the sum of a normal variable about 0 and a Gumbel variable, by value: logs of distribution function and density."""

    values: FloatArray
    log_below: FloatArray
    log_density: FloatArray

    @classmethod
    def of(cls, variance: float) -> _Table:
        """Of one variance of the normal variable."""
        reach = REACH + 5.0 * variance**0.5
        values = np.arange(-reach, 2.0 * reach, FINE_STEP)
        places, weights = np.polynomial.hermite_e.hermegauss(NODES)
        decay = np.exp(-np.maximum(values[:, None] - variance**0.5 * places, -700.0))
        below, density = (part @ weights / weights.sum() for part in (np.exp(-decay), decay * np.exp(-decay)))
        return cls(values, *(np.log(np.maximum(part, 1e-300)) for part in (below, density)))

    def chances(self, means: FloatArray) -> FloatArray:
        """Probability of each option whose scores have these means."""
        grid = np.arange(self.values[0] + means.min(), self.values[-1] + means.max(), STEP)
        log_below, log_density = (
            np.stack([np.interp(grid - mean, self.values, part) for mean in means])
            for part in (self.log_below, self.log_density)
        )
        found = np.exp(log_density + log_below.sum(axis=0) - log_below).sum(axis=1)
        return np.asarray(found / found.sum())
