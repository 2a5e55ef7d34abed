"""The present case's probability under a study's arrays, by quadrature on a grid: nothing of it is shared with the solver.

The level's law and the spreads of classes and cases are bins of mass that are convolved; ages are Gauss-Hermite nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from forecast.model.arrays import ModelArrays

STEP = 0.004


@dataclass(frozen=True)
class Levels:
    """Bins of mass of the present case's level."""

    at: np.ndarray
    mass: np.ndarray


def levels(arrays: ModelArrays, outcome: int, *, reach: float = 16.0) -> Levels:
    """Of one outcome, from the array's own numbers; `reach` is the half width of the grid."""
    loc, scale, skew = (float(arrays[f"mu_{name}"][outcome]) for name in ("loc", "scale", "skew"))
    half = round(reach / STEP)
    edges = (np.arange(2 * half + 2) - half - 0.5) * STEP
    deviations = edges / scale
    if skew:
        # The level at each deviation, and back by interpolation.
        z = np.linspace(-12, 12, 200_001)
        level = (
            np.where(skew * z > 3, np.exp(3) - 1 + np.exp(3) * (skew * z - 3), np.expm1(np.minimum(skew * z, 3))) / skew
        )
        deviations = np.interp(deviations, level, z, left=-np.inf, right=np.inf)
    mass = np.diff(stats.norm.cdf(deviations))
    mass[0] += stats.norm.cdf(deviations[0])
    mass[-1] += stats.norm.sf(deviations[-1])
    weights = np.append(arrays["present_weights"][outcome], arrays["present_new"][outcome]).astype(float)
    beta = np.asarray(arrays["present_covariates"][outcome]) * np.asarray(arrays["beta_scale"])
    for widths, shares in (
        half_normal(float(arrays["tau_scale"][outcome]) * float(np.sqrt((weights**2).sum()))),
        half_normal(float(arrays["sigma_scale"][outcome])),
        (np.array([float(np.sqrt((beta**2).sum()))]), np.ones(1)),
    ):
        mass = spread(mass, edges, widths, shares)
    return Levels(loc + edges[:-1] + STEP / 2, mass)


