"""Every two outcomes together: joint and conditional probabilities, counted over the futures."""

from __future__ import annotations

import numpy as np

from forecast.answer import PairProbability
from forecast.futures.scenarios import (
    LEAST_EFFECTIVE_DRAWS,
    Estimate,
    conditional_each,
    draws_left,
    estimate_each,
)
from forecast.summary.rolled import Rolled


def summarize_pairs(rolled: Rolled) -> tuple[PairProbability, ...]:
    """Every ordered pair of different outcomes, each by its own resolution date, in the study's order.

    A conditional probability is None where the condition leaves fewer than `LEAST_EFFECTIVE_DRAWS`.
    """
    if not rolled.futures.outcomes:
        return ()
    futures = rolled.futures
    outcomes, replicates, chains = futures.outcomes, futures.times.shape[1], futures.chains
    happened = (futures.times <= rolled.present.resolves).astype(np.int64)
    marginal = estimate_each(happened.sum(axis=1).T, replicates, chains)
    result: dict[tuple[str, str], PairProbability] = {}
    for column, given in enumerate(outcomes):
        joint = np.einsum("dr,dro->od", happened[:, :, column], happened)
        joints = estimate_each(joint, replicates, chains)
        left = draws_left(marginal[column])
        conditionals: list[Estimate] | list[None] = [None] * len(outcomes)
        if left >= LEAST_EFFECTIVE_DRAWS:
            conditionals = conditional_each(joint, joint[column], replicates, chains)
        for outcome, both, conditional in zip(outcomes, joints, conditionals, strict=True):
            result[outcome, given] = PairProbability(
                outcome=outcome,
                given=given,
                joint=both.probability,
                joint_mcse=both.mcse,
                conditional=None if conditional is None else conditional.probability,
                conditional_mcse=None if conditional is None else conditional.mcse,
                effective_draws=left,
            )
    return tuple(result[outcome, given] for outcome in outcomes for given in outcomes if outcome != given)
