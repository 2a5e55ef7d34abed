"""The residual correlation R: its prior against LKJ's closed forms, and what it does to frailties and the present case.

References
----------
Lewandowski, Kurowicka and Joe (2009), Journal of Multivariate Analysis 100(9), doi:10.1016/j.jmva.2009.04.008.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from forecast.inference.engine.program import Program, get_program
from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from forecast.model.latent_specs import LATENTS
from tests.documents import NO_POOLING, event_outcome, make_study

pytestmark = pytest.mark.program

NAMES = "abcd"


@pytest.fixture(scope="module")
def program() -> Program:
    return get_program()


def arrays_of(eta: float, correlated: str = NAMES) -> ModelArrays:
    """Four outcomes; those named have a residual and are correlated."""
    outcomes = [
        event_outcome(id=name, pooling={**NO_POOLING, "case_sd": 1.0 if name in correlated else 0.0}) for name in NAMES
    ]
    return encode_study(make_study(*outcomes, dependence={"eta": eta})).arrays


def place_of(name: str, arrays: ModelArrays) -> slice:
    """Where a latent variable lies in a point."""
    start = 0
    for latent, spec in LATENTS.items():
        size = int(np.prod([arrays.lengths[dim] for dim in spec.dims]))
        if latent == name:
            return slice(start, start + size)
        start += size
    raise KeyError(name)


def expand(program: Program, arrays: ModelArrays, point: np.ndarray) -> dict[str, np.ndarray]:
    return {name: value[0] for name, value in program.load(arrays).quantities(point[None]).items()}


def matrix(pairs: np.ndarray, arrays: ModelArrays) -> np.ndarray:
    """Dims (outcome, outcome)."""
    full = np.eye(arrays.lengths["outcome"])
    for row, column, value in zip(arrays["pair_row"], arrays["pair_column"], pairs, strict=True):
        full[row, column] = full[column, row] = value
    return full


@pytest.mark.parametrize("eta", [0.7, 1.0, 3.0])
def test_every_correlation_has_the_beta_law_of_lkj_and_every_matrix_is_positive_definite(
    program: Program, eta: float
) -> None:
    """Under LKJ(eta) of d outcomes each correlation is Beta(eta + d/2 - 1) on (-1, 1), whatever the order.

    Kolmogorov-Smirnov over 6 pairs and 3 values of eta; 0.01 over 18 tests.
    """
    arrays = arrays_of(eta)
    draws = program.draw_prior(arrays, 3000, seed=3)["correlation"]
    assert draws.shape == (3000, 6)
    law = stats.beta(eta + 1.0, eta + 1.0, loc=-1.0, scale=2.0)
    for pair in range(6):
        assert stats.kstest(draws[:, pair], law.cdf).pvalue > 0.01 / 18
    assert min(np.linalg.eigvalsh(matrix(pairs, arrays))[0] for pairs in draws) > 0


@pytest.mark.parametrize("correlated", ["abc", "acd", "ab"])
def test_the_density_is_the_determinant_to_the_power_of_eta_less_one(program: Program, correlated: str) -> None:
    """On the sampler's scale: (eta - 1) log det R + log |dR / dy|, the Jacobian by finite differences."""
    eta = 2.3
    arrays = arrays_of(eta, correlated)
    place, size = place_of("partial_z", arrays), arrays.lengths["pair"]
    rng = np.random.default_rng(4)

    def at(y: np.ndarray) -> np.ndarray:
        point = np.zeros(arrays.parameters)
        point[place] = y
        return point

    def exact(y: np.ndarray) -> float:
        correlation = expand(program, arrays, at(y))["correlation"]
        jacobian = np.empty((size, size))
        for k, step in enumerate(1e-5 * np.eye(size)):
            above, below = (expand(program, arrays, at(y + sign * step))["correlation"] for sign in (1, -1))
            jacobian[:, k] = (above - below) / 2e-5
        return float((eta - 1) * np.linalg.slogdet(matrix(correlation, arrays))[1] + np.linalg.slogdet(jacobian)[1])

    loaded = program.load(arrays)
    origin = np.zeros(size)
    for _ in range(5):
        y = rng.normal(0, 0.7, size)
        found = loaded.log_density(at(y))[0] - loaded.log_density(at(origin))[0]
        assert found == pytest.approx(exact(y) - exact(origin), abs=1e-6)


def test_residuals_of_the_present_case_have_the_reported_correlation(program: Program) -> None:
    """theta at each unit vector of the residuals gives the columns of sigma L; L L' has to be R."""
    arrays = arrays_of(2.0, "abd")
    point = np.zeros(arrays.parameters)
    point[place_of("partial_z", arrays)] = [0.4, -0.9, 0.6]
    residual = place_of("present_z", arrays)
    base = expand(program, arrays, point)
    columns = []
    for k in range(4):
        moved = point.copy()
        moved[residual.start + k] = 1.0
        columns.append(expand(program, arrays, moved)["theta"] - base["theta"])
    cholesky = np.stack(columns, axis=1)
    expected = matrix(base["correlation"], arrays)
    expected[2] = expected[:, 2] = 0.0  # c has no residual
    assert cholesky @ cholesky.T == pytest.approx(expected, abs=1e-12)
    assert np.abs(base["correlation"]).min() > 0.05


def test_frailties_of_a_historical_case_have_the_same_correlation(program: Program) -> None:
    """The log likelihood of one exposure to a hazard is -exposure exp(level): from it, the level of each unit.

    With it the unit vectors of the frailties give each unit's row, and the rows' products R.
    """
    outcomes = [event_outcome(id=name, pooling={**NO_POOLING, "case_sd": 1.0}) for name in NAMES[:3]]
    classes: list[dict[str, Any]] = [
        {
            "id": "past",
            "outcome": ["c", "a", "b"],
            "rows": [{"id": "x", "duration": 5, "event": "stayed"}],
            "event_value": {name: name for name in "abc"},
        }
    ]
    encoded = encode_study(make_study(*outcomes, dependence={"eta": 2}, reference_classes=classes))
    arrays = encoded.arrays
    frailty = place_of("frailty_z", arrays)
    base = np.zeros(arrays.parameters)
    base[place_of("partial_z", arrays)] = [0.4, -0.9, 0.6]

    def level(unit: int, point: np.ndarray) -> float:
        def density(exposure: float) -> float:
            cells = np.where(arrays["cell_unit"] == unit, exposure, 1.0)
            changed = ModelArrays({**arrays, "cell_exposure": cells}, frailties=arrays.lengths["frailty"])
            return program.load(changed).log_density(point)[0]

        return float(np.log(density(1.0) - density(2.0)))

    rows = np.zeros((3, 3))
    for unit, k in itertools.product(range(3), range(3)):
        moved = base.copy()
        moved[frailty.start + k] = 1.0
        rows[unit, k] = level(unit, moved) - level(unit, base)
    order = [NAMES.index(unit.outcome) for unit in encoded.units]
    correlation = matrix(expand(program, arrays, base)["correlation"], arrays)
    assert rows @ rows.T == pytest.approx(correlation[np.ix_(order, order)], abs=1e-9)
