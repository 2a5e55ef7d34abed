"""Convergence of every scalar quantity that was sampled, and of the sampler itself.

References
----------
Rank-normalised split R-hat, bulk and tail effective sample size: Vehtari et al. (2021), Bayesian Analysis 16(2),
doi:10.1214/20-BA1221. Energy fraction of missing information: Betancourt (2016), arXiv:1604.00695.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from arviz_stats.base import array_stats
from scipy.special import ndtri
from scipy.stats import rankdata

from forecast.answer import Diagnostics, Discarded, ParameterDiagnostics
from forecast.dims import CHAIN, DRAW
from forecast.montecarlo import effective_sizes, mcse_of_mean
from forecast.runtime.machine import sampling_cores

FloatArray = npt.NDArray[np.float64]

NUMBERS_AT_ONCE: Final = 250_000
"""Draws of scalars that are diagnosed together: they fit into the caches of a core."""

TAIL: Final = (0.05, 0.95)
"""Quantiles whose effective sample size is the tail's."""


def diagnose(
    reported: xr.Dataset,
    stats: xr.Dataset,
    *,
    compilations: int,
    seconds: Mapping[str, float],
    rhat: Mapping[str, float] | None = None,
    discarded: Sequence[Discarded] = (),
) -> Diagnostics:
    """Diagnostics of every reported scalar, which the publication gate checks.

    Parameters
    ----------
    reported
        Dims chain, draw and labelled ones.
    stats
        Sample statistics (dims chain, draw): diverging, energy, depth, maxdepth_reached.
    rhat
        Of parameters whose chains were compared before these draws were taken from them, by name.
    """
    diverging = stats["diverging"].values
    depth = stats["depth"].values if "depth" in stats else None
    draws = dict(scalars(reported))
    return Diagnostics(
        parameters=tuple(diagnose_scalars(draws, reported=frozenset(draws), rhat=rhat or {}).values()),
        chains=stats.sizes[CHAIN],
        draws=stats.sizes[DRAW],
        divergences=int(diverging.sum()),
        divergence_fraction=float(diverging.mean()),
        bfmi=tuple(_finite(value) for value in _bfmi(stats["energy"].values)),
        tree_depth_mean=None if depth is None else float(depth.mean()),
        tree_depth_max=None if depth is None else int(depth.max()),
        tree_depth_limit_hits=int(stats["maxdepth_reached"].values.sum()) if "maxdepth_reached" in stats else 0,
        discarded=tuple(discarded),
        compilations=compilations,
        seconds=dict(seconds),
    )


def with_latent(
    diagnostics: Diagnostics, reported: xr.Dataset, latent: xr.Dataset, rhat: Mapping[str, float] | None = None
) -> Diagnostics:
    """The same with the deviations behind the reported quantities, shown but not gated.

    Diagnostics are invariant to location and scale: a deviation that is a reported quantity on another scale has those
    of that.
    """
    shown, own = dict(scalars(reported)), dict(scalars(latent))
    twins = {
        name: twin
        for name, draws in own.items()
        if (twin := name.replace("_z", "", 1)) in shown and _is_rescaled(draws, shown[twin])
    }
    alone = {name: draws for name, draws in own.items() if name not in twins}
    done = {found.name: found for found in diagnostics.parameters}
    done |= diagnose_scalars(alone, reported=(), rhat=rhat or {})
    for name, twin in twins.items():
        moments = {"mean": float(own[name].mean(dtype=float)), "sd": float(own[name].std(ddof=1, dtype=float))}
        done[name] = done[twin].model_copy(
            update={"name": name, "reported": False, "ess_tail": None, "mcse": None, **moments}
        )
    added = tuple(done[name] for name in own)
    return diagnostics.model_copy(update={"parameters": (*diagnostics.parameters, *added)})


def _bfmi(energy: FloatArray) -> FloatArray:
    """E-BFMI of each chain; `energy` has dims (chain, draw)."""
    return np.asarray(array_stats.bfmi(energy, chain_axis=0, draw_axis=1), dtype=float)


def _is_rescaled(draws: FloatArray, other: FloatArray) -> bool:
    draws, other = np.asarray(draws, dtype=float), np.asarray(other, dtype=float)
    spread = draws.std(), other.std()
    if not (np.isfinite(spread).all() and min(spread) > 0):
        return False
    one, two = (draws - draws.mean()) / spread[0], (other - other.mean()) / spread[1]
    return bool(np.allclose(one, two, rtol=0, atol=1e-9) or np.allclose(one, -two, rtol=0, atol=1e-9))


def scalars(dataset: xr.Dataset) -> Iterator[tuple[str, FloatArray]]:
    """Name and draws, dims (chain, draw), of every scalar, in the digits that it is kept in."""
    for name, variable in dataset.data_vars.items():
        labelled = [dim for dim in variable.dims if dim not in (CHAIN, DRAW)]
        values = variable.transpose(CHAIN, DRAW, *labelled).values
        flat = values.reshape(*values.shape[:2], -1)
        for index, label in enumerate(_labels(dataset, [str(dim) for dim in labelled])):
            yield f"{name}{label}", flat[:, :, index]


