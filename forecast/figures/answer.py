"""Plotly figures as plain JSON: horizon curves, traces and ranks, and those of indicators and factors.

Colours and fonts are left to the page (light and dark); a figure names only what its data mean. Every figure carries
a caption under `layout.meta.caption` that says how to read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import stats

from forecast.answer import Answer, OutcomeForecast
from forecast.dims import CHAIN, DRAW
from forecast.figures.signals import signal_figures
from forecast.figures.style import PALETTE, Figure, band, rounded, table

__all__ = ["Figure", "build_figures", "horizon_figure", "rank_figure", "trace_figure"]

TRACE_POINTS = 500
RANK_BINS = 20
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
MAX_PANELS = 8
"""Outcomes shown in a trace or rank figure; the diagnostics table has them all."""
OF_OUTCOMES = "outcome (log rate or log odds in the present case)"
DATED = ("binary", "categorical")
"""Kinds of outcomes without a probability before their date."""
OF_INDICATORS = "indicator (log mean of its counts)"


def build_figures(answer: Answer, posterior: xr.Dataset) -> dict[str, Figure]:
    """All figures of a forecast, by name: horizon, trace, rank, and one for each indicator and factor."""
    panels, what = _levels(posterior)
    return {
        "horizon": horizon_figure(answer),
        "trace": trace_figure(panels, what),
        "rank": rank_figure(panels, what),
        **signal_figures(answer),
    }


def _levels(posterior: xr.Dataset) -> tuple[dict[str, npt.NDArray[np.float64]], str]:
    """Draws of each outcome's level and what they are; of each indicator's where no outcome has a level.

    Not the probability: where it has no closed form, that of one draw is a share of a few futures.
    """
    for variable, dim, what in (("theta", "outcome", OF_OUTCOMES), ("log_mean", "indicator", OF_INDICATORS)):
        if variable in posterior:
            level = posterior[variable].transpose(CHAIN, DRAW, dim)
            labels = [str(value) for value in level[dim].values][:MAX_PANELS]
            return {label: np.asarray(level.sel({dim: label}).values, dtype=float) for label in labels}, what
    return {}, OF_OUTCOMES


def horizon_figure(answer: Answer) -> Figure:
    """Probability that each outcome has occurred, by the end of each future period, with its 90 % band."""
    return horizon_curves(answer.as_of, answer.outcomes)


def horizon_curves(as_of: date, outcomes: Sequence[OutcomeForecast]) -> Figure:
    """The same of outcomes that are no forecast's."""
    data: list[Figure] = []
    for position, outcome in enumerate(outcomes):
        colour = PALETTE[position % len(PALETTE)]
        dates = [as_of.isoformat(), *(point.date.isoformat() for point in outcome.horizon)]
        high = [0.0, *(point.high for point in outcome.horizon)]
        low = [0.0, *(point.low for point in outcome.horizon)]
        # A binary outcome has no probability, and so no band, before its resolution date.
        begin = next((k for k, top in enumerate(high) if top > 0), 0) if outcome.kind in DATED else 0
        shape = "hv" if outcome.kind in DATED else "linear"
        data.append(band(dates[begin:], low[begin:], high[begin:], colour, outcome.id))
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": outcome.id,
                "legendgroup": outcome.id,
                "x": dates,
                "y": rounded([0.0, *(point.probability for point in outcome.horizon)]),
                # Distinguishable without colour, too.
                "line": {"color": colour, "width": 2.5, "shape": shape, "dash": DASHES[position % len(DASHES)]},
                "hovertemplate": "%{x|%d %b %Y}: %{y:.1%}<extra>" + outcome.id + "</extra>",
            }
        )
    highest = max((point.high for outcome in outcomes for point in outcome.horizon), default=1.0)
    top = next(step for step in (0.1, 0.25, 0.5, 1.0) if step >= min(highest, 1.0))
    return {
        "data": data,
        "layout": {
            "yaxis": {"title": {"text": "Probability that it has occurred"}, "range": [0, top], "tickformat": ".0%"},
            "xaxis": {"title": {"text": "By the end of"}, "type": "date"},
            "legend": {"orientation": "h", "y": 1.08},
            "hovermode": "x",
            "meta": {
                "caption": "Line: the probability that the outcome has occurred by that date. Band: where that "
                "probability lies with 90 % posterior probability. A binary outcome steps up on its resolution date."
            },
        },
    }


