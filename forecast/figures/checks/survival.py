"""How long historical cases lasted: the Kaplan-Meier curve beside what the model would have produced.

The model's events are drawn among the cases that were under observation at each age, so that late entry, censoring and
competing events do to both curves the same.

References
----------
Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452, with late entry as in Klein and Moeschberger (2003), Survival
Analysis, section 4.6. Its use as a posterior predictive check: Gabry et al. (2019), doi:10.1111/rssa.12378.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.figures.checks.material import Draw, FloatArray, Material
from forecast.figures.style import PALETTE, Figure, band, rounded, table
from forecast.study import Spell
from forecast.summary.posterior import stream_seed

SURVIVAL_STREAM: Final = 10
DRAWS: Final = 400
INTERVALS: Final = 60
AGES_LISTED: Final = 6
FEWEST_CASES: Final = 3
LEVEL: Final = (0.05, 0.95)


@dataclass(frozen=True)
class Spells:
    """Cases of one outcome that were watched from age `entry` to age `exit`; dims (case)."""

    units: tuple[int, ...]
    entry: FloatArray
    exit: FloatArray
    happened: npt.NDArray[np.bool_]
    """Whether this outcome ended the case."""


def find_spells(material: Material, outcome: str) -> Spells:
    """The cases of an outcome that have a beginning and an end and count at all; those with several stages have no one
    level by which to replicate them."""
    units = [
        (place, data)
        for place, unit in enumerate(material.encoded.units)
        if unit.outcome == outcome
        and isinstance(data := unit.data, Spell)
        and unit.case.weight > 0
        and not unit.case.stages
    ]
    return Spells(
        tuple(place for place, _ in units),
        np.array([data.entry for _, data in units]),
        np.array([data.exit for _, data in units]),
        np.array([data.event == outcome for _, data in units], dtype=bool),
    )


def kaplan_meier(spells: Spells) -> tuple[FloatArray, FloatArray]:
    """Ages at which cases ended by the outcome, rising, and the share that is left after each."""
    ages = np.unique(spells.exit[spells.happened])
    at_risk = np.array([((spells.entry < age) & (spells.exit >= age)).sum() for age in ages])
    ended = np.array([(spells.happened & (spells.exit == age)).sum() for age in ages])
    return ages, np.cumprod(1.0 - ended / np.maximum(at_risk, 1))


def survival_figures(material: Material) -> dict[str, Draw]:
    """One figure for each event outcome with cases that were watched over time: ``survival-<id>``."""
    levels = material.posterior.get("case_level")
    if levels is None:
        return {}
    found: dict[str, Draw] = {}
    for outcome in material.encoded.outcomes:
        spells = find_spells(material, outcome)
        if len(spells.units) >= FEWEST_CASES and spells.happened.any():
            found[f"survival-{outcome}"] = partial(_figure, material, outcome, spells)
    return found


def replicate_survival(material: Material, outcome: str, spells: Spells) -> tuple[FloatArray, FloatArray]:
    """Ages (rising, from 0), and the share left at each in replicated data; dims (draw, age)."""
    starts = np.asarray(material.encoded.bands[outcome].starts, dtype=float)
    end = float(spells.exit.max())
    edges = np.unique(np.concatenate([np.linspace(0.0, end, INTERVALS + 1), starts[starts < end]]))
    low, high = edges[:-1], edges[1:]
    exposure = np.clip(np.minimum(spells.exit[:, None], high) - np.maximum(spells.entry[:, None], low), 0.0, None)
    band_of = np.searchsorted(starts, low, side="right") - 1
    level, shape = _thinned(material, outcome, spells)
    rate = np.exp(np.minimum(level, 50.0)) @ exposure * np.exp(np.minimum(shape[:, band_of], 50.0))
    rng = np.random.default_rng(stream_seed(material.answer.provenance.seed, SURVIVAL_STREAM))
    events = rng.poisson(np.minimum(rate, 1e6))
    watched = exposure.sum(axis=0) / (high - low)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(watched > 0, np.minimum(events / watched, 1.0), 0.0)
    left = np.cumprod(1.0 - share, axis=1)
    return edges, np.concatenate([np.ones((len(left), 1)), left], axis=1)


def _thinned(material: Material, outcome: str, spells: Spells) -> tuple[FloatArray, FloatArray]:
    """Levels of the cases, dims (draw, case), and the log hazard shape, dims (draw, band of the outcome)."""
    levels = material.posterior["case_level"].transpose("chain", "draw", "unit").values
    levels = levels.reshape(-1, levels.shape[2])
    bands = [str(label) for label in material.posterior["band"].values]
    own = [place for place, label in enumerate(bands) if label.rsplit("@", 1)[0] == outcome]
    shape = material.posterior["log_hazard_shape"].transpose("chain", "draw", "band").values
    shape = shape.reshape(-1, shape.shape[2])
    kept = np.linspace(0, len(levels) - 1, min(DRAWS, len(levels))).astype(np.int64)
    return levels[kept][:, list(spells.units)], shape[kept][:, own]


def _figure(material: Material, outcome: str, spells: Spells) -> Figure:
    ages, left = kaplan_meier(spells)
    edges, replicated = replicate_survival(material, outcome, spells)
    low, middle, high = np.quantile(replicated, [LEVEL[0], 0.5, LEVEL[1]], axis=0)
    x = rounded(edges)
    steps_x, steps_y = [0.0, *ages, float(spells.exit.max())], [1.0, *left, left[-1]]
    period = material.answer.period
    listed = np.linspace(0, len(edges) - 1, AGES_LISTED).astype(int)
    seen = np.concatenate([[1.0], left])
    title = next(found.title for found in material.answer.outcomes if found.id == outcome)
    rows = [
        [
            f"{edges[at]:.3g}",
            str(int(((spells.entry <= edges[at]) & (spells.exit >= edges[at])).sum())),
            float(seen[np.searchsorted(ages, edges[at], side="right")]),
            middle[at],
            low[at],
            high[at],
        ]
        for at in listed
    ]
    return {
        "data": [
            band(x, rounded(low), rounded(high), PALETTE[0], "replicated"),
            {
                "type": "scatter",
                "mode": "lines",
                "name": "replicated, median and 90 %",
                "legendgroup": "replicated",
                "x": x,
                "y": rounded(middle),
                "line": {"color": PALETTE[0], "width": 2},
                "hovertemplate": "%{x:.3~g}: %{y:.0%}<extra>replicated</extra>",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": "observed (Kaplan-Meier)",
                "x": rounded(steps_x),
                "y": rounded(steps_y),
                "line": {"color": PALETTE[1], "width": 2, "shape": "hv"},
                "hovertemplate": "%{x:.3~g}: %{y:.0%}<extra>observed</extra>",
            },
        ],
        "layout": {
            "height": 380,
            "xaxis": {"title": {"text": f"Age of the case, in {period}s"}},
            "yaxis": {"title": {"text": "Share without the event"}, "range": [0, 1.02], "tickformat": ".0%"},
            "meta": {
                "title": f"Survival of the cases: {title}",
                "caption": f"Of {len(spells.units)} cases, {int(spells.happened.sum())} ended this way. Steps: the share "
                "that had not, by age (Kaplan-Meier). Line and band: the same in data that the model would have produced "
                "for these cases, median and 90 % interval. Steps that leave the band mean that the shape of the "
                "risk over time is wrong.",
                "table": table(
                    ["Age", "Cases watched", "Observed share left", "Replicated, median", "5 %", "95 %"], rows
                ),
            },
        },
    }
