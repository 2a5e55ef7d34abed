"""What a block is: a small study, and how its data come about.

Each simulator takes one prior draw of the named quantities and returns the arrays that hold its data. Errors that it
draws itself, where the model has variables for them, it returns as deviations under the names of those variables, and
quantities that depend on the data under theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from forecast.model.arrays import ModelArrays

Truth = dict[str, np.ndarray]
Arrays = dict[str, Any]
Simulate = Callable[[np.random.Generator, Truth, ModelArrays], Arrays | None]


@dataclass(frozen=True)
class Block:
    """A study, how its data come about, and the quantities whose ranks are looked at."""

    name: str
    arrays: ModelArrays
    simulate: Simulate
    """None means that the world came out in a way that the study excludes: the draw is thrown away."""
    quantities: tuple[str, ...]
    acceptance: float = 1.0
    """At least this share of prior draws is kept."""
    picks: dict[str, Any] = field(default_factory=dict)
    """Index into a quantity, where not all of it is looked at."""

    def with_simulator(self, simulate: Simulate) -> Block:
        return replace(self, simulate=simulate)
