"""Intervals of probabilities, and whether their ends are as exact as is said."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.study import Occurs
from forecast.summary.ends import Ends, counted_ends, exact_ends
from forecast.summary.outcomes import expression_ends
from forecast.summary.rolled import MORE_DRAWS_SPREAD, MORE_FUTURES_SPREAD, MOVED_SPREAD, roll_forward
from tests.futures.posteriors import everything, make_posterior
from tests.suite.sizes import sized

SEEDS = sized(20, 8)


def test_the_error_of_an_exact_end_is_that_of_repeats() -> None:
    rng = np.random.default_rng(1)
    found = [exact_ends(rng.beta(4, 16, 2000), 4) for _ in range(300)]
    assert ratios(found) == pytest.approx([1.0, 1.0], rel=0.15)


def test_what_every_draw_agrees_on_has_no_error() -> None:
    for ends in (exact_ends(np.full(400, 0.3), 4), counted_ends(np.ones((400, 60), dtype=bool), 4)):
        assert ends.interval.low == ends.interval.high
        assert ends.largest_mcse == 0.0


def test_three_draws_a_chain_have_an_interval_and_no_error() -> None:
    rng = np.random.default_rng(1)
    assert exact_ends(rng.random(12), 4).mcse is None
    assert counted_ends(rng.random((12, 60)) < 0.4, 4).mcse is None


@pytest.mark.slow
def test_errors_of_a_linked_study_are_those_of_repeats_with_other_seeds() -> None:
    """Other draws and other futures each time; 20 repeats give their deviation to 16 %, 8 to 27 %, and no end is three times that off."""
    encoded = everything()
    expressions = {outcome.id: Occurs(outcome.id) for outcome in encoded.study.outcomes}
    expressions |= {scenario.id: scenario.expression for scenario in encoded.study.scenarios}
    found: dict[str, list[Ends]] = {name: [] for name in expressions}
    for seed in range(SEEDS):
        rolled = roll_forward(encoded, make_posterior(encoded, draws=1000, seed=seed), seed=seed)
        for name, expression in expressions.items():
            found[name].append(expression_ends(expression, encoded, rolled))
    by_end = np.array([ratios(ends) for ends in found.values()])
    noise = 1 / np.sqrt(2 * (SEEDS - 1))
    assert np.abs(np.log(by_end)).max() < 3 * noise
    # The two ends of a probability, and probabilities of one study, are not independent: as many as there are of these.
    assert abs(np.log(by_end).mean()) < 3 * noise / np.sqrt(len(expressions))


def ratios(found: list[Ends]) -> list[float]:
    """Deviation of each end over the stated one."""
    ends = [(ends.interval.low, ends.interval.high) for ends in found]
    stated = [(ends.mcse.low, ends.mcse.high) for ends in found if ends.mcse is not None]
    assert len(stated) == len(found)
    return list(np.std(ends, axis=0, ddof=1) / np.sqrt(np.mean(np.square(stated), axis=0)))


@pytest.mark.parametrize(
    ("deviation", "lower", "spread"),
    [(1.0, 0.0, MORE_DRAWS_SPREAD), (0.02, 0.0, MORE_FUTURES_SPREAD), (0.3, 4.0, MOVED_SPREAD)],
)
def test_more_is_simulated_where_an_end_would_not_be_exact_enough(
    deviation: float, lower: float, spread: tuple[int, int]
) -> None:
    """More draws where they differ much; more futures where what differs is mostly their noise; neither if all is rare."""
    encoded = everything()
    drawn = make_posterior(encoded, draws=1000)
    middle = drawn.mean(("chain", "draw"))
    posterior = middle + deviation * (drawn - middle)
    posterior = posterior.assign({name: posterior[name] - lower for name in ("theta", "log_mean")})
    rolled = roll_forward(encoded, posterior, seed=1)
    assert rolled.replicated.times.shape[:2] == spread
