"""Frailties that were integrated out, drawn afterwards, against their conditional law on a grid."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.frailties import draw_frailties
from tests.documents import binary_outcome, event_outcome, make_study

DRAWS = 20_000


def constant(encoded: EncodedStudy, **values: list[float]) -> xr.Dataset:
    """Draws that are all alike."""
    dims = {"class_level": "level", "sigma": "outcome", "log_hazard_shape": "band", "partial_z": "pair"}
    return xr.Dataset(
        {
            name: (("chain", "draw", dims[name]), np.tile(np.array(value), (1, DRAWS, 1)))
            for name, value in values.items()
        }
    )


@pytest.mark.parametrize(
    ("yes", "trials", "level", "sigma"), [(3, 5, -2.0, 1.5), (180, 200, 0.0, 0.4), (0, 1, 1.0, 3.0)]
)
def test_a_case_of_trials_is_drawn_given_all_that_it_showed(yes: int, trials: int, level: float, sigma: float) -> None:
    rows = [{"id": "a", "successes": yes, "trials": trials, "weight": 0.2}]
    encoded = encode_study(make_study(
        binary_outcome(reference={"past": 1.0}, pooling={"class_sd": 0, "case_sd": 1}),
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
    ))  # fmt: skip
    posterior = constant(encoded, class_level=[level], sigma=[sigma], log_hazard_shape=[0.0])
    found = draw_frailties(encoded, posterior, np.random.default_rng(1))[0].ravel()
    x = np.linspace(-12 * sigma, 12 * sigma, 40_001)
    log = yes * (level + x) - trials * np.logaddexp(0, level + x) - 0.5 * (x / sigma) ** 2
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean, sd = weight @ x, np.sqrt(weight @ x**2 - (weight @ x) ** 2)
    assert abs(found.mean() - mean) < 4 * sd / np.sqrt(DRAWS)
    for quantile in (0.05, 0.5, 0.95):
        below = (found < np.interp(quantile, np.cumsum(weight), x)).mean()
        assert abs(below - quantile) < 4 * np.sqrt(quantile * (1 - quantile) / DRAWS)


def test_a_case_of_two_correlated_outcomes_is_drawn_jointly() -> None:
    pooling = {"class_sd": 0, "case_sd": 1, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
    rows = [{"id": "a", "duration": 20, "event": "left", "weight": 0.5}]
    encoded = encode_study(make_study(
        *[event_outcome(id=id, competes="end", pooling=pooling) for id in ("exit", "war")], dependence={"eta": 2},
        reference_classes=[{"id": "past", "outcome": ["exit", "war"], "rows": rows,
                            "event_value": {"exit": "left", "war": "fought"}}],
    ))  # fmt: skip
    level, sigma, rho = np.array([-3.0, -2.0]), np.array([0.8, 1.2]), 0.7
    posterior = constant(
        encoded,
        class_level=level.tolist(),
        sigma=sigma.tolist(),
        log_hazard_shape=[0.0, 0.0],
        partial_z=[np.arctanh(rho)],
    )
    found = draw_frailties(encoded, posterior, np.random.default_rng(2))
    u, v = np.meshgrid(np.linspace(-8, 8, 801), np.linspace(-8, 8, 801), indexing="ij")
    x, y = sigma[0] * u, sigma[1] * (rho * u + np.sqrt(1 - rho**2) * v)
    log = level[0] + x - 20 * np.exp(level[0] + x) - 20 * np.exp(level[1] + y) - 0.5 * (u**2 + v**2)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    means = [(weight * x).sum(), (weight * y).sum()]
    spreads = [np.sqrt((weight * (z - m) ** 2).sum()) for z, m in zip((x, y), means, strict=True)]
    for place in (0, 1):
        assert abs(found[place].mean() - means[place]) < 4 * spreads[place] / np.sqrt(DRAWS)
    together = (weight * (x - means[0]) * (y - means[1])).sum() / np.prod(spreads)
    assert np.corrcoef(found[0].ravel(), found[1].ravel())[0, 1] == pytest.approx(together, abs=4 / np.sqrt(DRAWS))


def test_trials_of_two_outcomes_beside_a_spell_are_drawn_jointly() -> None:
    """The three frailties of a case on a grid: two binary outcomes that show much, and a spell that shows little."""
    shape = {"class_sd": 0, "case_sd": 1, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}
    row = {"id": "x", "duration": 20, "event": 1, "a": 18, "b": 3, "m": 20, "n": 4, "weight": 0.5}
    encoded = encode_study(make_study(
        event_outcome(pooling=shape),
        *[binary_outcome(id=name, pooling={"class_sd": 0, "case_sd": 1}) for name in ("a", "b")],
        dependence={"eta": 2},
        reference_classes=[{"id": "past", "outcome": ["a", "exit", "b"], "rows": [row],
                            "trial_columns": {"a": "m", "b": "n"}}],
    ))  # fmt: skip
    partial = np.array([0.6, -0.4, 0.7])  # of a and exit, b and exit, b and a
    level, sigma = np.array([0.2, -3.0, -0.5]), np.array([0.8, 1.2, 0.9])  # a, exit, b; exit, a, b
    posterior = constant(encoded, class_level=level.tolist(), sigma=sigma.tolist(), log_hazard_shape=[0.0] * 3,
                         partial_z=np.arctanh(partial).tolist())  # fmt: skip
    found = draw_frailties(encoded, posterior, np.random.default_rng(3))
    (ae, be, ba), rest = partial, np.sqrt(1 - partial**2)
    u, v, w = np.meshgrid(*[np.linspace(-7, 7, 141)] * 3, indexing="ij")
    exit_, a, b = sigma[:, None, None, None] * np.array(
        [u, ae * u + rest[0] * v, be * u + rest[1] * (ba * v + rest[2] * w)]
    )
    log = 18 * (level[0] + a) - 20 * np.logaddexp(0, level[0] + a) + level[1] + exit_ - 20 * np.exp(level[1] + exit_)
    log += 3 * (level[2] + b) - 4 * np.logaddexp(0, level[2] + b) - 0.5 * (u**2 + v**2 + w**2)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    exact = np.array([x.ravel() for x in (a, exit_, b)])
    mean = exact @ weight.ravel()
    covariance = np.cov(exact, aweights=weight.ravel(), bias=True)
    spread = np.sqrt(np.diag(covariance))
    drawn = np.array([found[place].ravel() for place in range(3)])
    assert drawn.mean(axis=1) == pytest.approx(mean, abs=4 * spread.max() / np.sqrt(DRAWS))
    assert np.corrcoef(drawn) == pytest.approx(covariance / np.outer(spread, spread), abs=4 / np.sqrt(DRAWS))


def test_a_study_whose_cases_all_count_in_full_has_none() -> None:
    rows = [{"id": "a", "successes": 1, "trials": 3}]
    encoded = encode_study(make_study(
        binary_outcome(reference={"past": 1.0}, pooling={"class_sd": 0, "case_sd": 1}),
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
    ))  # fmt: skip
    assert draw_frailties(encoded, xr.Dataset(), np.random.default_rng(1)) == {}
