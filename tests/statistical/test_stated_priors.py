"""Studies with nothing but stated priors give the triples back, as the engine samples them."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from forecast.pipeline.compute import compute_forecast
from tests.documents import make_study
from tests.model.test_stated_priors import NO_AGES, TRIPLES, binary, event
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

SAMPLER = {"draws": 1500, "tune": 800, "chains": 4, "seed": 3, "target_accept": 0.9}
TIMES = 3.0
"""Monte Carlo errors."""
EVERY = sized(1, 12)
"""Of the fifty triples, in an ordinary run and at full size."""


def assert_sampled(draws: np.ndarray, triple: tuple[float, ...]) -> None:
    """Quantiles of the draws (chain, draw) within three of their errors, by the effective number of each."""
    for level, stated in zip((0.05, 0.5, 0.95), triple, strict=True):
        below = (draws <= stated).astype(float)
        effective = float(array_stats.ess(below, chain_axis=0, draw_axis=1, method="mean"))
        error = np.sqrt(level * (1 - level) / effective)
        assert abs(below.mean() - level) < TIMES * error, (triple, level, below.mean(), error)


def sampled(*outcomes: dict[str, object]) -> dict[str, np.ndarray]:
    """Probability by the resolution date of every draw, by outcome; dims (chain, draw)."""
    posterior = compute_forecast(make_study(*outcomes, sampler=SAMPLER)).draws["posterior"].to_dataset()
    found = posterior["probability"]
    return {str(o): found.sel(closed_outcome=o).values for o in found["closed_outcome"].values}


@pytest.mark.parametrize("place", range(0, len(TRIPLES), EVERY))
def test_a_triple_comes_back(place: int) -> None:
    make = binary if place % 2 else event
    ((_, draws),) = sampled(make(*TRIPLES[place])).items()
    assert_sampled(draws, TRIPLES[place])


@pytest.mark.parametrize("quiet", [{}, {"at_risk_since": "2019-01-01"}])
def test_triples_of_competing_outcomes_come_back(quiet: dict[str, str]) -> None:
    triples = {"exit": (0.1, 0.35, 0.8), "conversion": (0.015, 0.08, 0.35)}
    outcomes = [event(*triple, id=name, competes="end", pooling=NO_AGES, **quiet) for name, triple in triples.items()]
    found = sampled(*outcomes)
    for name, triple in triples.items():
        assert_sampled(found[name], triple)
