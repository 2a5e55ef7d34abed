"""What experts are worth: the meaning of the number by simulated errors, and that no misfit ever raises it.

The measurement model of docs/model.md, section 8, is written again here with NumPy and its posterior taken by weighing
draws of the prior, so that hundreds of panels can be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

import numpy as np
import pytest
import xarray as xr

from forecast.study import Experts, Judgment
from forecast.summary.worth import ordinary_variance, question_worth, weigh_experts

DRAWS = 300_000
EXPERTS = ("ann", "bo", "cy", "di", "eli")
DAY = date(2024, 1, 10)


def judgment(expert: str) -> Judgment:
    return Judgment(
        expert,
        "a",
        None,
        0.3,
        DAY,
        DAY,
        (),
        False,
        "person",
        by_day=DAY,
        by_periods=1,
        said_periods=0,
        clipped=0,
        row=0,
    )


@cache
def prior(count: int) -> dict[str, np.ndarray]:
    """Draws of everything that the errors of experts rest on, and of a question's log odds."""
    rng, assumed = np.random.default_rng(7), Experts()

    def normal(scale: float | np.ndarray, *shape: int) -> np.ndarray:
        return np.asarray(scale * rng.standard_normal((*shape, DRAWS)))

    spread = np.abs(normal(assumed.error_spread))
    noise = np.log(np.abs(normal(assumed.error_sd))) + spread * rng.standard_normal((count, DRAWS))
    common = np.abs(normal(assumed.common_error_sd))
    return {
        "shared_bias": normal(assumed.shared_bias_sd),
        "bias": np.abs(normal(assumed.bias_sd)) * rng.standard_normal((count, DRAWS)),
        "slope": np.exp(normal(assumed.slope_mean_sd) + np.abs(normal(assumed.slope_sd)) * normal(1.0, count)),
        "noise": np.sqrt(0.01 + np.exp(2.0 * noise)),
        "common_sd": common,
        "common": common * rng.standard_normal(DRAWS),
        "truth": normal(1.5),
        "step": rng.exponential(0.7, DRAWS),
    }


def worth(said: Sequence[Sequence[float]], apart: float = 0.0) -> float:
    """Effective number of experts who stated these log odds; dims (expert, question).

    The second of two questions is about a later date: its log odds are higher.
    """
    stated, draws = np.array(said), prior(len(said))
    seen = draws["truth"] + draws["common"] + draws["shared_bias"] + draws["bias"]
    log_weight = np.zeros(DRAWS)
    for question in range(stated.shape[1]):
        located = draws["slope"] * (seen + question * draws["step"])
        error = (stated[:, question, None] - located) / draws["noise"]
        log_weight += (-2.5 * np.log1p(error**2 / 4.0) - np.log(draws["noise"])).sum(axis=0)
    weight = np.exp(log_weight - log_weight.max())
    place = np.random.default_rng(1).choice(DRAWS, 20_000, p=weight / weight.sum())
    names = list(EXPERTS[: len(said)])
    posterior = xr.Dataset(
        {
            "shared_bias": (("draw", "kind"), draws["shared_bias"][place][:, None]),
            "common_sd": (("draw", "panel"), draws["common_sd"][place][:, None]),
            **{name: (("draw", "expert"), draws[name][:, place].T) for name in ("bias", "slope", "noise")},
        },
        coords={"kind": ["person"], "expert": names},
    )
    found = question_worth([judgment(name) for name in names], posterior, Experts(), dict.fromkeys(names, apart))
    return found.effective_number


