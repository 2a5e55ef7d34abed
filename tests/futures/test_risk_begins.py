"""Events that become possible only on a day to come, within a period too: exact probabilities and futures."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from forecast.futures.correction import corrected
from forecast.futures.hazards import cumulative_incidence, probability_by
from forecast.futures.offsets import marginal_offsets
from forecast.futures.paths import HazardPath
from forecast.futures.present import Expected, FloatArray, PresentCase
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import open_futures
from forecast.model.encoding.encode import encode_study
from forecast.summary.archive import write_tree
from tests.documents import event_outcome, make_study
from tests.futures.posteriors import make_posterior
from tests.futures.present import make_present
from tests.summary.test_archive import make_tree

HORIZON = 24


def at_risk_from(begins: list[float], hazards: list[float], *, draws: int = 200, **more: object) -> PresentCase:
    """Constant hazards, each from its time on."""
    share = np.clip(np.arange(1, HORIZON + 1) - np.array(begins)[:, None], 0.0, 1.0)
    present = make_present(np.array(hazards)[:, None] * share, draws=draws, **more)  # type: ignore[arg-type]
    return replace(present, begins=np.array(begins))


@pytest.mark.parametrize("begins", [0.0, 3.0, 3.4, 20.9])
def test_before_its_risk_begins_an_event_does_not_happen_and_then_its_time_is_exponential(begins: float) -> None:
    present = at_risk_from([begins], [0.2], draws=100)
    incidence = cumulative_incidence(present)
    for time in (0.5, 3.0, 3.2, 3.7, 10.0, 21.0, 23.5, 24.0):
        assert probability_by(present, incidence, 0, time)[0] == pytest.approx(
            -np.expm1(-0.2 * max(time - begins, 0.0))
        )
    times = simulate_futures(present, replicates=100, seed=3).times.ravel()
    happened = times[np.isfinite(times)]
    assert happened.min() > begins
    last = -np.expm1(-0.2 * (HORIZON - begins))
    assert np.isfinite(times).mean() == pytest.approx(last, abs=4 * np.sqrt(last * (1 - last) / times.size))
    uniform = -np.expm1(-0.2 * (happened - begins)) / last
    assert stats.kstest(uniform, "uniform").pvalue > 1e-4


def incidence_by(time: float, begins: list[float], hazards: list[float]) -> FloatArray:
    """Of competing events: integrals of their hazards times survival, between the times at which hazards set in."""

    def reached(t: float) -> float:
        return sum(h * max(t - b, 0.0) for b, h in zip(begins, hazards, strict=True))

    edges = sorted({0.0, time, *(b for b in begins if b < time)})
    return np.array([
        sum(
            integrate.quad(lambda t, h=h: h * np.exp(-reached(t)), start, end)[0]
            for start, end in itertools.pairwise(edges)
            if start >= b
        )
        for b, h in zip(begins, hazards, strict=True)
    ])  # fmt: skip


@pytest.mark.parametrize("begins", [[0.0, 2.3], [2.3, 2.8], [5.5, 0.0], [1.0, 2.5]])
def test_competing_events_share_each_part_of_a_period_as_they_are_at_risk_in_it(begins: list[float]) -> None:
    hazards = [0.3, 0.7]
    present = at_risk_from(begins, hazards, groups=[0, 0])
    incidence = cumulative_incidence(present)
    for time in (1.0, 2.0, 2.4, 2.6, 2.9, 3.0, 5.7, 8.0):
        found = [probability_by(present, incidence, place, time)[0] for place in (0, 1)]
        assert found == pytest.approx(incidence_by(time, begins, hazards), abs=1e-9)
    times = simulate_futures(present, replicates=100, seed=4).times
    for time in (2.6, 3.0, 8.0):
        counted, exact = (times <= time).mean(axis=(0, 1)), incidence_by(time, begins, hazards)
        assert np.all(np.abs(counted - exact) < 4 * np.sqrt(exact * (1 - exact) / 20_000) + 1e-12)


def test_a_cause_that_occurs_before_or_after_acts_on_the_hazard_from_when_there_is_one() -> None:
    """Of an effect at risk from 6.5 on, whose hazard a cause of hazard 0.1 multiplies by e."""
    present = at_risk_from([0.0, 6.5], [0.1, 0.05], links={(0, 1): 1.0})
    times = simulate_futures(present, replicates=200, seed=5).times[:, :, 1]

    def survives(time: float) -> float:
        def given(cause: float) -> float:
            quiet = min(max(cause, 6.5), time) - 6.5
            return float(np.exp(-0.05 * quiet - 0.05 * np.e * (time - 6.5 - quiet)))

        before = integrate.quad(lambda t: 0.1 * np.exp(-0.1 * t) * given(t), 0.0, time, points=[6.5])[0]
        return float(before + np.exp(-0.1 * time) * given(time))

    assert times.min() > 6.5
    for time in (6.8, 7.5, 15.0, 24.0):
        exact = 1.0 - survives(time)
        assert (times <= time).mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / times.size))


@pytest.mark.parametrize("begins", [[0.0, 6.5], [6.5, 0.0], [3.2, 9.7]])
def test_links_leave_the_marginal_where_it_was_stated(begins: list[float]) -> None:
    present = corrected(at_risk_from(begins, [0.1, 0.05], links={(0, 1): 1.2}, keeps_marginal=True))
    times = simulate_futures(present, replicates=200, seed=6).times[:, :, 1]
    for time in (10.0, 17.0, 24.0):
        exact = -np.expm1(-0.05 * max(time - begins[1], 0.0))
        error = np.sqrt(exact * (1 - exact) / times.size)
        assert (times <= time).mean() == pytest.approx(exact, abs=0.003 + 4 * error)


def test_a_path_is_its_own_inverse() -> None:
    reached = np.full((3, 1), np.inf)
    reached[:2, 0] = [0.1, 0.5]
    path = HazardPath(reached, np.zeros(4, dtype=np.int64), 2, 0.75)
    places = np.arange(4)
    times = np.array([0.8, 0.95, 1.0, 1.5])
    assert path.at(places, times) == pytest.approx([0.02, 0.08, 0.1, 0.3])
    assert path.first_passage(places, path.at(places, times)) == pytest.approx(times)
    assert path.at(places[:2], np.array([0.0, 0.75])) == pytest.approx([0.0, 0.0])


def test_stored_futures_know_when_the_risk_begins(tmp_path: Path) -> None:
    encoded = encode_study(make_study(event_outcome(at_risk_since="2020-03-11"), horizon=12))
    tree, rolled = make_tree(encoded, make_posterior(encoded))
    write_tree(tree, tmp_path / "draws.nc")
    stored = open_futures(tmp_path / "draws.nc")
    assert stored.present.begins.tolist() == rolled.present.begins.tolist() == [pytest.approx(2 + 10 / 31)]
    again = simulate_futures(stored.present, replicates=5, seed=stored.seed, draws=stored.futures.draws)
    assert np.array_equal(again.times, rolled.futures.times)
    assert rolled.futures.times.min() > 2 + 10 / 31


@pytest.mark.parametrize(("begins", "hazard", "log_ratio"), [(0.5, 0.7, 0.01), (1.5, 1.0, 1.0)])
def test_a_marginal_is_not_corrected_away_in_the_period_in_which_the_risk_begins(
    begins: float, hazard: float, log_ratio: float
) -> None:
    """High hazards over few periods, where a hazard that was taken as even within the period would be seen."""
    share = np.clip(np.arange(1, 4) - np.array([[0.0], [begins]]), 0.0, 1.0)
    links = {(0, 1): log_ratio}
    present = make_present(np.array([[0.3], [hazard]]) * share, draws=400, links=links, keeps_marginal=True)
    found = corrected(replace(present, begins=np.array([0.0, begins])))
    times = simulate_futures(found, replicates=100, seed=6).times[..., 1]
    for time in (1.0, 2.0, 3.0):
        chance = -np.expm1(-hazard * max(time - begins, 0.0))
        assert abs((times <= time).mean() - chance) < 4 * np.sqrt(0.25 / times.size) + 0.004


def test_time_before_its_risk_began_thins_no_one_after_an_earlier_statement() -> None:
    """Three periods after the statement the risk begins: the cause, of hazard .2 since then, may have occurred; against a fine chain."""
    lead, cause, effect, log_ratio = 3, 0.2, 0.2, 1.5
    present = make_present([[cause] * 4, [effect] * 4], links={(0, 1): log_ratio}, keeps_marginal=True)
    expected = Expected(
        np.array([0, lead]),
        np.full((1, 7), cause),
        np.full((1, 7), cause),
        np.zeros(1, dtype=bool),
        np.array([np.inf, 0.0]),
    )
    offsets = marginal_offsets(replace(present, expected=expected)).log_hazard[1][0]
    steps, none, caused, found = 2000, np.exp(-cause * lead), -np.expm1(-cause * lead), []
    for _ in range(4):
        means = []
        for _ in range(steps):
            occurs = none * -np.expm1(-cause / steps)
            none, caused = none - occurs, caused + occurs
            means.append((none + np.exp(log_ratio) * caused) / (none + caused))
            rate = effect / means[-1] / steps
            none, caused = none * np.exp(-rate), caused * np.exp(-rate * np.exp(log_ratio))
        found.append(-np.log(np.mean(means)))
    assert offsets == pytest.approx(found, abs=0.01)
