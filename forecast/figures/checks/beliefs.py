"""What was believed before the evidence beside what is believed after it; drawn by ArviZ."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import xarray as xr

from forecast.dims import CHAIN, DRAW, OUTCOME, POSTERIOR, PRIOR
from forecast.figures.checks.material import Draw, FloatArray, Material, chained
from forecast.figures.checks.sampler import ROW_HEIGHT, TOP, drawn
from forecast.figures.plain import plain_figure
from forecast.figures.style import Figure, table

MAX_PANELS: Final = 8


def belief_figures(material: Material) -> dict[str, Draw]:
    """Prior and posterior of each outcome's level: the present case's, and the mean over classes."""
    prior = material.group(PRIOR)
    if prior is None:
        return {}
    found: dict[str, Draw] = {}
    for name, variable, title, what in (
        (
            "prior-present",
            "theta",
            "Prior and posterior of the present case",
            "log rate, or log odds, in the present case",
        ),
        (
            "prior-mean",
            "mu",
            "Prior and posterior of the mean over classes",
            "log rate, or log odds, on average over classes",
        ),
    ):
        before, after = (_by_outcome(group, variable) for group in (prior, material.posterior))
        shared = [outcome for outcome in after if outcome in before]
        shown = {o: before[o] for o in shared[:MAX_PANELS]}, {o: after[o] for o in shared[:MAX_PANELS]}
        rest = f" The first {MAX_PANELS} of {len(shared)} are shown." if len(shared) > MAX_PANELS else ""
        if shared:
            found[name] = partial(_figure, title, what, *shown, rest)
    return found


def _by_outcome(group: xr.Dataset, variable: str) -> dict[str, FloatArray]:
    """Draws, dims (chain, draw), of the outcomes that vary."""
    if variable not in group:
        return {}
    values = group[variable].transpose(CHAIN, DRAW, OUTCOME)
    found = {
        str(outcome): np.asarray(values.sel({OUTCOME: outcome}), dtype=float) for outcome in values[OUTCOME].values
    }
    return {name: draws for name, draws in found.items() if np.isfinite(draws).all() and np.ptp(draws) > 0}


def _figure(title: str, what: str, before: dict[str, FloatArray], after: dict[str, FloatArray], rest: str) -> Figure:
    tree = xr.DataTree.from_dict({f"/{PRIOR}": chained(before), f"/{POSTERIOR}": chained(after)})
    rows: list[list[str | float]] = [
        [outcome, before[outcome].mean(), before[outcome].std(), after[outcome].mean(), after[outcome].std()]
        for outcome in after
    ]
    return plain_figure(
        drawn("plot_prior_posterior", tree, col_wrap=1),
        title=title,
        caption=f"One panel for each outcome: its {what}. Where posterior and prior coincide, the evidence said nothing "
        "about it; where the posterior lies outside the prior, prior and evidence disagree." + rest,
        height=TOP + ROW_HEIGHT * len(after),
        table=table(["Outcome", "Prior mean", "Prior SD", "Posterior mean", "Posterior SD"], rows),
    )
