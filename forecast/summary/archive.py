"""`draws.nc`: everything that a reader needs to check a forecast, as one labelled DataTree that ArviZ opens as is.

Groups: posterior, latent (the standard normals behind it), prior, posterior_predictive, sample_stats, observed_data,
constant_data, futures, mechanism (what a query needs to roll the futures forward again). Variable names are a contract (tests/contract/test_draws_contract.py).
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
from forecast.futures.stored import MECHANISM
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.stages import log_shifts
from forecast.model.encoding.units import Unit
from forecast.model.specs import ARRAYS
from forecast.study import Trial
from forecast.summary.descriptions import describe
from forecast.summary.fans import draw_next_counts
from forecast.summary.mechanism import futures_dataset, mechanism_dataset
from forecast.summary.posterior import resolution_probabilities, stream_seed
from forecast.summary.predicted_counts import predict_counts
from forecast.summary.rolled import Rolled, label_probabilities

FloatArray = npt.NDArray[np.float64]

LATENT = "latent"
PREDICTIVE_DRAWS = 1000
PRIOR_REPLICATES = 60
"""Futures of each prior draw, for outcomes without a closed form."""
PREDICTIVE_STREAM, PRIOR_STREAM = 3, 5
"""Beside the streams of `forecast.summary.rolled`."""
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
    rolled: Rolled,
    *,
    seed: int,
) -> xr.DataTree:
    """The whole tree; empty blocks are left out."""
    predictive, observed = _predict(encoded, reported, cases, seed)
    posterior = reported if cases is None else reported.assign(case_level=cases)
    groups = {
        POSTERIOR: posterior,
        LATENT: latent,
        PRIOR: _prior_dataset(encoded, prior, reported, rolled.present.closed, seed),
        POSTERIOR_PREDICTIVE: predictive,
        SAMPLE_STATS: stats[[name for name in STATS if name in stats]].rename(
            {name: new for name, new in STATS.items() if name in stats}
        ),
        OBSERVED_DATA: observed,
        CONSTANT_DATA: _constant_dataset(encoded),
        FUTURES: futures_dataset(rolled.futures, reported.sizes[DRAW]),
        MECHANISM: mechanism_dataset(encoded, rolled),
    }
    tree = xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})
    describe(tree)
    return tree


def write_tree(tree: xr.DataTree, path: Path) -> None:
    """Write NetCDF 4 (HDF5) that `xarray.open_datatree` and ArviZ read.

    The netcdf4 engine takes a quarter of h5netcdf's time on a tree of many small variables.
    """
    tree.to_netcdf(path, engine="netcdf4")


def _prior_dataset(
    encoded: EncodedStudy,
    prior: dict[str, FloatArray],
    reported: xr.Dataset,
    closed: npt.NDArray[np.bool_],
    seed: int,
) -> xr.Dataset:
    """Prior draws under the names, dims and labels that the posterior has, and the probabilities that they imply."""
    variables = {
        name: ((CHAIN, DRAW, *reported[name].dims[2:]), values[None])
        for name, values in prior.items()
        if name in reported and values.size
    }
    used = {str(dim) for dims, _ in variables.values() for dim in dims[2:]}
    draws = next(iter(prior.values())).shape[0]
    dataset = xr.Dataset(
        variables, coords={CHAIN: [0], DRAW: np.arange(draws), **{dim: reported[dim].values for dim in sorted(used)}}
    )
    probability = resolution_probabilities(
        encoded, dataset, replicates=PRIOR_REPLICATES, seed=stream_seed(seed, PRIOR_STREAM)
    )
    return dataset.merge(label_probabilities(encoded, probability[None], closed, PRIOR_REPLICATES))


def _predict(
    encoded: EncodedStudy, reported: xr.Dataset, cases: xr.DataArray | None, seed: int
) -> tuple[xr.Dataset, xr.Dataset]:
    """Replicated data beside the real.

    Successes of each binary case, events of each age band (weights left out), counts of the indicators; and, beyond
    the data, each indicator's count in the first period that was not complete at the as-of date.
    """
    step = max(1, -(-reported.sizes[CHAIN] * reported.sizes[DRAW] // PREDICTIVE_DRAWS))
    thin = {DRAW: slice(None, None, step)}
    few = reported.isel(thin)
    rng = np.random.default_rng([seed, PREDICTIVE_STREAM])
    predictive, observed = xr.Dataset(), xr.Dataset()
    if cases is not None:
        levels = cases.isel(thin)
        trials = [(place, unit) for place, unit in enumerate(encoded.units) if isinstance(unit.data, Trial)]
        if trials:
            predictive["successes"], observed["successes"] = _predict_trials(trials, levels, rng)
        if len(encoded.cells.unit):
            predictive["events"], observed["events"] = _predict_events(encoded, few, levels, rng)
    if "log_mean" in reported:
        predictive["next_count"] = draw_next_counts(encoded, few, rng)
        if encoded.arrays["count_value"].size:
            predictive["count"], observed["count"] = predict_counts(encoded, few, rng)
    if predictive:
        predictive = predictive.assign_coords({CHAIN: few[CHAIN], DRAW: few[DRAW]})
    return predictive, observed


def _predict_trials(
    trials: list[tuple[int, Unit]], levels: xr.DataArray, rng: np.random.Generator
) -> tuple[xr.DataArray, xr.DataArray]:
    """Successes of each binary case, replicated (chain, draw, unit) and real (unit)."""
    n = np.array([unit.data.trials for _, unit in trials])  # type: ignore[union-attr]
    p = 1.0 / (1.0 + np.exp(-levels.values[:, :, [place for place, _ in trials]]))
    labels = {UNIT: [unit.label for _, unit in trials]}
    replicated = xr.DataArray(rng.binomial(n.astype(np.int64), p), dims=(CHAIN, DRAW, UNIT), coords=labels)
    seen = [unit.data.successes for _, unit in trials]  # type: ignore[union-attr]
    return replicated, xr.DataArray(seen, dims=(UNIT,), coords=labels)


def _predict_events(
    encoded: EncodedStudy, reported: xr.Dataset, levels: xr.DataArray, rng: np.random.Generator
) -> tuple[xr.DataArray, xr.DataArray]:
    """Events of each age band over all cases, replicated (chain, draw, band) and real (band)."""
    cells = encoded.cells
    shape = reported["log_hazard_shape"].transpose(CHAIN, DRAW, BAND).values
    membership = np.zeros((len(cells.band), len(encoded.coords[BAND])))
    membership[np.arange(len(cells.band)), cells.band] = 1.0
    beside = shape[:, :, cells.band]
    if cells.stage.any():
        beta = reported["beta"].transpose(CHAIN, DRAW, "covariate").values
        shifts = log_shifts(beta.reshape(-1, beta.shape[2]), encoded.arrays["stage_covariates"])
        beside = beside + shifts[:, cells.stage].reshape(beside.shape)
    rate = np.exp(np.minimum(levels.values[:, :, cells.unit] + beside, 50.0))
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
