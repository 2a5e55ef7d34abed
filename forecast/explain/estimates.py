"""Probabilities and their log odds with Monte Carlo errors, weighed or not, and the change from one to another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.answer import ProbabilityStep
from forecast.explain.runs import REPLICATES, Fit
from forecast.explain.weights import Weights
from forecast.montecarlo import mcse_of_mean

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimated:
    """A probability from a number of futures, with its Monte Carlo standard error."""

    probability: float
    mcse: float
    futures: int

    @property
    def inside(self) -> float:
        """The probability; where none or all of the futures have it, (k + 1/2) / (n + 1)."""
        if 0.0 < self.probability < 1.0:
            return self.probability
        return (self.probability * self.futures + 0.5) / (self.futures + 1.0)

    @property
    def log_odds(self) -> float:
        return math.log(self.inside) - math.log1p(-self.inside)

    @property
    def slope(self) -> float:
        """Change of the log odds with the probability."""
        return 1.0 / (self.inside * (1.0 - self.inside))


def first_step(now: Estimated) -> ProbabilityStep:
    """A step with none before it."""
    return ProbabilityStep(
        probability=now.probability, mcse=now.mcse, log_odds=now.log_odds, change=0.0, change_mcse=0.0
    )


def next_step(now: Estimated, before: Estimated) -> ProbabilityStep:
    """A step after another from draws of their own; the error of the change is by the delta method."""
    error = math.hypot(now.slope * now.mcse, before.slope * before.mcse)
    return ProbabilityStep(
        probability=now.probability,
        mcse=now.mcse,
        log_odds=now.log_odds,
        change=now.log_odds - before.log_odds,
        change_mcse=error,
    )


@dataclass(frozen=True)
class WeighedMean:
    """Mean of one probability per draw, and what each draw contributes to its error; dims (draw)."""

    estimated: Estimated
    influence: FloatArray
    """Its mean has the error of the estimate: of a ratio of two means, by the delta method (Cochran 1977, Sampling
    Techniques, section 2.11)."""


def weighed_mean(values: FloatArray, weights: FloatArray | None, chains: int, replicates: int) -> WeighedMean:
    """Self-normalised mean of the probabilities of draws, chains end to end.

    The error holds the autocorrelation of the chains, the spread of the weights, and the binomial noise of
    probabilities that are shares of futures: shares spread by it.

    Parameters
    ----------
    weights
        Dims (draw), adding up to 1; None for equal ones.
    replicates
        Futures per draw.
    """
    count = len(values)
    weights = np.full(count, 1.0 / count) if weights is None else weights
    mean = float(np.clip(weights @ values, 0.0, 1.0))
    influence = count * weights * (values - mean)
    estimated = Estimated(mean, standard_error(influence, chains), count * replicates)
    if mean in (0.0, 1.0):  # none or all of the futures: half a future's error
        inside = estimated.inside
        estimated = Estimated(mean, math.sqrt(inside * (1.0 - inside) / estimated.futures), estimated.futures)
    return WeighedMean(estimated, influence)


def outcome_means(fit: Fit, weights: Weights | None) -> dict[str, WeighedMean]:
    """Probability of every outcome under a fit's draws, weighed or not."""
    return {
        outcome.id: weighed_mean(
            fit.probabilities[:, place], None if weights is None else weights.values, fit.chains, REPLICATES
        )
        for place, outcome in enumerate(fit.encoded.study.parts)
    }


def paired_step(now: WeighedMean, before: WeighedMean, chains: int) -> ProbabilityStep:
    """A step after another from the very same draws, whose errors cancel in part."""
    after, start = now.estimated, before.estimated
    return ProbabilityStep(
        probability=after.probability,
        mcse=after.mcse,
        log_odds=after.log_odds,
        change=after.log_odds - start.log_odds,
        change_mcse=standard_error(after.slope * now.influence - start.slope * before.influence, chains),
    )


def standard_error(influence: FloatArray, chains: int) -> float:
    """Monte Carlo standard error of a mean over draws, chains end to end."""
    return float(mcse_of_mean(influence.reshape(1, chains, -1))[0])
