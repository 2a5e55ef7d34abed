"""`draws.nc`: everything that a reader needs to check a forecast, as one labelled DataTree that ArviZ opens as is.

Groups: posterior, latent (the standard normals behind it), prior, posterior_predictive, sample_stats, observed_data,
constant_data, futures. Variable names are a contract (tests/contract/test_draws_contract.py).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import (
    BAND,
    CHAIN,
    CONSTANT_DATA,
    DRAW,
    FUTURES,
    OBSERVED_DATA,
    POSTERIOR,
    POSTERIOR_PREDICTIVE,
    PRIOR,
    SAMPLE_STATS,
    UNIT,
)
from forecast.futures.hazards import cumulative_incidence, present_case, probability_by_resolution
from forecast.inference.labels import LATENT_SUFFIX
from forecast.model.arrays import ARRAYS
from forecast.model.encode import EncodedStudy
from forecast.study import Trial

FloatArray = npt.NDArray[np.float64]

LATENT = "latent"
PREDICTIVE_DRAWS = 1000
STATS = {
    "diverging": "diverging",
    "energy": "energy",
    "energy_error": "energy_error",
    "logp": "lp",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
    "depth": "tree_depth",
    "maxdepth_reached": "reached_max_treedepth",
}
"""nutpie's names and ArviZ's."""


def assemble_tree(
    encoded: EncodedStudy,
    reported: xr.Dataset,
    latent: xr.Dataset,
    stats: xr.Dataset,
    prior: dict[str, FloatArray],
    cases: xr.DataArray | None,
    futures: xr.Dataset,
    *,
    seed: int,
) -> xr.DataTree:
    """The whole tree; empty blocks are left out."""
    predictive, observed = _predict(encoded, reported, cases, seed)
    posterior = reported if cases is None else reported.assign(case_level=cases)
    groups = {
        POSTERIOR: posterior,
        LATENT: latent,
        PRIOR: _prior_dataset(encoded, prior),
        POSTERIOR_PREDICTIVE: predictive,
        SAMPLE_STATS: stats[[name for name in STATS if name in stats]].rename(
            {name: new for name, new in STATS.items() if name in stats}
        ),
        OBSERVED_DATA: observed,
        CONSTANT_DATA: _constant_dataset(encoded),
        FUTURES: futures,
    }
    return xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})


def write_tree(tree: xr.DataTree, path: Path) -> None:
    """Write NetCDF 4 (HDF5) that `xarray.open_datatree` and ArviZ read.

    The netcdf4 engine takes a quarter of h5netcdf's time on a tree of many small variables.
    """
    tree.to_netcdf(path, engine="netcdf4")


def _prior_dataset(encoded: EncodedStudy, prior: dict[str, FloatArray]) -> xr.Dataset:
    dims = {"log_hazard_shape": BAND, "class_level": "level", "beta": "covariate"}
    variables = {
        name: ((CHAIN, DRAW, dims.get(name, "outcome")), values[None])
        for name, values in prior.items()
        if not name.endswith(LATENT_SUFFIX) and values.size
    }
    used = {dim for names, _ in variables.values() for dim in names if dim in encoded.coords}
    draws = next(iter(prior.values())).shape[0]
    dataset = xr.Dataset(
        variables, coords={CHAIN: [0], DRAW: np.arange(draws), **{dim: encoded.coords[dim] for dim in sorted(used)}}
    )
    present = present_case(encoded, dataset)
    probability = probability_by_resolution(present, cumulative_incidence(present))
    return dataset.assign(probability=((CHAIN, DRAW, "outcome"), probability[None]))


def _predict(
    encoded: EncodedStudy, reported: xr.Dataset, cases: xr.DataArray | None, seed: int
) -> tuple[xr.Dataset, xr.Dataset]:
    """Replicated data beside the real: successes of each binary case, events of each age band (weights left out)."""
    if cases is None:
        return xr.Dataset(), xr.Dataset()
    step = max(1, -(-cases.sizes[CHAIN] * cases.sizes[DRAW] // PREDICTIVE_DRAWS))
    thin = {DRAW: slice(None, None, step)}
    levels = cases.isel(thin)
    rng = np.random.default_rng([seed, 3])
    predictive, observed = xr.Dataset(), xr.Dataset()
    trials = [(place, unit) for place, unit in enumerate(encoded.units) if isinstance(unit.case.data, Trial)]
    if trials:
        n = np.array([unit.case.data.trials for _, unit in trials])  # type: ignore[union-attr]
        p = 1.0 / (1.0 + np.exp(-levels.values[:, :, [place for place, _ in trials]]))
        labels = {UNIT: [unit.label for _, unit in trials]}
        predictive["successes"] = xr.DataArray(
            rng.binomial(n.astype(np.int64), p), dims=(CHAIN, DRAW, UNIT), coords=labels
        )
        seen = [unit.case.data.successes for _, unit in trials]  # type: ignore[union-attr]
        observed["successes"] = xr.DataArray(seen, dims=(UNIT,), coords=labels)
    if len(encoded.cells.unit):
        predictive["events"], observed["events"] = _predict_events(encoded, reported.isel(thin), levels, rng)
    return predictive.assign_coords({CHAIN: cases[CHAIN], DRAW: levels[DRAW]}), observed


def _predict_events(
    encoded: EncodedStudy, reported: xr.Dataset, levels: xr.DataArray, rng: np.random.Generator
) -> tuple[xr.DataArray, xr.DataArray]:
    """Events of each age band over all cases, replicated (chain, draw, band) and real (band)."""
    cells = encoded.cells
    shape = reported["log_hazard_shape"].transpose(CHAIN, DRAW, BAND).values
    membership = np.zeros((len(cells.band), len(encoded.coords[BAND])))
    membership[np.arange(len(cells.band)), cells.band] = 1.0
    rate = np.exp(np.minimum(levels.values[:, :, cells.unit] + shape[:, :, cells.band], 50.0))
    coords = {BAND: encoded.coords[BAND]}
    replicated = xr.DataArray(
        rng.poisson(np.minimum((rate * cells.exposure) @ membership, 1e9)), dims=(CHAIN, DRAW, BAND), coords=coords
    )
    return replicated, xr.DataArray(cells.events @ membership, dims=(BAND,), coords=coords)


def _constant_dataset(encoded: EncodedStudy) -> xr.Dataset:
    """Every array that the program was given, under its own name and dims."""
    coords = {dim: labels for dim, labels in encoded.coords.items() if labels}
    units = [unit.label for unit in encoded.units]
    variables = {name: (spec.dims, encoded.arrays[name]) for name, spec in ARRAYS.items() if encoded.arrays[name].size}
    used = {dim for dims, _ in variables.values() for dim in dims}
    labels = {dim: values for dim, values in {**coords, UNIT: units}.items() if dim in used}
    return xr.Dataset(variables, coords=labels)
