"""Options of categorical outcomes in futures: one of them turns out true, with the stated probabilities, whatever moves them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.futures.correction import corrected
from forecast.futures.hazards import cumulative_incidence, probability_by_resolution
from forecast.futures.option_offsets import solve_offsets
from forecast.futures.present import PresentCase, softmax
from forecast.futures.simulation import simulate_futures
from tests.futures.present import make_present

SHARES = np.array([0.5, 0.3, 0.2])
DRAWS, EACH = 20, 4000


def with_options(shares: np.ndarray, rates: list[list[float]], **changes: object) -> PresentCase:
    """A present case whose first outcomes are options of one outcome; `rates` are those of all."""
    count = len(shares)
    yes = dict.fromkeys(range(count), 0.5) | changes.pop("yes", {})  # type: ignore[call-overload]
    groups = [0] * count + list(range(count, len(rates)))
    made = make_present(rates, yes=yes, groups=groups, **{"draws": DRAWS, **changes})  # type: ignore[arg-type]
    level = made.level.copy()
    level[:, :count] = np.log(shares)
    return replace(made, level=level, kinds=("categorical",) * count + made.kinds[count:])


def happened(present: PresentCase, **changes: object) -> np.ndarray:
    """Share of futures with each outcome by its date."""
    times = simulate_futures(present, replicates=EACH, seed=3, **changes).times  # type: ignore[arg-type]
    return np.asarray((times <= present.resolves).mean(axis=(0, 1)))


def error(share: np.ndarray | float) -> np.ndarray:
    return np.asarray(4.0 * np.sqrt(np.asarray(share) * (1.0 - np.asarray(share)) / (DRAWS * EACH)) + 1e-3)


def test_one_option_turns_out_true_as_often_as_its_softmax_says() -> None:
    present = with_options(SHARES, [[0.0] * 4] * 3)
    times = simulate_futures(present, replicates=EACH, seed=1).times
    assert (np.isfinite(times).sum(axis=2) == 1).all()
    assert np.all(np.abs(happened(present) - SHARES) < error(SHARES))
    exact = probability_by_resolution(present, cumulative_incidence(present))
    np.testing.assert_allclose(exact, np.tile(SHARES, (DRAWS, 1)))
    assert present.closed.all()


def test_what_is_made_to_happen_or_never_to_happen_leaves_the_others_their_odds() -> None:
    present = with_options(SHARES, [[0.0] * 4] * 3)
    np.testing.assert_array_equal(happened(present, forced={"o1": 2.0}), [0.0, 1.0, 0.0])
    left = happened(present, forced={"o0": np.inf})
    assert left[0] == 0.0
    assert np.all(np.abs(left[1:] - [0.6, 0.4]) < error(0.5))
    assert happened(present, forced={"o0": np.inf, "o1": np.inf})[2] == 1.0


def test_offsets_are_the_roots_of_the_mean_softmax() -> None:
    rng = np.random.default_rng(4)
    level, shifts = rng.normal(0, 1.5, (7, 4)), rng.normal(0, 1.5, (5, 7, 4))
    weights = rng.dirichlet(np.ones(5), 7).T
    offset = solve_offsets(level, shifts, weights)
    mean = (weights[:, :, None] * softmax(level + offset + shifts)).sum(axis=0)
    np.testing.assert_allclose(mean, softmax(level), atol=1e-7)


def test_links_and_factors_leave_options_where_they_were_stated() -> None:
    """An event, a binary outcome of the same day and a factor move options; all marginals are as stated."""
    present = with_options(
        SHARES,
        [[0.0] * 4] * 3 + [[0.2] * 4, [0.0] * 4],
        yes={4: 0.4},
        links={(3, 0): 1.5, (4, 1): -1.0, (4, 2): 1.0},
        effects={(1, "mood"): 0.8, (2, "mood"): -0.5},
        states={"mood": (0.0, 0.7)},
        keeps_marginal=True,
        draws=8000,
    )
    stationary = np.random.default_rng(5).standard_normal((8000, 1))
    present = corrected(replace(present, factors=replace(present.factors, state=stationary)))
    times = simulate_futures(present, replicates=20, seed=3).times
    found = (times <= present.resolves).mean(axis=(0, 1))
    stated = np.array([*SHARES, 1.0 - np.exp(-0.8), 0.4])
    assert np.all(np.abs(found - stated) < 0.008)
    assert not present.closed[:3].any()


def test_two_options_that_are_linked_are_the_linked_binary_outcome() -> None:
    """P(first option | cause) is the logistic with the offset of the log odds."""
    options = with_options(
        np.array([0.7, 0.3]), [[0.0] * 4] * 2 + [[0.3] * 4], links={(2, 0): 1.2}, keeps_marginal=True
    )
    binary = make_present([[0.0] * 4, [0.3] * 4], yes={0: 0.7}, links={(1, 0): 1.2}, keeps_marginal=True, draws=DRAWS)
    given = []
    for present, cause in ((options, 2), (binary, 1)):
        times = simulate_futures(present, replicates=EACH, seed=6).times
        caused, yes = times[:, :, cause] <= 4.0, times[:, :, 0] <= 4.0
        given.append((yes.mean(), yes[caused].mean(), yes[~caused].mean()))
    np.testing.assert_allclose(given[0], given[1], atol=0.012)
    assert given[0][0] == pytest.approx(0.7, abs=0.008)


def test_an_option_acts_on_what_comes_later_and_leaves_it_its_probability() -> None:
    """Options turn out at the middle of the way; a later binary outcome and an event keep what was stated of them."""
    present = with_options(
        SHARES,
        [[0.0] * 4] * 3 + [[0.0] * 4, [0.15] * 4],
        yes={3: 0.3},
        links={(0, 3): 1.5, (1, 4): 1.0, (2, 4): -1.0},
        keeps_marginal=True,
        resolves=[2.0, 2.0, 2.0, 4.0, 4.0],
    )
    times = simulate_futures(corrected(present), replicates=EACH, seed=7).times
    by_date = times <= present.resolves
    assert by_date.mean(axis=(0, 1)) == pytest.approx([*SHARES, 0.3, 1.0 - np.exp(-0.6)], abs=0.008)
    first = by_date[:, :, 0]
    odds = [share / (1.0 - share) for share in (by_date[first, 3].mean(), by_date[~first, 3].mean())]
    assert np.log(odds[0] / odds[1]) == pytest.approx(1.5, abs=0.06)
    late = [((times[:, :, 4] > 2.0) & by_date[:, :, 4])[by_date[:, :, place]].mean() for place in range(3)]
    assert late[1] > late[0] > late[2]
