"""The answer over simulated futures: intervals, pairs, what no scenario covers, running estimates."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.futures.scenarios import LEAST_EFFECTIVE_DRAWS
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import parse_expression
from forecast.summary.outcomes import exact_probability, summarize_remainder, summarize_scenarios
from forecast.summary.pairs import summarize_pairs
from forecast.summary.rolled import Rolled, outcome_probabilities, roll_forward
from forecast.summary.running import estimate_running
from tests.futures.posteriors import everything, make_posterior
from tests.futures.present import make_present


@pytest.fixture(scope="module")
def rolled() -> tuple[EncodedStudy, Rolled]:
    encoded = everything()
    return encoded, roll_forward(encoded, make_posterior(encoded), seed=1)


def test_what_moves_an_outcome_or_its_competitors_leaves_it_without_a_closed_form() -> None:
    encoded = everything()
    present = roll_forward(encoded, make_posterior(encoded), seed=1).present
    closed = dict(zip(present.outcomes, present.closed.tolist(), strict=True))
    assert closed == {
        "exit": False, "conversion": False, "agreement": True, "war": True, "deadly": False, "alone": True
    }  # fmt: skip


def test_every_draw_has_its_probability_exact_where_it_can_be() -> None:
    """Beyond 4,000 draws not every draw is rolled forward; each still has one future of its own."""
    encoded = everything()
    posterior = make_posterior(encoded, draws=2000)
    rolled = roll_forward(encoded, posterior, seed=1)
    found = outcome_probabilities(encoded, posterior, rolled)
    assert found["closed_outcome"].values.tolist() == ["agreement", "war", "alone"]
    exact = found["probability"].sel(closed_outcome="agreement").values
    assert exact == pytest.approx(1 / (1 + np.exp(-posterior["theta"].sel(outcome="agreement").values)))
    counted = found["share_of_futures"].sel(simulated_outcome="exit").values
    assert set(np.unique(counted)) == {0.0, 1.0}
    position = rolled.present.outcomes.index("exit")
    stored = (rolled.futures.times[:, :, position] <= 60).mean()
    assert counted.mean() == pytest.approx(stored, abs=4 * np.sqrt(0.25 / 8000 + 0.25 / 20_000))
    assert found["share_of_futures"].attrs["futures_per_draw"] == 1
    assert found["simulated_outcome"].values.tolist() == ["exit", "conversion", "deadly"]


def test_pairs_agree_with_the_futures_and_with_one_another(rolled: tuple[EncodedStudy, Rolled]) -> None:
    _, made = rolled
    happened = dict(
        zip(made.present.outcomes, np.moveaxis(made.futures.times <= made.present.resolves, 2, 0), strict=True)
    )
    pairs = {(pair.outcome, pair.given): pair for pair in summarize_pairs(made)}
    assert len(pairs) == 6 * 5
    pair, opposite = pairs["war", "agreement"], pairs["agreement", "war"]
    both = (happened["war"] & happened["agreement"]).mean()
    assert pair.joint == opposite.joint == pytest.approx(both)
    assert pair.conditional == pytest.approx(both / happened["agreement"].mean())
    assert opposite.conditional == pytest.approx(both / happened["war"].mean())
    assert pairs["exit", "conversion"].joint == 0.0
    assert pairs["exit", "conversion"].conditional == 0.0


def test_a_condition_that_leaves_too_little_has_no_conditional_probability() -> None:
    present = make_present([[0.1] * 10, [1e-4] * 10], draws=400)
    from forecast.futures.simulation import simulate_futures

    futures = simulate_futures(present, replicates=5, seed=1)
    made = Rolled(present, np.zeros(0), np.zeros(0), futures, futures, 1)
    pairs = {(pair.outcome, pair.given): pair for pair in summarize_pairs(made)}
    assert pairs["o0", "o1"].conditional is None
    assert pairs["o0", "o1"].effective_draws < LEAST_EFFECTIVE_DRAWS
    assert pairs["o1", "o0"].conditional is not None


def test_the_remainder_is_what_no_scenario_covers(rolled: tuple[EncodedStudy, Rolled]) -> None:
    encoded, made = rolled
    remainder = summarize_remainder(encoded, made)
    assert remainder is not None
    assert remainder.when == "not (not war and not deadly or before(agreement, exit) or by(war, 12))"
    times = dict(zip(made.present.outcomes, np.moveaxis(made.futures.times, 2, 0), strict=True))
    calm = (times["war"] > 60) & (times["deadly"] > made.resolves["deadly"])
    order = (times["agreement"] < times["exit"]) | (times["war"] <= 12)
    assert remainder.probability == pytest.approx((~calm & ~order).mean())
    assert summarize_scenarios(encoded, made)[0].probability == pytest.approx(calm.mean())


def test_between_two_times_is_the_difference_of_two_exact_probabilities(rolled: tuple[EncodedStudy, Rolled]) -> None:
    encoded, made = rolled

    def exact(text: str) -> np.ndarray:
        found = exact_probability(parse_expression(text, made.present.outcomes), encoded, made)
        assert found is not None
        return found

    assert exact("between(war, 3.5, 12)") == pytest.approx(exact("by(war, 12)") - exact("by(war, 3.5)"))
    assert exact("not between(war, 0, 12)") == pytest.approx(1 - exact("by(war, 12)"))
    assert exact_probability(parse_expression("between(exit, 1, 2)", made.present.outcomes), encoded, made) is None


def test_a_study_without_scenarios_has_no_remainder() -> None:
    encoded = everything(scenarios=[])
    assert summarize_remainder(encoded, roll_forward(encoded, make_posterior(encoded), seed=1)) is None


def test_a_running_estimate_needs_neither_labels_nor_whole_chains(rolled: tuple[EncodedStudy, Rolled]) -> None:
    encoded, made = rolled
    whole = make_posterior(encoded)
    ragged = whole.drop_vars(whole.coords).astype(float).copy(deep=True)
    for variable in ragged.data_vars.values():
        variable[{"chain": 0, "draw": slice(100, None)}] = np.nan
    estimates = estimate_running(encoded, ragged, 1)
    assert list(estimates) == list(made.present.outcomes)
    for position, value in enumerate(estimates.values()):
        exact = made.by_resolution[:, position].mean()
        assert value.probability == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 2000 + 0.04 / 200))
        assert value.mcse is not None
        assert abs(value.probability - exact) < 4 * value.mcse + 0.005
        assert np.mean(value.chains) == pytest.approx(value.probability)


def test_a_chain_without_a_draw_gives_no_estimate_and_a_few_draws_no_error() -> None:
    encoded = everything()
    ragged = make_posterior(encoded).astype(float).copy(deep=True)
    for variable in ragged.data_vars.values():
        variable[{"chain": 0, "draw": slice(3, None)}] = np.nan
    assert {found.mcse for found in estimate_running(encoded, ragged, 1).values()} == {None}
    for variable in ragged.data_vars.values():
        variable[{"chain": 0}] = np.nan
    assert estimate_running(encoded, ragged, 1) == {}
