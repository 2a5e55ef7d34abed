"""Convergence of every scalar quantity that was sampled, and of the sampler itself.

References
----------
Rank-normalised split R-hat, bulk and tail effective sample size: Vehtari et al. (2021), Bayesian Analysis 16(2),
doi:10.1214/20-BA1221. Energy fraction of missing information: Betancourt (2016), arXiv:1604.00695.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr
from arviz_stats.base import array_stats
from scipy.special import ndtri
from scipy.stats import rankdata

from forecast.answer import Diagnostics, ParameterDiagnostics
from forecast.dims import CHAIN, DRAW

FloatArray = npt.NDArray[np.float64]

TAIL = (0.05, 0.95)
"""Quantiles whose effective sample size is the tail's."""


def diagnose(
    reported: xr.Dataset,
    latent: xr.Dataset,
    stats: xr.Dataset,
    *,
    compilations: int,
    seconds: Mapping[str, float],
    rhat: Mapping[str, float] | None = None,
) -> Diagnostics:
    """Diagnostics of every scalar of two datasets (dims chain, draw and labelled ones).

    Parameters
    ----------
    reported
        Quantities that leave our hands: the publication gate looks at them.
    latent
        The standard normals behind them, shown but not gated.
    stats
        Sample statistics (dims chain, draw): diverging, energy, depth, maxdepth_reached.
    rhat
        Of parameters whose chains were compared before these draws were taken from them, by name.
    """
    diverging = stats["diverging"].values
    depth = stats["depth"].values if "depth" in stats else None
    return Diagnostics(
        parameters=tuple(_parameters(dict(scalars(reported)), dict(scalars(latent)), rhat or {})),
        chains=stats.sizes[CHAIN],
        draws=stats.sizes[DRAW],
        divergences=int(diverging.sum()),
        divergence_fraction=float(diverging.mean()),
        bfmi=tuple(_finite(value) for value in _bfmi(stats["energy"].values)),
        tree_depth_mean=None if depth is None else float(depth.mean()),
        tree_depth_max=None if depth is None else int(depth.max()),
        tree_depth_limit_hits=int(stats["maxdepth_reached"].values.sum()) if "maxdepth_reached" in stats else 0,
        compilations=compilations,
        seconds=dict(seconds),
    )


def _bfmi(energy: FloatArray) -> FloatArray:
    """E-BFMI of each chain; `energy` has dims (chain, draw)."""
    return np.asarray(array_stats.bfmi(energy, chain_axis=0, draw_axis=1), dtype=float)


def _parameters(
    reported: dict[str, FloatArray], latent: dict[str, FloatArray], rhat: Mapping[str, float]
) -> Iterator[ParameterDiagnostics]:
    """Diagnostics of every scalar, the reported ones first.

    They are invariant to location and scale: a latent that is a reported quantity on another scale has those of that.
    """
    twins = {
        name: twin
        for name, draws in latent.items()
        if (twin := name.replace("_z", "", 1)) in reported and _is_rescaled(draws, reported[twin])
    }
    own = reported | {name: draws for name, draws in latent.items() if name not in twins}
    done = {
        name: diagnose_scalar(name, draws, reported=name in reported, rhat=rhat.get(name))
        for name, draws in own.items()
    }
    yield from (done[name] for name in reported)
    for name, draws in latent.items():
        if name not in twins:
            yield done[name]
            continue
        moments = {"mean": float(draws.mean()), "sd": float(draws.std(ddof=1))}
        yield done[twins[name]].model_copy(
            update={"name": name, "reported": False, "ess_tail": None, "mcse": None, **moments}
        )


def _is_rescaled(draws: FloatArray, other: FloatArray) -> bool:
    spread = draws.std(), other.std()
    if not (np.isfinite(spread).all() and min(spread) > 0):
        return False
    one, two = (draws - draws.mean()) / spread[0], (other - other.mean()) / spread[1]
    return bool(np.allclose(one, two, rtol=0, atol=1e-9) or np.allclose(one, -two, rtol=0, atol=1e-9))


def scalars(dataset: xr.Dataset) -> Iterator[tuple[str, FloatArray]]:
    """Name and draws, dims (chain, draw), of every scalar."""
    for name, variable in dataset.data_vars.items():
        labelled = [dim for dim in variable.dims if dim not in (CHAIN, DRAW)]
        values = np.asarray(variable.transpose(CHAIN, DRAW, *labelled).values, dtype=float)
        flat = values.reshape(*values.shape[:2], -1)
        for index, label in enumerate(_labels(dataset, [str(dim) for dim in labelled])):
            yield f"{name}{label}", flat[:, :, index]


def _labels(dataset: xr.Dataset, dims: list[str]) -> list[str]:
    if not dims:
        return [""]
    grids = np.meshgrid(*[dataset[dim].values.astype(str) for dim in dims], indexing="ij")
    return [f"[{', '.join(parts)}]" for parts in zip(*[grid.ravel() for grid in grids], strict=True)]


def diagnose_scalar(name: str, draws: FloatArray, *, reported: bool, rhat: float | None = None) -> ParameterDiagnostics:
    """Diagnostics of one scalar, dims (chain, draw).

    A constant one (a spread that the study sets to 0) has no R-hat. One that is not reported has neither a Monte Carlo
    error nor a tail of its own: nobody reads its mean or its interval. `rhat` is used where it is known.
    """
    if not np.isfinite(draws).all():
        return ParameterDiagnostics(
            name=name, reported=reported, mean=None, sd=None, rhat=None, ess_bulk=None, ess_tail=None, mcse=None
        )
    mean, sd = float(draws.mean()), float(draws.std(ddof=1))
    if float(draws.max() - draws.min()) <= np.finfo(float).eps * max(1.0, abs(mean)):
        return ParameterDiagnostics(
            name=name, reported=reported, mean=mean, sd=0.0, rhat=None, ess_bulk=None, ess_tail=None, mcse=None
        )
    axes = {"chain_axis": 0, "draw_axis": 1}
    bulk = _normal_scores(draws)
    if rhat is None:
        folded = _normal_scores(np.abs(draws - np.median(draws)))
        rhat = _finite(max(array_stats.rhat(scores, method="split", **axes) for scores in (bulk, folded)))
    return ParameterDiagnostics(
        name=name,
        reported=reported,
        mean=mean,
        sd=sd,
        rhat=rhat,
        ess_bulk=_finite(array_stats.ess(bulk, method="mean", **axes)),
        ess_tail=_finite(array_stats.ess(draws, method="tail", prob=TAIL, **axes)) if reported else None,
        mcse=_finite(array_stats.mcse(draws, method="mean", **axes)) if reported else None,
    )


def _normal_scores(draws: FloatArray) -> FloatArray:
    """Ranks over all chains as normal quantiles; R-hat and the bulk's effective sample size share them."""
    ranks = rankdata(draws, axis=None).reshape(draws.shape)
    return np.asarray(ndtri((ranks - 0.375) / (draws.size + 0.25)))


def _finite(value: npt.ArrayLike) -> float | None:
    number = float(np.asarray(value))
    return number if np.isfinite(number) else None
