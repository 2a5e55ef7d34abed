"""Everything at once against a slow simulation, written another way."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.futures.simulation import simulate_futures
from tests.futures.present import make_present
from tests.futures.slow_reference import simulate_slowly
from tests.suite.sizes import sized

SLOW, FAST = sized(6000, 2000), sized(200_000, 100_000)
"""Futures of each; the tolerance follows from them."""


@pytest.mark.parametrize("forced", [{}, {2: 3.0}, {0: 2.5, 5: np.inf}], ids=["observed", "done", "done_and_prevented"])
def test_joint_probabilities_agree_with_a_slow_simulation(forced: dict[int, float]) -> None:
    present = make_present(
        [[0.06, 0.1, 0.02, 0.08, 0.05, 0.05], [0.05] * 6, [0.0] * 6, [0.0] * 6, [0.1] * 6, [0.0] * 6, [0.02] * 6],
        groups=[0, 0, 2, 3, 4, 5, 6], yes={2: 0.4, 3: 0.3}, resolves=[6, 6, 4.0, 5.5, 6, 6, 6],
        states={"f": (1.0, 0.8), "g": (-0.5, 0.5)}, effects={(0, "f"): 0.6, (3, "f"): 0.9, (3, "g"): -0.5, (4, "g"): 0.7},
        links={(2, 1): 1.2, (4, 0): 0.9, (0, 6): 2.0, (6, 4): 0.8, (4, 3): -1.0, (5, 4): 0.9, (2, 3): 0.7},
        streams=[(0.3, 0.8, 0.4, "f")], thresholds={5: (0, 5)}, draws=400,
    )  # fmt: skip
    slow = simulate_slowly(present, SLOW, 1, forced)
    named = {f"o{place}": at for place, at in forced.items()}
    fast = simulate_futures(present, replicates=FAST // 400, seed=2, forced=named).times.reshape(FAST, -1)
    for horizon in (2.5, 6.0):
        one, other = ((times <= horizon).astype(float) for times in (slow, fast))
        counted, share = one.T @ one / SLOW, other.T @ other / FAST
        error = np.sqrt(share * (1 - share) * (1 / SLOW + 1 / FAST))
        assert np.all(np.abs(counted - share) <= 4 * error + 1e-12)
