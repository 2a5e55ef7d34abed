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
    """
    diverging = stats["diverging"].values
    depth = stats["depth"].values if "depth" in stats else None
    return Diagnostics(
        parameters=(*_parameters(reported, reported=True), *_parameters(latent, reported=False)),
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


def _parameters(dataset: xr.Dataset, *, reported: bool) -> Iterator[ParameterDiagnostics]:
    for name, variable in dataset.data_vars.items():
        labelled = [dim for dim in variable.dims if dim not in (CHAIN, DRAW)]
        values = np.asarray(variable.transpose(CHAIN, DRAW, *labelled).values, dtype=float)
        flat = values.reshape(*values.shape[:2], -1)
        labels = _labels(dataset, [str(dim) for dim in labelled])
        for index, label in enumerate(labels):
            yield diagnose_scalar(f"{name}{label}", flat[:, :, index], reported=reported)


def _labels(dataset: xr.Dataset, dims: list[str]) -> list[str]:
    if not dims:
        return [""]
    grids = np.meshgrid(*[dataset[dim].values.astype(str) for dim in dims], indexing="ij")
    return [f"[{', '.join(parts)}]" for parts in zip(*[grid.ravel() for grid in grids], strict=True)]


def diagnose_scalar(name: str, draws: FloatArray, *, reported: bool) -> ParameterDiagnostics:
    """Diagnostics of one scalar, dims (chain, draw). A constant one (a spread that the study sets to 0) has no R-hat."""
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
    return ParameterDiagnostics(
        name=name,
        reported=reported,
        mean=mean,
        sd=sd,
        rhat=_finite(array_stats.rhat(draws, **axes)),
        ess_bulk=_finite(array_stats.ess(draws, method="bulk", **axes)),
        ess_tail=_finite(array_stats.ess(draws, method="tail", prob=TAIL, **axes)),
        mcse=_finite(array_stats.mcse(draws, method="mean", **axes)),
    )


def _finite(value: npt.ArrayLike) -> float | None:
    number = float(np.asarray(value))
    return number if np.isfinite(number) else None
