"""The present case rolled forward: simulated futures, and the probabilities of every draw."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from forecast.dims import CHAIN, DRAW, OUTCOME
from forecast.futures.hazards import cumulative_incidence
from forecast.futures.present import FloatArray, PresentCase
from forecast.futures.simulation import MAX_DRAWS, Futures, simulate_futures, thin_draws
from forecast.model.encoding.encode import EncodedStudy
from forecast.runtime.settings import get_settings
from forecast.summary.posterior import (
    draws_within_budget,
    exact_or_counted,
    present_case,
    resolution_probabilities,
    stream_seed,
)

THRESHOLD = "threshold"

SPREAD = 1000, 200
"""Draws and futures per draw of the second simulation, from which the spread of a probability is taken."""
MOVED_SPREAD = 500, 60
"""The same where factors, links or counts make a future ten times as dear. 500 draws place the ends of a 90 % interval
within a tenth of its standard deviation; 60 futures leave a binomial noise that `denoise` takes out."""

MORE_DRAWS = 20_000
"""Draws that are rolled forward at most where a study says how precise its probabilities have to be."""

FUTURES_STREAM, SPREAD_STREAM, EVERY_DRAW_STREAM = 1, 2, 4
"""Independent random streams derived from the job's seed."""


@dataclass(frozen=True)
class Rolled:
    """The present case rolled forward."""

    present: PresentCase
    """Of the draws that are rolled forward."""
    incidence: FloatArray
    """Dims (draw, outcome, horizon): exact, for outcomes with a closed form."""
    by_resolution: FloatArray
    """Dims (draw, outcome), for all draws: probability by the resolution date, exact or a share of futures."""
    futures: Futures
    replicated: Futures
    """Fewer draws, many futures each."""
    seed: int
    """Of `futures`."""

    @property
    def resolves(self) -> dict[str, float]:
        """Periods to each outcome's resolution date."""
        return dict(zip(self.present.outcomes, self.present.resolves.tolist(), strict=True))


def roll_forward(encoded: EncodedStudy, posterior: xr.Dataset, *, seed: int, replicates: int | None = None) -> Rolled:
    """Simulated futures and the probabilities of every draw; same posterior and seed, same futures.

    Parameters
    ----------
    replicates
        Futures of each draw; None for the study's own `futures_per_draw`.
    """
    each = encoded.study.sampler.futures_per_draw if replicates is None else replicates
    chains, draws = posterior.sizes[CHAIN], posterior.sizes[DRAW]
    most = MAX_DRAWS
    if encoded.study.sampler.target_mcse is not None:
        most = max(most, min(MORE_DRAWS, get_settings().max_futures // each))
    kept = thin_draws(chains, draws, min(most, draws_within_budget(encoded)))
    present = present_case(encoded, posterior, kept)
    own_seed = stream_seed(seed, FUTURES_STREAM)
    futures = simulate_futures(present, replicates=each, seed=own_seed, draws=kept)
    if len(kept) == chains * draws:
        by_resolution = exact_or_counted(present, futures)
    else:
        every_draw = stream_seed(seed, EVERY_DRAW_STREAM)
        by_resolution = resolution_probabilities(encoded, posterior, replicates=1, seed=every_draw)
    most, replicates = SPREAD if present.closed.all() else MOVED_SPREAD
    few = thin_draws(chains, len(kept) // chains, most)
    replicated = simulate_futures(
        present.select(few), replicates=replicates, seed=stream_seed(seed, SPREAD_STREAM), draws=kept[few]
    )
    return Rolled(present, cumulative_incidence(present), by_resolution, futures, replicated, own_seed)


def outcome_probabilities(encoded: EncodedStudy, posterior: xr.Dataset, rolled: Rolled) -> xr.Dataset:
    """`probability` (chain, draw, outcome) and, if there are any, `threshold_probability` (chain, draw, threshold).

    By the resolution date. Threshold outcomes have a dim of their own: no other posterior variable knows them.
    """
    shape = (posterior.sizes[CHAIN], posterior.sizes[DRAW], -1)
    coords = {CHAIN: posterior[CHAIN], DRAW: posterior[DRAW]}
    return label_probabilities(encoded, rolled.by_resolution.reshape(shape)).assign_coords(coords)


def label_probabilities(encoded: EncodedStudy, values: FloatArray) -> xr.Dataset:
    """The same from an array of dims (chain, draw, outcome), in which all outcomes of the study are."""
    ids = [outcome.id for outcome in encoded.study.outcomes]
    modelled = list(encoded.outcomes)
    thresholds = [id for id in ids if id not in modelled]
    variables = {"probability": (OUTCOME, modelled), "threshold_probability": (THRESHOLD, thresholds)}
    return xr.Dataset(
        {
            name: xr.DataArray(
                values[:, :, [ids.index(id) for id in found]], dims=(CHAIN, DRAW, dim), coords={dim: found}
            )
            for name, (dim, found) in variables.items()
            if found
        }
    )