def half_normal(scale: float, nodes: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Widths and their shares: equal steps of probability would be coarse at the tail, so Gauss-Legendre up to 6."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    at = 3.0 * (x + 1)
    return scale * at, 3.0 * w * 2 * stats.norm.pdf(at)


def spread(mass: np.ndarray, edges: np.ndarray, widths: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The mass convolved with a mixture of normals."""
    if not widths.any():
        return mass
    own = np.sum(
        [
            share * np.diff(stats.norm.cdf(edges / max(width, 1e-9)))
            for width, share in zip(widths, shares, strict=True)
        ],
        axis=0,
    )
    size = 2 * len(mass)
    found = np.fft.irfft(np.fft.rfft(mass, size) * np.fft.rfft(own / own.sum(), size), size)
    middle = len(mass) // 2
    kept = found[middle : middle + len(mass)].copy()
    # What leaves the grid stays at its ends.
    kept[0] += found[:middle].sum()
    kept[-1] += found[middle + len(mass) :].sum()
    return np.maximum(kept, 0.0)


def shapes(arrays: ModelArrays, outcome: int, bands: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Log hazards of some age bands beside the level, and their shares; dims (node, band)."""
    log_age, walk = np.asarray(arrays["band_log_age"])[bands], np.asarray(arrays["walk"])[bands]
    trend, wiggle = float(arrays["trend_scale"][outcome]), float(arrays["wiggle_scale"][outcome])
    if trend == 0 and wiggle == 0:
        return np.zeros((1, len(bands))), np.ones(1)
    (z, w), (y, v) = (np.polynomial.hermite_e.hermegauss(count) for count in (11, 7))
    w, v = w / w.sum(), v / v.sum()
    values, vectors = np.linalg.eigh(walk @ walk.T)
    loads = [vectors[:, k] * np.sqrt(values[k]) for k in range(len(bands)) if values[k] > 1e-12]
    widths, shares = half_normal(wiggle, 11)
    nodes = np.meshgrid(z, widths, *[y] * len(loads), indexing="ij")
    total = np.meshgrid(w, shares, *[v] * len(loads), indexing="ij")
    trends, sizes, *steps = (node.ravel() for node in nodes)
    walked = sum((step[:, None] * load for step, load in zip(steps, loads, strict=True)), np.zeros((1, len(bands))))
    share = np.prod([each.ravel() for each in total], axis=0)
    return trend * trends[:, None] * log_age + sizes[:, None] * walked, share / share.sum()


def quantiles_alone(
    arrays: ModelArrays, outcome: int, ahead: dict[int, float], quiet: dict[int, float], level: float = 0.9
) -> np.ndarray:
    """Low, median and high of 1 - exp(-sum of hazards) given quiet time, both by age band; of a binary one without `ahead`."""
    law = levels(arrays, outcome)
    bands = sorted({*ahead, *quiet})
    shape, shares = shapes(arrays, outcome, bands) if bands else (np.zeros((1, 0)), np.ones(1))
    before = np.exp(shape) @ np.array([quiet.get(band, 0.0) for band in bands])
    after = np.exp(shape) @ np.array([ahead.get(band, 0.0) for band in bands]) if ahead else np.ones(1)
    # A node of the ages at a time: weights of levels, and where each ends.
    order = np.argsort(before)
    steps = np.unique(np.quantile(before, np.linspace(0, 1, 200))) if before.any() else np.zeros(1)
    alive = np.cumsum(law.mass * np.exp(-np.exp(np.minimum(law.at, 50.0)) * steps[:, None]), axis=1)
    place = np.clip(np.searchsorted(steps, before[order]), 1, max(len(steps) - 1, 1)) if len(steps) > 1 else None

    def survivors(upto: np.ndarray) -> float:
        """Mass of levels below places, one for each node of the ages, still without an event."""
        columns = np.clip((upto - law.at[0]) / STEP - 0.5, 0, len(law.at) - 1.001)
        left = columns.astype(int)
        part = columns - left
        if place is None:
            values = alive[0, left] * (1 - part) + alive[0, left + 1] * part
        else:
            share = (before[order] - steps[place - 1]) / (steps[place] - steps[place - 1])
            rows = [(1 - share, place - 1), (share, place)]
            values = sum(s * (alive[r, left] * (1 - part) + alive[r, left + 1] * part) for s, r in rows)
        return float(values @ shares[order])

    total = survivors(np.full(len(shares), law.at[-1]))

    def below(y: float) -> float:
        return survivors(y - np.log(after[order])) / total

    found = [optimize.brentq(lambda y, q=q: below(y) - q, -40, 12) for q in ((1 - level) / 2, 0.5, (1 + level) / 2)]
    return -np.expm1(-np.exp(found)) if ahead else special.expit(found)


def quantiles_of_pair(
    arrays: ModelArrays, own: int, rival: int, time: float, quiet: float = 0.0, level: float = 0.9
) -> np.ndarray:
    """Of the cumulative incidence of one of two outcomes whose hazards are constant, given that neither happened before."""
    one, other = (coarse(levels(arrays, place)) for place in (own, rival))
    a, b = np.exp(np.minimum(one.at, 20))[:, None], np.exp(np.minimum(other.at, 20))[None, :]
    chance = a / (a + b) * -np.expm1(-time * (a + b))
    mass = one.mass[:, None] * other.mass[None, :] * np.exp(-quiet * (a + b))
    log_odds = np.log(chance) - np.log1p(-np.minimum(chance, 1 - 1e-16))
    order = np.argsort(log_odds, axis=None)
    rank = np.cumsum(mass.ravel()[order]) / mass.sum()
    return special.expit(np.interp(((1 - level) / 2, 0.5, (1 + level) / 2), rank, log_odds.ravel()[order]))


def coarse(law: Levels, every: int = 8) -> Levels:
    """Wider bins, and only those with mass."""
    size = len(law.at) // every * every
    at, mass = law.at[:size].reshape(-1, every).mean(axis=1), law.mass[:size].reshape(-1, every).sum(axis=1)
    kept = mass > 1e-12
    return Levels(at[kept], mass[kept])