def trace_figure(panels: Mapping[str, npt.NDArray[np.float64]], what: str = OF_OUTCOMES) -> Figure:
    """Draws of each panel's quantity in the order in which they were made, one line per chain."""
    data: list[Figure] = []
    layout = _stacked_layout(panels, "Draw", "Value")
    for row, (name, draws) in enumerate(panels.items()):
        step = max(1, draws.shape[1] // TRACE_POINTS)
        data.extend(
            _chain_line(
                name,
                row,
                chain,
                x=list(range(0, draws.shape[1], step)),
                y=rounded(draws[chain, ::step]),
                line={"width": 0.8},
                hover="draw %{x}: %{y:.3f}",
            )
            for chain in range(draws.shape[0])
        )
    layout["meta"] = {
        "table": table(
            ["", *(f"Chain {chain}: mean (SD)" for chain in range(_chains(panels)))],
            [[name, *(f"{own.mean():.3g} ({own.std():.2g})" for own in draws)] for name, draws in panels.items()],
        ),
        "caption": f"One panel per {what}, one line per chain. Lines that overlap like noise mean that the chains agree; a "
        "line that wanders or stays apart means that they do not.",
    }
    return {"data": data, "layout": layout}


def rank_figure(panels: Mapping[str, npt.NDArray[np.float64]], what: str = OF_OUTCOMES) -> Figure:
    """How the ranks of each chain's draws among all draws are spread (Vehtari et al. 2021, doi:10.1214/20-BA1221)."""
    data: list[Figure] = []
    layout = _stacked_layout(panels, "Rank among all draws", "Draws")
    for row, (name, draws) in enumerate(panels.items()):
        ranks = stats.rankdata(draws).reshape(draws.shape)
        edges = np.linspace(0, draws.size, RANK_BINS + 1)
        data.extend(
            _chain_line(
                name,
                row,
                chain,
                x=rounded((edges[1:] + edges[:-1]) / 2, 1),
                y=np.histogram(ranks[chain], bins=edges)[0].tolist(),
                line={"shape": "hvh", "width": 1.5},
                hover="%{y} draws",
            )
            for chain in range(draws.shape[0])
        )
    layout["meta"] = {
        "table": table(
            ["", *(f"Chain {chain}: share in the lowest and highest quarter" for chain in range(_chains(panels)))],
            [
                [name, *(_quarters(own, draws.size) for own in stats.rankdata(draws).reshape(draws.shape))]
                for name, draws in panels.items()
            ],
        ),
        "caption": f"One panel per {what}. If the chains agree, every chain has about the same number of draws in each bin: "
        "flat lines. A slope or a hump means that a chain saw another distribution.",
    }
    return {"data": data, "layout": layout}


def _chains(panels: Mapping[str, npt.NDArray[np.float64]]) -> int:
    return max((draws.shape[0] for draws in panels.values()), default=0)


def _quarters(ranks: npt.NDArray[np.float64], draws: int) -> str:
    """Shares of one chain's draws among the lowest and the highest quarter of all draws; 25 % each if chains agree."""
    return f"{(ranks <= draws / 4).mean():.0%}, {(ranks > 3 * draws / 4).mean():.0%}"


def _chain_line(name: str, row: int, chain: int, *, x: list[Any], y: list[Any], line: Figure, hover: str) -> Figure:
    """One chain in one panel; chains share their colour and legend entry over all panels."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": PALETTE[chain % len(PALETTE)], **line},
        "name": f"chain {chain}",
        "legendgroup": f"chain {chain}",
        "showlegend": row == 0,
        "xaxis": _axis("x", row),
        "yaxis": _axis("y", row),
        "hovertemplate": f"{hover}<extra>{name}, chain {chain}</extra>",
    }


def _stacked_layout(panels: Mapping[str, Any], x_title: str, y_title: str) -> Figure:
    """One row per panel, sharing nothing, with the panel's name above it."""
    rows = max(len(panels), 1)
    gap = 0.12 / rows
    layout: Figure = {
        "height": 110 + 170 * rows,
        "legend": {"orientation": "h", "y": 1 + 0.12 / rows},
        "annotations": [],
    }
    for row, name in enumerate(panels):
        top = 1 - row / rows - gap
        bottom = 1 - (row + 1) / rows + gap
        layout[_axis("xaxis", row)] = {
            "anchor": _axis("y", row),
            "domain": [0, 1],
            "title": {"text": x_title if row == rows - 1 else ""},
        }
        layout[_axis("yaxis", row)] = {
            "anchor": _axis("x", row),
            "domain": [round(bottom, 4), round(top, 4)],
            "title": {"text": y_title},
        }
        layout["annotations"].append(
            {"text": name, "xref": "paper", "yref": "paper", "x": 0, "y": top, "yanchor": "bottom", "showarrow": False}
        )
    return layout


def _axis(name: str, row: int) -> str:
    return name if row == 0 else f"{name}{row + 1}"