def _labels(dataset: xr.Dataset, dims: list[str]) -> list[str]:
    if not dims:
        return [""]
    grids = np.meshgrid(*[dataset[dim].values.astype(str) for dim in dims], indexing="ij")
    return [f"[{', '.join(parts)}]" for parts in zip(*[grid.ravel() for grid in grids], strict=True)]


def diagnose_scalars(
    draws: Mapping[str, FloatArray], *, reported: Collection[str], rhat: Mapping[str, float] = MappingProxyType({})
) -> dict[str, ParameterDiagnostics]:
    """Diagnostics of scalars by name, each with dims (chain, draw).

    A constant one (a spread that the study sets to 0) has no R-hat. For scalars that are not reported, neither the
    Monte Carlo error nor the tail ESS is computed. `rhat` is used where it is known.
    """
    names = list(draws)
    at_once = max(1, NUMBERS_AT_ONCE // max((values.size for values in draws.values()), default=1))
    blocks = [names[start : start + at_once] for start in range(0, len(names), at_once)]
    with ThreadPoolExecutor(sampling_cores()) as pool:
        done = list(pool.map(lambda block: _diagnose_block(block, draws, reported, rhat), blocks))
    return {found.name: found for block in done for found in block}


def diagnose_scalar(name: str, draws: FloatArray, *, reported: bool, rhat: float | None = None) -> ParameterDiagnostics:
    """The same for one scalar."""
    known = {} if rhat is None else {name: rhat}
    return diagnose_scalars({name: draws}, reported=(name,) if reported else (), rhat=known)[name]


def _diagnose_block(
    names: Sequence[str], draws: Mapping[str, FloatArray], reported: Collection[str], rhat: Mapping[str, float]
) -> list[ParameterDiagnostics]:
    values = np.stack([np.asarray(draws[name], dtype=float) for name in names])
    flat = values.reshape(len(names), -1)
    finite = np.isfinite(flat).all(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        mean, sd = flat.mean(axis=1), flat.std(axis=1, ddof=1)
        constant = np.ptp(flat, axis=1) <= np.finfo(float).eps * np.maximum(1.0, np.abs(mean))
    varies = finite & ~constant
    shown = varies & np.array([name in reported for name in names])
    asked = varies & np.array([name not in rhat for name in names])
    bulk = _normal_scores(values[varies])
    numbers = {
        "rhat": np.full(len(names), np.nan),
        "ess_bulk": _spread_out(effective_sizes(bulk), varies),
        "ess_tail": _spread_out(_tail_sizes(values[shown]), shown),
        "mcse": _spread_out(mcse_of_mean(values[shown]), shown),
    }
    numbers["rhat"][varies] = _split_rhat(bulk)
    middle = np.median(flat[asked], axis=1)[:, None, None]
    folded = _split_rhat(_normal_scores(np.abs(values[asked] - middle)))
    numbers["rhat"][asked] = np.maximum(numbers["rhat"][asked], folded)
    found = []
    for place, name in enumerate(names):
        if not finite[place]:
            known: dict[str, float | None] = dict.fromkeys(("mean", "sd", *numbers))
        elif constant[place]:
            known = {"mean": float(mean[place]), "sd": 0.0, **dict.fromkeys(numbers)}
        else:
            known = {"mean": float(mean[place]), "sd": float(sd[place])}
            known |= {number: _finite(values[place]) for number, values in numbers.items()}
            known["rhat"] = rhat.get(name, known["rhat"])
        found.append(ParameterDiagnostics(name=name, reported=name in reported, **known))
    return found


def _spread_out(values: FloatArray, where: npt.NDArray[np.bool_]) -> FloatArray:
    """Values at the places where something is so, NaN elsewhere."""
    result = np.full(len(where), np.nan)
    result[where] = values
    return result


def _normal_scores(values: FloatArray) -> FloatArray:
    """Ranks over all chains as normal quantiles; R-hat and the bulk's effective sample size share them.

    Dims (quantity, chain, draw), of the result too.
    """
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    ranks = rankdata(flat, axis=1).reshape(values.shape)
    return np.asarray(ndtri((ranks - 0.375) / (flat.shape[1] + 0.25)))


def _split_rhat(values: FloatArray) -> FloatArray:
    """R-hat of chains split in halves, dims (quantity, chain, draw) to (quantity)."""
    half = values.shape[2] // 2
    split = np.concatenate([values[:, :, :half], values[:, :, values.shape[2] - half :]], axis=1)
    between = half * split.mean(axis=2).var(axis=1, ddof=1)
    within = split.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((between / within + half - 1.0) / half))


def _tail_sizes(values: FloatArray) -> FloatArray:
    """The smaller effective sample size of the two quantiles of `TAIL`, dims (quantity, chain, draw) to (quantity)."""
    if not len(values):
        return np.zeros(0)
    ends = np.quantile(values.reshape(len(values), -1), TAIL, axis=1)
    sizes = [effective_sizes((values <= end[:, None, None]).astype(float)) for end in ends]
    return np.minimum(*sizes)


def _finite(value: npt.ArrayLike) -> float | None:
    number = float(np.asarray(value))
    return number if np.isfinite(number) else None
