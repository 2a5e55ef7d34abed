"""Posteriors made by hand for a study with every block that the futures know, so that nothing needs to be sampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import OutcomeKind
from tests.documents import binary_outcome, event_outcome, make_study

BY = {"criteria": "As reported.", "by": "2023-06-15"}


def everything(**changes: Any) -> EncodedStudy:
    """Two competing events, one of them moved by a factor; a linked binary and event; a threshold; one alone."""
    values = [3, 5, 4, 8, 7, 2, 6, 9]
    rows = [{"period": f"2019-{month:02d}", "value": value} for month, value in enumerate(values, 5)]
    rows[3]["exposure"] = 0.5
    document: dict[str, Any] = {
        "factors": [{"id": "friction", "effects": {"exit": "normal(0.3, 0.3)"}}],
        "indicators": [
            {"id": "incidents", "factor": "friction", "rows": rows},
            {"id": "visits", "rows": [{"period": "2019-11", "value": 2}]},
        ],
        "links": [{"cause": "agreement", "effect_on": "war", "log_ratio": "normal(-0.7, 0.4)", "rationale": "peace"}],
        "scenarios": [
            {"id": "calm", "title": "Calm", "when": "not war and not deadly"},
            {"id": "order", "title": "In order", "when": "before(agreement, exit) or by(war, 12)"},
        ],
    }
    study = make_study(
        event_outcome(competes="end"),
        event_outcome(id="conversion", competes="end", resolution=BY),
        binary_outcome(),
        event_outcome(id="war"),
        {"id": "deadly", "title": "Deadly", "kind": "threshold", "indicator": "incidents", "at_least": 15,
         "resolution": BY},
        event_outcome(id="alone", resolution=BY),
        **{**document, **changes},
    )  # fmt: skip
    return encode_study(study)


def make_posterior(encoded: EncodedStudy, *, chains: int = 4, draws: int = 250, seed: int = 1) -> xr.Dataset:
    """Independent draws around plausible values, with the program's labels."""
    rng = np.random.default_rng(seed)
    laws: Mapping[str, tuple[tuple[str, ...], float, float]] = {
        "theta": (("outcome",), -4.0, 0.5),
        "new_class_level": (("outcome",), -4.0, 1.0),
        "log_hazard_shape": (("band",), 0.0, 0.0),
        "persistence": (("factor",), 0.8, 0.02),
        "state": (("past_period", "factor"), 0.5, 0.5),
        "gamma": (("effect",), 0.3, 0.3),
        "delta": (("link",), -0.7, 0.4),
        "log_mean": (("indicator",), 1.5, 0.2),
        "loading": (("indicator",), 0.5, 0.1),
        "dispersion": (("indicator",), 0.4, 0.05),
        "pattern_sd": (("pattern",), 0.3, 0.02),
        "wave_height": (("wave",), 0.0, 0.2),
        "spike_share": (("mixture",), 0.05, 0.005),
        "spike_size": (("mixture",), 3.0, 0.1),
        "idle_share": (("mixture",), 0.1, 0.01),
    }
    variables = {}
    for name, (dims, mean, sd) in laws.items():
        shape = [chains, draws, *(len(encoded.coords[dim]) for dim in dims)]
        if np.prod(shape):
            variables[name] = (("chain", "draw", *dims), rng.normal(mean, sd, shape))
    used = {dim for dims, _ in variables.values() for dim in dims[2:]}
    coords = {"chain": np.arange(chains), "draw": np.arange(draws), **{dim: encoded.coords[dim] for dim in used}}
    dataset = xr.Dataset(variables, coords=coords)
    for outcome in encoded.study.outcomes:
        if outcome.kind is OutcomeKind.BINARY:
            dataset["theta"].loc[{"outcome": outcome.id}] += 3.5
    return dataset
