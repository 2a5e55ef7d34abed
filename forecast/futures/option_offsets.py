"""Offsets of the scores of options, so that their stated probabilities are the marginal ones.

The root of E softmax(x + offset + sum of delta + sum of gamma s) = softmax(x), over the patterns of causes that have occurred by the
resolution date and the mean of the factors' paths to it. It is found by the contraction offset <- offset + log(stated) -
log(mean), whose only fixed points are roots. Light: NumPy alone.

References
----------
The contraction: Berry, Levinsohn and Pakes (1995), Econometrica 63(4), doi:10.2307/2171802.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from forecast.futures.hazards import cumulative_incidence
from forecast.futures.odds_offsets import occurs_by, path_variance
from forecast.futures.present import FloatArray, IntArray, PresentCase, softmax

MAX_PATTERNS: Final = 32
"""Of causes that are counted one by one; further groups of causes, those that spread least, count with their mean."""
NODES: Final = (1, 11, 7, 4)
"""Gauss-Hermite nodes for each factor, by the number of factors; of more than three those that spread least are left out."""
STEPS: Final = 200
CLOSE: Final = 1e-7
"""Of the log of a probability."""


def option_offsets(present: PresentCase, options: IntArray) -> dict[int, FloatArray]:
    """Offsets of the scores of all options of one outcome, by their places, dims (draw); empty where nothing moves them."""
    shifts, weights = _with_factors(present, options, *_patterns(present, options))
    if not shifts.any():
        return {}
    offset = solve_offsets(present.level[:, options], shifts, weights)
    return {int(option): offset[:, place] for place, option in enumerate(options)}


def solve_offsets(level: FloatArray, shifts: FloatArray, weights: FloatArray) -> FloatArray:
    """The offsets at which the mean softmax of level + offset + shift is that of the level; dims (draw, option).

    Parameters
    ----------
    level
        Dims (draw, option).
    shifts, weights
        Dims (pattern, draw, option) and (pattern, draw); weights sum to 1 over patterns.
    """
    aim = np.log(np.maximum(softmax(level), 1e-300))
    offset: FloatArray = -(weights[:, :, None] * shifts).sum(axis=0)
    for _ in range(STEPS):
        mean = sum(
            weight[:, None] * softmax(level + offset + shift) for weight, shift in zip(weights, shifts, strict=True)
        )
        step = aim - np.log(np.maximum(mean, 1e-300))
        offset = offset + step
        if float(np.abs(np.where(aim > -30.0, step, 0.0)).max(initial=0.0)) < CLOSE:
            break
    return offset


def _patterns(present: PresentCase, options: IntArray) -> tuple[FloatArray, FloatArray]:
    """What causes add to the scores, dims (pattern, draw, option), and the probability of it, dims (pattern, draw)."""
    links, names = present.links, options.tolist()
    chosen = np.flatnonzero(np.isin(links.effect_on, options) & links.keeps_marginal).tolist()
    incidence = cumulative_incidence(present) if chosen else np.zeros((present.draws, 0, 0))
    found = []
    for group in dict.fromkeys(present.groups[links.cause[chosen]].tolist()):
        own = [link for link in chosen if present.groups[links.cause[link]] == group]
        shifts, chances = [], []
        for cause in dict.fromkeys(links.cause[own].tolist()):
            shift = np.zeros((present.draws, len(names)))
            of_cause = [link for link in own if links.cause[link] == cause]
            for link in of_cause:
                shift[:, names.index(links.effect_on[link])] = links.delta[:, link]
            shifts.append(shift)
            chances.append(occurs_by(present, incidence, of_cause[0], present.resolves[options[0]]))
        none = np.maximum(1.0 - np.sum(chances, axis=0), 0.0)
        ways = np.stack([np.zeros_like(shifts[0]), *shifts]), np.stack([none, *chances])
        mean = (ways[1][:, :, None] * ways[0]).sum(axis=0)
        spread = float((ways[1][:, :, None] * (ways[0] - mean) ** 2).sum(axis=0).mean())
        found.append((spread, mean, ways))
    patterns, weights = np.zeros((1, present.draws, len(names))), np.ones((1, present.draws))
    for _, mean, (shifts_of, chances_of) in sorted(found, key=lambda item: -item[0]):
        if len(patterns) * len(shifts_of) <= MAX_PATTERNS:
            patterns = (patterns[:, None] + shifts_of[None]).reshape(-1, present.draws, len(names))
            weights = (weights[:, None] * chances_of[None]).reshape(-1, present.draws)
        else:
            patterns = patterns + mean
    return patterns, weights


def _with_factors(
    present: PresentCase, options: IntArray, patterns: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The same with the mean paths of the factors, which are normal, at the nodes of a Gauss-Hermite rule."""
    factors, names = present.factors, options.tolist()
    periods = max(1, int(np.ceil(present.resolves[options[0]])))
    spreads: dict[int, FloatArray] = {}
    for effect in np.flatnonzero(np.isin(factors.effect_outcome, options)).tolist():
        factor = int(factors.effect_factor[effect])
        spread = spreads.setdefault(factor, np.zeros((present.draws, len(names))))
        deviation = np.sqrt(path_variance(present, factor, periods))
        spread[:, names.index(factors.effect_outcome[effect])] = factors.gamma[:, effect] * deviation
    moving = sorted(spreads.values(), key=lambda spread: -float((spread**2).mean()))[: len(NODES) - 1]
    places, shares = np.polynomial.hermite_e.hermegauss(NODES[len(moving)])
    shares = shares / shares.sum()
    moved, weighed = [], []
    for nodes in itertools.product(range(len(places)), repeat=len(moving)):
        shift = sum((places[node] * spread for node, spread in zip(nodes, moving, strict=True)), np.zeros((1, 1)))
        moved.append(patterns + shift)
        weighed.append(weights * float(np.prod(shares[list(nodes)])))
    return np.concatenate(moved), np.concatenate(weighed)
