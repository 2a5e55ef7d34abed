"""Replicated data beside the real: successes, events by age, and counts of the indicators.

References
----------
Posterior predictive checks: Gabry, Simpson, Vehtari, Betancourt and Gelman (2019), doi:10.1111/rssa.12378. Rootograms:
Kleiber and Zeileis (2016), The American Statistician 70(3), doi:10.1080/00031305.2016.1173590.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import xarray as xr

from forecast.dims import BAND, CHAIN, DRAW, OBSERVED_DATA, POSTERIOR_PREDICTIVE, UNIT
from forecast.figures.checks.material import Draw, FloatArray, Material
from forecast.figures.checks.sampler import drawn
from forecast.figures.plain import plain_figure
from forecast.figures.style import PALETTE, Figure, rounded, table
from forecast.summary.predicted_counts import OBSERVATION

MOST_POINTS: Final = 60
"""Cases that one figure shows: those that their replicates fit worst."""
LEVEL: Final = (0.05, 0.95)
MAX_COUNT: Final = 200
"""The largest count for which a rootogram, with a bar for each number, can be read."""

KINDS: Final = (
    ("successes", UNIT, "Successes of the cases", "Successes", "case"),
    ("events", BAND, "Events by age", "Events", "age band"),
    ("count", OBSERVATION, "Counts of the indicators", "Count", "observation"),
)


def predictive_figures(material: Material) -> dict[str, Draw]:
    """One figure for each kind of data, and a rootogram of the indicators' counts."""
    predictive, observed = material.group(POSTERIOR_PREDICTIVE), material.group(OBSERVED_DATA)
    if predictive is None or observed is None:
        return {}
    found: dict[str, Draw] = {}
    for variable, dim, title, said, what in KINDS:
        if variable in predictive and variable in observed:
            replicated = np.asarray(predictive[variable].transpose(CHAIN, DRAW, dim), dtype=float)
            real = np.asarray(observed[variable].values, dtype=float)
            labels = [str(label) for label in observed[dim].values]
            if variable == "successes" and replicated.max() <= 1.0:
                # A single yes or no lies within any interval; of a class they can be counted.
                replicated, real, labels = _by_class(replicated, real, labels)
                title, what = "Successes of the classes", "reference class"
            flat = replicated.reshape(-1, len(labels))
            found[f"predictive-{variable}"] = partial(_intervals, flat, real, labels, title, said, what)
    if "count" in observed and float(observed["count"].max()) <= MAX_COUNT:
        found["rootogram"] = lambda: _rootogram(predictive, observed)
    return found


def _intervals(replicated: FloatArray, real: FloatArray, labels: list[str], title: str, said: str, what: str) -> Figure:
    """Replicates, dims (draw, place), as a median and a 90 % interval beside the real value of each place."""
    low, middle, high = np.quantile(replicated, [LEVEL[0], 0.5, LEVEL[1]], axis=0)
    # Ties count half: most of these are small whole numbers.
    place = (replicated < real).mean(axis=0) + 0.5 * (replicated == real).mean(axis=0)
    outside = int(((real < low) | (real > high)).sum())
    shown = np.sort(np.argsort(np.abs(place - 0.5), kind="stable")[::-1][:MOST_POINTS])
    names = [labels[position] for position in shown]
    left_out = "" if len(shown) == len(real) else f" The {len(shown)} of {len(real)} that fit worst are shown."
    x = list(range(len(shown)))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": "replicated, median and 90 %",
                "x": x,
                "y": rounded(middle[shown]),
                "error_y": {
                    "array": rounded((high - middle)[shown]),
                    "arrayminus": rounded((middle - low)[shown]),
                    "color": PALETTE[0],
                    "width": 0,
                },
                "marker": {"color": PALETTE[0], "size": 5},
                "text": names,
                "hovertemplate": "%{text}: %{y}<extra>replicated</extra>",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": "observed",
                "x": x,
                "y": rounded(real[shown]),
                "marker": {"color": PALETTE[1], "size": 8, "symbol": "diamond-open"},
                "text": names,
                "hovertemplate": "%{text}: %{y}<extra>observed</extra>",
            },
        ],
        "layout": {
            "height": 380,
            "xaxis": {"title": {"text": f"Each {what} (point at it for its name)"}, "showticklabels": False},
            "yaxis": {"title": {"text": said}, "rangemode": "tozero"},
            "meta": {
                "title": f"Posterior predictive: {title.lower()}",
                "caption": f"For each {what}: what was observed (diamond) and what the model, with what it has learned, "
                f"would have produced (dot and line: median and 90 % interval). {outside} of {len(real)} lie outside "
                f"their interval; up to a tenth or so is expected.{left_out}",
                "table": table(
                    [what.capitalize(), "Observed", "Replicated, median", "5 %", "95 %"],
                    [[names[k], real[at], middle[at], low[at], high[at]] for k, at in enumerate(shown.tolist())],
                ),
            },
        },
    }


def _by_class(replicated: FloatArray, real: FloatArray, labels: list[str]) -> tuple[FloatArray, FloatArray, list[str]]:
    """Sums over the cases of each class; labels are ``class/case:outcome``."""
    classes = [f"{label.partition('/')[0]}:{label.rpartition(':')[2]}" for label in labels]
    names = list(dict.fromkeys(classes))
    membership = np.array([[own == name for name in names] for own in classes], dtype=float)
    return replicated @ membership, real @ membership, names


def _rootogram(predictive: xr.Dataset, observed: xr.Dataset) -> Figure:
    groups = {
        f"/{POSTERIOR_PREDICTIVE}": predictive[["count"]].drop_vars(["indicator", "past_period"], errors="ignore"),
        f"/{OBSERVED_DATA}": observed[["count"]].drop_vars(["indicator", "past_period"], errors="ignore"),
    }
    figure = drawn("plot_ppc_rootogram", xr.DataTree.from_dict(groups), var_names=["count"])
    values, times = np.unique(observed["count"].values, return_counts=True)
    replicated = predictive["count"].values
    return plain_figure(
        figure,
        title="Rootogram of the indicators’ counts",
        caption="How often each count was observed (grey) and would be expected (blue, with its interval), on the scale of "
        "square roots, so that rare counts can be seen. Too few zeros or too many large counts show at a glance.",
        height=420,
        table=table(
            ["Count", "Observed, times", "Replicated, times on average"],
            [
                [f"{int(value)}", float(many), float((replicated == value).sum(axis=-1).mean())]
                for value, many in zip(values, times, strict=True)
            ],
        ),
    )
