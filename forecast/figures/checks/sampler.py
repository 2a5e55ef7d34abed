"""How the sampler fared with the parameters that were hardest for it, and with the posterior's energy; drawn by ArviZ.

References
----------
Effective sample sizes and how they grow: Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), Bayesian Analysis
16(2), doi:10.1214/20-BA1221. Energy: Betancourt (2016), arXiv:1604.00695. Divergences in pairs: Gabry, Simpson,
Vehtari, Betancourt and Gelman (2019), doi:10.1111/rssa.12378.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats

from forecast.dims import CHAIN, DRAW, POSTERIOR, SAMPLE_STATS
from forecast.figures.answer import rank_figure, trace_figure
from forecast.figures.checks.material import Draw, FloatArray, Material, chained
from forecast.figures.plain import plain_figure
from forecast.figures.style import Figure, table

MAX_LAG: Final = 50
LAGS: Final = (1, 2, 5, 10, 20, 50)
SHARES: Final = (0.25, 0.5, 0.75, 1.0)
PAIR_DRAWS: Final = 250
"""Draws of each chain that a pair plot shows; every divergence is shown besides."""
LONGEST_LABEL: Final = 14
ROW_HEIGHT: Final = 190
TOP: Final = 110
"""Room for titles and the legend, in pixels."""


def sampler_figures(material: Material) -> dict[str, Draw]:
    """Traces, ranks, effective sizes, autocorrelation and pairs of the worst parameters, and the energy.

    Nothing where the draws of an earlier forecast were weighed: no sampler made a step for these.
    """
    update = material.answer.update
    if update is not None and update.way == "reweighted":
        return {}
    worst = material.worst
    found: dict[str, Draw] = {}
    if worst:
        found["trace-worst"] = lambda: _retitled(trace_figure(worst), "Traces of the parameters hardest to sample")
        found["rank-worst"] = lambda: _retitled(rank_figure(worst), "Ranks of the parameters hardest to sample")
        found["ess-evolution"] = lambda: _ess_evolution(worst)
        found["autocorrelation"] = lambda: _autocorrelation(worst)
    if len(worst) > 1:
        found["pairs"] = lambda: _pairs(worst, material.stats)
    if "energy" in material.stats:
        found["energy"] = lambda: _energy(material)
    return found


def _retitled(figure: Figure, title: str) -> Figure:
    layout = figure["layout"]
    caption = str(layout["meta"]["caption"]).replace(
        "per outcome (log rate or log odds in the present case)", "per parameter"
    )
    return {**figure, "layout": {**layout, "meta": {**layout["meta"], "title": title, "caption": caption}}}


def drawn(plot: str, tree: xr.DataTree, **options: Any) -> Any:
    """One of ArviZ's plots as a figure of Plotly's."""
    # Takes five seconds to import.
    import arviz_plots

    return getattr(arviz_plots, plot)(tree, backend="plotly", **options).viz["figure"].item()


def _as_posterior(draws: dict[str, FloatArray], stats: xr.Dataset | None = None) -> xr.DataTree:
    groups = {f"/{POSTERIOR}": chained(draws)}
    if stats is not None:
        groups[f"/{SAMPLE_STATS}"] = stats
    return xr.DataTree.from_dict(groups)


def _ess_evolution(worst: dict[str, FloatArray]) -> Figure:
    figure = drawn("plot_ess_evolution", _as_posterior(worst), col_wrap=1)
    rows = [
        [name, *(array_stats.ess(draws[:, : max(4, int(share * draws.shape[1]))], method="bulk") for share in SHARES)]
        for name, draws in worst.items()
    ]
    return plain_figure(
        figure,
        title="Effective sample size as draws were added",
        caption="One panel for each of the parameters hardest to sample. Bulk (blue) and tail (red) effective sample "
        "size from the first draws up to so many. Lines that grow steadily mean that more draws would help as they "
        "should; a line that bends flat means that the chains are stuck. The grey line is what is wanted at least.",
        height=TOP + ROW_HEIGHT * len(worst),
        table=table(["Parameter", *(f"Bulk ESS of the first {share:.0%}" for share in SHARES)], rows),
    )


def _autocorrelation(worst: dict[str, FloatArray]) -> Figure:
    # arviz-plots 1.3 takes the width of its band from the number of lags, not of draws.
    options = {"max_lag": MAX_LAG, "col_wrap": 1, "visuals": {"credible_interval": False}}
    figure = drawn("plot_autocorr", _as_posterior(worst), **options)
    rows = []
    for name, draws in worst.items():
        by_lag = np.asarray(array_stats.autocorr(draws), dtype=float).mean(axis=0)
        rows.append([name, *(by_lag[lag] if lag < len(by_lag) else "–" for lag in LAGS)])
    return plain_figure(
        figure,
        title="Autocorrelation",
        caption="One panel for each of the parameters hardest to sample, one line per chain: how much a draw has in "
        "common with the one so many draws before it. The sooner it falls to around zero, the more each draw adds.",
        height=TOP + ROW_HEIGHT * len(worst),
        table=table(["Parameter", *(f"Lag {lag}, mean of chains" for lag in LAGS)], rows),
    )


def _pairs(worst: dict[str, FloatArray], stats: xr.Dataset) -> Figure:
    kept = _kept_draws(stats)
    shown = {_short(place, name): draws[:, kept] for place, (name, draws) in enumerate(worst.items(), start=1)}
    few = stats[["diverging"]].isel({DRAW: kept}).transpose(CHAIN, DRAW)
    few = few.assign_coords({CHAIN: np.arange(few.sizes[CHAIN]), DRAW: np.arange(few.sizes[DRAW])})
    figure = drawn("plot_pair", _as_posterior(shown, few), visuals={"divergence": True})
    joined = {name: draws.reshape(-1) for name, draws in worst.items()}
    numbered = [f"{place}: {name}" for place, name in enumerate(joined, start=1)]
    correlation = np.corrcoef(list(joined.values()))
    rows = [
        [numbered[one], numbered[other], correlation[one, other]]
        for one, other in itertools.combinations(range(len(joined)), 2)
    ]
    return plain_figure(
        figure,
        title="Pairs of the parameters hardest to sample",
        caption="Each dot is a draw; on the diagonal the distribution of each parameter. Red dots are draws after which "
        "the sampler diverged: if they gather in one place, such as the neck of a funnel, the posterior there is not "
        "explored. A thin ridge means that only a combination of the two is known.",
        height=TOP + ROW_HEIGHT * len(worst),
        table=table(["Parameter", "Parameter", "Correlation of all draws"], rows),
    )


def _short(place: int, name: str) -> str:
    """A name that fits beside a small panel; the table has it in full."""
    return f"{place}: {name if len(name) <= LONGEST_LABEL else name[:LONGEST_LABEL] + '…'}"


def _kept_draws(stats: xr.Dataset) -> np.ndarray:
    """Places along a chain: evenly spaced ones, and those at which any chain diverged."""
    diverging = stats["diverging"].transpose(CHAIN, DRAW).values.any(axis=0)
    even = np.linspace(0, len(diverging) - 1, min(len(diverging), PAIR_DRAWS)).astype(np.int64)
    return np.union1d(even, np.flatnonzero(diverging)[:PAIR_DRAWS])


def _energy(material: Material) -> Figure:
    figure = drawn("plot_energy", xr.DataTree.from_dict({f"/{SAMPLE_STATS}": material.stats[["energy"]]}))
    bfmi = material.answer.diagnostics.bfmi
    rows = [[f"chain {chain}", "–" if value is None else value] for chain, value in enumerate(bfmi)]
    return plain_figure(
        figure,
        title="Energy",
        caption="Marginal: how energy is distributed over the posterior. Transition: how far one step of the sampler "
        "changes it. Where the second is much narrower than the first, the sampler moves slowly between regions of "
        "high and low density, and the tails are explored badly. Points: E-BFMI of each chain, above 0.3 is wanted.",
        height=420,
        table=table(["Chain", "E-BFMI"], rows),
    )
