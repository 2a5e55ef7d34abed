"""A `draws.nc` with real futures of a small study, from made-up posterior draws: nothing is sampled or compiled."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from forecast.study import Study, study_from_document

RATES = {"leaves": 0.05, "stays": 0.02}
"""Per month, the same in every draw."""
YES = 0.3
"""Probability of the binary outcome."""
HORIZON = 12
CHAINS, DRAWS, FUTURES_PER_DRAW = 2, 500, 5


def asked_study() -> Study:
    """Two events that exclude one another, and a yes or no that hastens the first."""
    resolution = {"criteria": "It happens.", "source": "Us"}
    prior = {"distribution": "normal(-3, 1)", "source": "Us", "rationale": "A test"}
    events: list[dict[str, Any]] = [
        {"id": name, "title": name.capitalize(), "kind": "event", "competes": "end", "prior": prior} for name in RATES
    ]
    binary = {"id": "talks", "title": "Talks", "kind": "binary", "prior": {**prior, "distribution": "normal(-1, 1)"}}
    outcomes = [{**outcome, "resolution": {**resolution, "by": "2022-01-01"}} for outcome in events]
    outcomes.append({**binary, "resolution": {**resolution, "by": "2021-07-01"}})
    return study_from_document(
        {
            "study": "asked",
            "title": "What is asked",
            "as_of": "2021-01-01",
            "period": "month",
            "horizon": HORIZON,
            "outcomes": outcomes,
            "links": [
                {"cause": "talks", "effect_on": "leaves", "log_ratio": "normal(0.7, 0.1)", "rationale": "A test"}
            ],
            "scenarios": [{"id": "neither", "title": "Neither ends it", "when": "not leaves and not stays"}],
            "sampler": {"draws": DRAWS, "chains": CHAINS, "futures_per_draw": FUTURES_PER_DRAW, "seed": 5},
        }
    )


def write_futures_file(path: Path) -> None:
    """Write the file."""
    path.write_bytes(_content())


@cache
def _content() -> bytes:
    import tempfile

    import xarray as xr

    from forecast.model.encoding.encode import encode_study
    from forecast.summary.archive import write_tree
    from forecast.summary.mechanism import futures_dataset, mechanism_dataset
    from forecast.summary.rolled import roll_forward

    encoded = encode_study(asked_study())
    level = {**{name: np.log(rate) for name, rate in RATES.items()}, "talks": np.log(YES / (1 - YES))}
    shape = (CHAINS, DRAWS)
    values = {
        "theta": ("outcome", [level[name] for name in encoded.coords["outcome"]]),
        "log_hazard_shape": ("band", [0.0] * len(encoded.coords["band"])),
        "delta": ("link", [0.7] * len(encoded.coords["link"])),
    }
    posterior = xr.Dataset(
        {
            name: (("chain", "draw", dim), np.broadcast_to(np.asarray(row), (*shape, len(row))))
            for name, (dim, row) in values.items()
        },
        coords={
            "chain": range(CHAINS),
            "draw": range(DRAWS),
            **{dim: list(encoded.coords[dim]) for dim, _ in values.values()},
        },
    )
    rolled = roll_forward(encoded, posterior, seed=5)
    groups = {"futures": futures_dataset(rolled.futures, DRAWS), "mechanism": mechanism_dataset(encoded, rolled)}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "draws.nc"
        write_tree(xr.DataTree.from_dict(groups), file)
        return file.read_bytes()
