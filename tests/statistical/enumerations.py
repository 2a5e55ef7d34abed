"""Worlds of two and three outcomes whose probabilities are enumerated, and what a study finds of them.

Where levels are as good as known, draws of the prior are the posterior, and futures alone are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forecast.futures.correction import corrected
from forecast.futures.simulation import simulate_futures
from forecast.inference.engine.program import get_program
from forecast.inference.labels import label_quantities
from forecast.model.encoding.encode import encode_study
from forecast.study import study_from_document
from forecast.summary.posterior import present_case
from tests.documents import Document
from tests.statistical.coherent_studies import Answer
from tests.statistical.coherent_worlds import Array, Chain, World, occurs
from tests.suite.sizes import sized

SURE = 0.001
"""Standard deviation of levels and effects that are as good as known."""
DRAWS, FUTURES = 20, 10_000
"""Of the prior, and for each of them."""
TIMES = 3.0
"""Monte Carlo errors."""
SAMPLER = sized(
    {"draws": 1000, "tune": 500, "chains": 4, "futures_per_draw": 50},
    {"draws": 500, "tune": 300, "chains": 2, "futures_per_draw": 50},
)
SMALL = {
    "a cause and an effect": World(("event",) * 2, (0, 1), (24, 24), (-4, -4), {(0, 1): 1.2}),
    "and an outcome between": World(
        ("event",) * 3, (0, 1, 2), (24, 24, 24), (-4, -3.5, -4), {(0, 1): 1.0, (0, 2): -0.8, (1, 2): 1.5}
    ),
    "on two that exclude one another": World(
        ("event",) * 3, (0, 1, 1), (24, 24, 24), (-4, -3.5, -4), {(0, 1): 1.0, (0, 2): -0.8}
    ),
    "a binary outcome between": World(
        ("event", "binary", "event"), (0, 1, 2), (24, 12, 24), (-4, -0.5, -4), {(0, 1): 1.0, (1, 2): 1.3}
    ),
    "a binary outcome at the end": World(
        ("event", "event", "binary"), (0, 1, 2), (24, 24, 24), (-4, -3.5, -1), {(0, 1): 1.0, (1, 2): 1.4, (0, 2): 0.5}
    ),
}
"""The first outcome is the cause of the others."""


def sure(world: World, sd: float = SURE) -> list[Document]:
    """Priors of levels that are known to within `sd`."""
    return [{"distribution": f"normal({level}, {sd})"} for level in world.levels]


def known_chain(world: World) -> Chain:
    """Of its levels and links."""
    return Chain(world, np.array([world.levels]), np.array([list(world.links.values())]))


def happened(outcome: str, day: str) -> Document:
    """A resolution."""
    return {"rows": [{"outcome": outcome, "resolution": "yes", "on": day, "source": "Tested."}]}


def counted(study: Document, seed: int, futures: int = FUTURES) -> Answer:
    """From futures of prior draws, so many of each: every outcome by its date, and with the first one by then."""
    encoded, program = encode_study(study_from_document(study)), get_program()
    drawn = program.draw_prior(encoded.arrays, DRAWS, seed)
    prior = label_quantities(drawn, dict(zip(program.names, program.dims, strict=True)), encoded)
    present = corrected(present_case(encoded, prior))
    times = simulate_futures(present, replicates=futures, seed=seed).times
    occurred = times <= present.resolves
    together = occurred[:, :, 1:] & (times[:, :, :1] <= present.resolves[1:])
    shares = np.concatenate([occurred, together], axis=2).mean(axis=(0, 1))
    smoothed = (shares * DRAWS * futures + 0.5) / (DRAWS * futures + 1)
    errors = np.sqrt(smoothed * (1 - smoothed) / (DRAWS * futures))
    return dict(zip(with_first(present.outcomes), zip(shares.tolist(), errors.tolist(), strict=True), strict=True))


def quiet(outcome: Document) -> Document:
    """At risk for 24 months."""
    return {**outcome, "at_risk_since": "2018-01-01"}


def grid(sds: list[float], nodes: int) -> tuple[Array, Array]:
    """Deviations and weights of the product of Gauss-Hermite rules, dims (point, axis) and (point)."""
    places, weights = np.polynomial.hermite_e.hermegauss(nodes)
    points = np.stack(np.meshgrid(*([places] * len(sds)), indexing="ij"), axis=-1).reshape(-1, len(sds))
    product = np.stack(np.meshgrid(*([weights] * len(sds)), indexing="ij"), axis=-1).reshape(-1, len(sds)).prod(axis=1)
    return points * sds, product


def with_first(names: Sequence[str]) -> list[str]:
    """Of what is compared: each outcome, and each but the first together with that."""
    return [*names, *(f"{name} and {names[0]}" for name in names[1:])]


def enumerated(world: World, laws: Mapping[int, Array]) -> list[float]:
    """The same by the chain, from its law on each date."""
    dates = list(enumerate(world.dates))
    alone = [float(occurs(laws[date], k)[0]) for k, date in dates]
    return [*alone, *(float(occurs(laws[date], 0, k)[0]) for k, date in dates[1:])]


def assert_equal(found: Answer, names: Sequence[str], exact: Sequence[float]) -> None:
    """Within three Monte Carlo errors."""
    for name, expected in zip(names, exact, strict=True):
        probability, error = found[name]
        print(f"{name}: {probability:.4f} +- {error:.4f}, exact {expected:.4f}")
        assert abs(probability - expected) < TIMES * error, name
