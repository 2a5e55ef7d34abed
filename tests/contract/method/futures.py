"""Futures of a small study under fixed draws, counted: what a method makes of a study once its posterior is there.

The study is read, encoded and rolled forward as in every forecast; its draws alone are written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr

from forecast.dims import BAND, CHAIN, DRAW, OUTCOME
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import study_from_document
from forecast.summary.rolled import roll_forward
from tests.documents import Document

CHAINS: Final = 2
DRAWS: Final = 6
"""Of each chain."""
REPLICATES: Final = 300
"""Futures of each draw, so 3,600 in all."""
EVERY: Final = 6
"""Periods from one count to the next."""
SEED: Final = 1

LAWS: Final[Mapping[str, tuple[tuple[str, ...], float | tuple[float, ...], float]]] = {
    "theta": ((OUTCOME,), (-4.5, -4.5, -1.0, 0.2, -0.2), 1.0),
    "log_hazard_shape": ((BAND,), 0.1, 0.5),
    "persistence": (("factor",), 0.8, 0.1),
    "state": (("past_period", "factor"), 0.5, 1.0),
    "gamma": (("effect",), 0.3, 0.3),
    "delta": (("link",), 1.5, 0.5),
    "log_mean": (("indicator",), 1.7, 0.2),
    "loading": (("indicator",), 0.4, 0.2),
    "dispersion": (("indicator",), 0.4, 0.1),
    "wave_height": (("wave",), 0.0, 0.3),
    "pattern_sd": (("pattern",), 0.2, 0.1),
    "spike_share": (("mixture",), 0.05, 0.02),
    "spike_size": (("mixture",), 2.5, 0.3),
    "idle_share": (("mixture",), 0.05, 0.03),
    "grade_level": (("grade",), 0.1, 0.4),
    "quantity_spread": (("quantity",), 0.7, 0.2),
}
"""Dims, middle and spread of what the futures depend on; of outcomes that have a level the third is binary, and the last two are options."""


def with_all_kinds(study: Document) -> Document:
    """The same study with its events in one competing group, and a question whether its indicator reaches a count."""
    outcomes = [
        {**outcome, "competes": "end"} if outcome["kind"] == "event" else outcome for outcome in study["outcomes"]
    ]
    threshold = {
        "id": "unrest",
        "title": "Many incidents",
        "kind": "threshold",
        "indicator": "incidents",
        "at_least": 15,
        "resolution": {"criteria": "As reported.", "by": "2022-06-15"},
    }
    return {**study, "outcomes": [*outcomes, threshold]}


def futures_of(study: Document) -> dict[str, Any]:
    """What is kept of a study's futures: the study, its draws, and the counts."""
    parsed = study_from_document(study)
    draws = fixed_draws(encode_study(parsed))
    document = parsed.canonical()
    return {"document": document, "draws": draws, "counts": counts_of(document, draws)}


def fixed_draws(encoded: EncodedStudy) -> dict[str, Any]:
    """Draws around plausible values, without random numbers; by variable, dims (chain, draw, ...)."""
    found = {}
    for name, (dims, middle, spread) in LAWS.items():
        shape = CHAINS, DRAWS, *(len(encoded.coords[dim]) for dim in dims)
        draw, cell = np.indices((CHAINS * DRAWS, int(np.prod(shape[2:]))))
        steps = ((7 * draw + 3 * cell) % 11 - 5) / 5.0
        found[name] = np.round(np.asarray(middle) + spread * steps, 3).reshape(shape).tolist()
    return found


def counts_of(study: Document, draws: Mapping[str, Any]) -> dict[str, list[int]]:
    """In how many futures each outcome has happened by every sixth period, and each quantity is larger than what was asked."""
    encoded = encode_study(study_from_document(study))
    posterior = xr.Dataset(
        {name: ((CHAIN, DRAW, *LAWS[name][0]), np.asarray(values)) for name, values in draws.items()},
        coords={dim: encoded.coords[dim] for dims, _, _ in LAWS.values() for dim in dims},
    )
    futures = roll_forward(encoded, posterior, seed=SEED, replicates=REPLICATES).futures
    times = futures.times
    periods = range(EVERY, encoded.study.horizon + 1, EVERY)
    return {
        outcome.id: [int(np.sum(times[..., place] <= period)) for period in periods]
        for place, outcome in enumerate(encoded.study.parts)
    } | {
        quantity.id: [int(np.sum(futures.values[quantity.id] > number)) for number in quantity.thresholds]
        for quantity in encoded.study.quantities
    }
