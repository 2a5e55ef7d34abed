"""Questions about several outcomes at once, from the document to the answer, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from forecast.pipeline.compute import compute_forecast
from tests.documents import event_outcome, make_study

pytestmark = [pytest.mark.statistical, pytest.mark.program]


def test_at_least_so_many_of_ten_outcomes_are_counted() -> None:
    """Ten countries, each with a log rate of coups of -3.5 a month: .955 for three or more within 24 months."""
    ids = [f"coup{country}" for country in range(10)]
    study = make_study(
        *(event_outcome(id=id, prior={"distribution": "normal(-3.5, 0.01)"}) for id in ids),
        horizon=24,
        sampler={"draws": 600, "tune": 500, "chains": 2, "futures_per_draw": 20, "seed": 1},
        scenarios=[
            {"id": f"at_least_{least}", "title": "So many", "when": f"at_least({least}, {', '.join(ids)})"}
            for least in (3, 5)
        ],
    )
    answer = compute_forecast(study).answer
    for scenario, least, right in zip(answer.scenarios, (3, 5), (0.955, 0.661), strict=True):
        exact = float(binom.sf(least - 1, 10, -np.expm1(-24 * np.exp(-3.5))))
        assert exact == pytest.approx(right, abs=5e-4)
        assert scenario.probability == pytest.approx(exact, abs=4 * scenario.mcse + 0.001)