def test_the_number_is_how_many_ordinary_experts_err_as_little() -> None:
    """Mean squares of simulated errors: the best mean of some who share a part, and the plain mean of n who share none."""
    rng, own, common, ordinary = np.random.default_rng(2), np.array([0.3, 0.5, 0.8, 1.2]), 0.1, 0.8
    found = weigh_experts(common, dict(zip(EXPERTS, own, strict=False)), ordinary)
    shared = np.sqrt(common) * rng.standard_normal(400_000)
    errors = shared + np.sqrt(own)[:, None] * rng.standard_normal((4, 400_000))
    shares = np.array([found.shares[name] for name in EXPERTS[:4]])
    together = float(((shares @ errors) ** 2).mean())
    assert found.effective_number < 4
    assert ordinary / found.effective_number == pytest.approx(together, rel=0.01)
    alone = np.sqrt(ordinary) * rng.standard_normal((3, 400_000)).mean(axis=0)
    assert weigh_experts(0.0, dict.fromkeys("abc", ordinary), ordinary).effective_number == pytest.approx(3)
    assert float((alone**2).mean()) == pytest.approx(ordinary / 3, rel=0.01)


@pytest.mark.parametrize("common", [0.0, 0.3])
def test_more_error_of_any_kind_is_worth_less_and_never_more_than_there_are(common: float) -> None:
    numbers = [
        weigh_experts(common, dict.fromkeys(EXPERTS, own), 0.75).effective_number for own in (0.01, 0.3, 1, 4, 9)
    ]
    assert numbers == sorted(numbers, reverse=True)
    assert max(numbers) <= 5
    assert numbers[-1] < 0.5
    shared = [weigh_experts(more, dict.fromkeys(EXPERTS, 0.5), 0.75).effective_number for more in (0.1, 0.5, 2)]
    assert shared == sorted(shared, reverse=True)


def test_an_ordinary_expert_is_the_middle_one_of_the_prior() -> None:
    draws, assumed = prior(5), Experts()
    parts = [draws["shared_bias"].var(), draws["bias"].var(), (draws["common"] ** 2).mean()]
    noise = 2.0 * np.median(draws["noise"] ** 2 / draws["slope"] ** 2)
    assert ordinary_variance(assumed) == pytest.approx(sum(parts) + noise, rel=0.03)
    assert ordinary_variance(Experts(slope_sd=3.0, error_spread=3.0)) < 10 * ordinary_variance(assumed)


def test_one_expert_is_one() -> None:
    assert worth([[-1.0]]) == pytest.approx(1.0, abs=0.15)


def test_scattered_statements_are_worth_less() -> None:
    """Five experts about one question, further and further apart about the same mean."""
    quantiles = np.array([-1.28, -0.52, 0.0, 0.52, 1.28])
    numbers = [worth([[-0.8 + spread * q] for q in quantiles]) for spread in (0.0, 0.3, 0.6, 1.2, 2.4)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > 2 * numbers[-1]


def test_simulated_scatter_is_worth_less_on_average() -> None:
    rng = np.random.default_rng(5)
    numbers = {
        spread: np.mean([worth(rng.normal(-0.8, spread, (5, 1)).tolist()) for _ in range(6)])
        for spread in (0.2, 0.7, 1.5)
    }
    assert numbers[0.2] > numbers[0.7] > numbers[1.5]


@pytest.mark.parametrize("count", [1, 3])
def test_no_simulated_set_is_worth_more_when_its_dates_are_swapped(count: int) -> None:
    """Statements about two dates, made from a world and scattered, in the right order and in the wrong one."""
    rng = np.random.default_rng(count)
    for _ in range(12):
        first, step = rng.normal(-1.0, 0.7), rng.exponential(0.7)
        ordered = np.sort(rng.normal([first, first + step], 0.15, (count, 2)), axis=1)
        apart = float((ordered[:, 1] - ordered[:, 0]).max()) / 2
        coherent, swapped = worth(ordered.tolist()), ordered[:, ::-1].tolist()
        incoherent, learned = worth(swapped, apart), worth(swapped)
        assert incoherent <= learned
        assert learned <= coherent + 0.1  # some hundred effective draws are left where experts agree
        if apart > 0.2:
            assert incoherent < coherent
        if apart > 0.5:
            assert incoherent < 0.6 * coherent
