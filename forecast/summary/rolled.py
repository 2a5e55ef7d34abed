"""The present case rolled forward: simulated futures, and the probabilities of every draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, CLOSED, DRAW, SIMULATED
from forecast.futures.correction import corrected
from forecast.futures.hazards import cumulative_incidence
from forecast.futures.present import FloatArray, PresentCase
from forecast.futures.scenarios import evaluate
from forecast.futures.shares import noise_share, share_quantiles
from forecast.futures.simulation import MAX_DRAWS, Futures, simulate_futures, thin_draws
from forecast.model.encoding.encoded import EncodedStudy
from forecast.runtime.settings import get_settings
from forecast.summary.edges import present_at_edges
from forecast.summary.ends import counted_ends
from forecast.summary.posterior import (
    draws_within_budget,
    exact_or_counted,
    present_case,
    resolution_probabilities,
    stream_seed,
)

SPREAD = 1000, 200
"""Draws and futures per draw of the second simulation, from which the spread of a probability is taken."""
MOVED_SPREAD = 500, 60
"""The same where factors, links or counts make a future ten times as dear. 500 draws place the ends of a 90 % interval
within a tenth of its standard deviation; 60 futures leave a binomial noise that `forecast.futures.shares` takes out."""
MORE_DRAWS_SPREAD, MORE_FUTURES_SPREAD = (2000, 60), (500, 240)
"""The same where `MOVED_SPREAD` leaves an end of an interval with an error above `LARGEST_END_ERROR`. Of the two, what the
worst interval lacks: draws, or futures where most of the spread of its shares is their noise."""
LARGEST_END_ERROR = 0.01
"""Of an end of an interval of a probability; as much as that of a probability itself may be."""
PROBABILITY, SHARES = "probability", "share_of_futures"
FUTURES_PER_DRAW = "futures_per_draw"
"""Attribute of `share_of_futures`: how many futures each share is of."""

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
    futures_per_share: int = 1
    """Futures behind each share in `by_resolution`."""
    at_edges: Rolled | None = None
    """The same with the present case at the edge of the range of its cases, where it is outside of it; its probabilities
    by resolution are those of the draws that are rolled forward."""

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
    present = corrected(present_case(encoded, posterior, kept))
    own_seed = stream_seed(seed, FUTURES_STREAM)
    futures = simulate_futures(present, replicates=each, seed=own_seed, draws=kept)
    per_share = each if len(kept) == chains * draws else 1
    if len(kept) == chains * draws:
        by_resolution = exact_or_counted(present, futures)
    else:
        every_draw = stream_seed(seed, EVERY_DRAW_STREAM)
        by_resolution = resolution_probabilities(
            encoded, posterior, replicates=per_share, seed=every_draw, correction=present.correction
        )
    replicated = _replicate(encoded, present, kept, stream_seed(seed, SPREAD_STREAM))
    incidence = cumulative_incidence(present)
    edges = present_at_edges(encoded, posterior, present, kept)
    return Rolled(
        present,
        incidence,
        by_resolution,
        futures,
        replicated,
        own_seed,
        per_share,
        None
        if edges is None
        else _at_edges(encoded, corrected(edges), futures, replicated, stream_seed(seed, SPREAD_STREAM)),
    )


def _at_edges(encoded: EncodedStudy, present: PresentCase, futures: Futures, replicated: Futures, seed: int) -> Rolled:
    """By the random numbers of `replicated`; single futures are not drawn again."""
    few = np.flatnonzero(np.isin(futures.draws, replicated.draws))
    each = replicated.times.shape[1]
    again = simulate_futures(present.select(few), replicates=each, seed=seed, draws=replicated.draws)
    return Rolled(present, cumulative_incidence(present), exact_or_counted(present, futures), futures, again, seed)


def _replicate(encoded: EncodedStudy, present: PresentCase, kept: npt.NDArray[np.int64], seed: int) -> Futures:
    """Many futures of fewer draws; of more draws where the ends of intervals would not be exact enough."""

    def simulate(most: int, replicates: int) -> Futures:
        few = thin_draws(present.chains, len(kept) // present.chains, most)
        return simulate_futures(present.select(few), replicates=replicates, seed=seed, draws=kept[few])

    if present.closed.all():
        return simulate(*SPREAD)
    found = simulate(*MOVED_SPREAD)
    error, noise = _worst_end(encoded, present, found)
    if error <= LARGEST_END_ERROR:
        return found
    if noise > 0.5:
        return simulate(*MORE_FUTURES_SPREAD)
    return simulate(*MORE_DRAWS_SPREAD) if len(found.draws) < len(kept) else found


def _worst_end(encoded: EncodedStudy, present: PresentCase, futures: Futures) -> tuple[float, float]:
    """Largest Monte Carlo error of an end of an interval, and how much of the spread there is the noise of futures.

    Of outcomes without a closed form, and of scenarios.
    """
    happened = [futures.times[:, :, place] <= present.resolves[place] for place in np.flatnonzero(~present.closed)]
    resolves = dict(zip(present.outcomes, present.resolves.tolist(), strict=True))
    calendar = encoded.study.calendar
    happened += [
        evaluate(scenario.expression, futures, resolves=resolves, calendar=calendar)
        for scenario in encoded.study.scenarios
    ]
    errors = [counted_ends(event, futures.chains).largest_mcse for event in happened]
    worst = int(np.argmax(errors))
    return errors[worst], noise_share(happened[worst].sum(axis=1), futures.times.shape[1])


def outcome_probabilities(encoded: EncodedStudy, posterior: xr.Dataset, rolled: Rolled) -> xr.Dataset:
    """What each draw says of each outcome by its resolution date: exact as `probability`, else `share_of_futures`."""
    shape = (posterior.sizes[CHAIN], posterior.sizes[DRAW], -1)
    coords = {CHAIN: posterior[CHAIN], DRAW: posterior[DRAW]}
    values = rolled.by_resolution.reshape(shape)
    return label_probabilities(encoded, values, rolled.present.closed, rolled.futures_per_share).assign_coords(coords)


def label_probabilities(
    encoded: EncodedStudy, values: FloatArray, closed: npt.NDArray[np.bool_], futures_per_share: int
) -> xr.Dataset:
    """`probability` (chain, draw, closed_outcome) and `share_of_futures` (chain, draw, simulated_outcome).

    A share of few futures is no probability: it takes few values and spreads too widely. So the two have dims of their
    own. One without any outcome is left out.

    Parameters
    ----------
    values
        Dims (chain, draw, outcome), in which all outcomes of the study are.
    closed
        Dims (outcome): whether the value is exact.
    """
    ids = np.array([outcome.id for outcome in encoded.study.parts])
    exact = xr.DataArray(values[:, :, closed], dims=(CHAIN, DRAW, CLOSED), coords={CLOSED: ids[closed].tolist()})
    shares = xr.DataArray(
        values[:, :, ~closed],
        dims=(CHAIN, DRAW, SIMULATED),
        coords={SIMULATED: ids[~closed].tolist()},
        attrs={FUTURES_PER_DRAW: futures_per_share},
    )
    found = {PROBABILITY: exact, SHARES: shares}
    return xr.Dataset({name: variable for name, variable in found.items() if variable.size})


def probability_quantiles(labelled: xr.Dataset, outcome: str, levels: Sequence[float]) -> FloatArray:
    """Quantiles over draws of the probability of an outcome by its date, dims (level); shares without their noise.

    Parameters
    ----------
    labelled
        As `label_probabilities` gives it.
    """
    if PROBABILITY in labelled and outcome in labelled[CLOSED].values:
        return np.asarray(np.quantile(labelled[PROBABILITY].sel({CLOSED: outcome}).values, levels), dtype=float)
    shares = labelled[SHARES]
    futures = int(shares.attrs[FUTURES_PER_DRAW])
    counts = np.rint(shares.sel({SIMULATED: outcome}).values.reshape(-1, 1) * futures).astype(np.int64)
    return share_quantiles(counts, futures, levels)[:, 0]
