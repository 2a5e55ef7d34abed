"""Outcomes of which one must occur, from the document to the answer: what experts state, and what quiet time says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from forecast.model.encoding.encode import encode_study
from forecast.pipeline.compute import compute_forecast
from tests.documents import event_outcome, make_study
from tests.model.test_stated_shares import grid

pytestmark = [pytest.mark.statistical, pytest.mark.program]

BLOCS = ("left", "centre", "right")
SAID = {
    "ann": (0.35, 0.40, 0.25),
    "bo": (0.30, 0.50, 0.20),
    "cy": (0.45, 0.30, 0.25),
    "di": (0.33, 0.37, 0.30),
    "eli": (0.38, 0.42, 0.20),
}
"""Each adds up to 1; on average .362, .398 and .240."""


def bloc(id: str, **changes: Any) -> dict[str, Any]:
    prior = {"distribution": "normal(0, 3)"}
    return event_outcome(**{"id": id, "competes": "government", "exhaustive": True, "prior": prior, **changes})


def test_one_of_three_forms_the_government_as_stated_and_never_nobody() -> None:
    rows = [
        {"expert": expert, "outcome": bloc, "probability": probability, "on": "2020-01-01"}
        for expert, stated in SAID.items()
        for bloc, probability in zip(BLOCS, stated, strict=True)
    ]
    study = make_study(
        *(bloc(id) for id in BLOCS),
        horizon=12,
        judgments={"rows": rows},
        scenarios=[{"id": "none", "title": "Nobody", "when": "not (left or centre or right)"}],
        sampler={"seed": 1},
    )
    answer = compute_forecast(study).answer
    assert answer.verdict == "published"
    assert answer.scenarios[0].probability == 0.0
    for outcome, stated in zip(answer.outcomes, np.mean(list(SAID.values()), axis=0), strict=True):
        assert abs(outcome.probability - stated) < 0.02


def test_a_quiet_year_of_two_is_what_quadrature_over_both_levels_makes_of_it() -> None:
    """A year quiet, one must occur within the next; the levels' priors differ, and quiet time says: late ones are likely."""
    laws = {"one": (-2.0, 1.0), "two": (-3.0, 0.7)}
    study = make_study(
        *(
            bloc(id, at_risk_since="2019-01-01", prior={"distribution": f"normal({loc}, {scale})"})
            for id, (loc, scale) in laws.items()
        ),
        horizon=12,
        scenarios=[{"id": "soon", "title": "Soon", "when": "by(one, 3) or by(two, 3)"}],
        sampler={"draws": 2000, "tune": 500, "chains": 4, "seed": 2, "futures_per_draw": 10},
    )
    answer = compute_forecast(study).answer
    grid = [np.linspace(loc - 6 * scale, loc + 6 * scale, 401) for loc, scale in laws.values()]
    first, second = np.meshgrid(*(np.exp(levels) for levels in grid), indexing="ij")
    total = first + second
    weight = np.outer(*(stats.norm.pdf(levels, *law) for levels, law in zip(grid, laws.values(), strict=True)))
    weight *= (np.exp(-12 * total) - np.exp(-24 * total)) / -np.expm1(-24 * total)
    weight /= weight.sum()
    expected = float((weight * first / total).sum())
    soon = float((weight * np.expm1(-3 * total) / np.expm1(-12 * total)).sum())
    assert answer.verdict == "published"
    assert answer.outcomes[0].probability == pytest.approx(expected, abs=4 * answer.outcomes[0].mcse)
    assert answer.scenarios[0].probability == pytest.approx(soon, abs=4 * answer.scenarios[0].mcse)


STATED = {"left": (0.25, 0.36, 0.48), "centre": (0.30, 0.40, 0.52), "right": (0.15, 0.24, 0.35)}


def test_priors_stated_of_three_are_the_shares_that_come_back() -> None:
    study = make_study(
        *(bloc(id, prior=triple(*STATED[id])) for id in BLOCS),
        horizon=12,
        scenarios=[{"id": "none", "title": "Nobody", "when": "not (left or centre or right)"}],
        sampler={"draws": 1000, "tune": 500, "chains": 4, "seed": 3, "futures_per_draw": 4},
    )
    answer = compute_forecast(study).answer
    rates = grid(encode_study(study).arrays, 101)
    assert answer.verdict == "published"
    assert answer.scenarios[0].probability == 0.0
    for outcome, rate in zip(answer.outcomes, rates, strict=True):
        expected = float((rate / rates.sum(axis=0)).mean())
        assert outcome.probability == pytest.approx(expected, abs=3 * outcome.mcse)
        assert abs(outcome.probability - STATED[outcome.id][1]) < 0.02


def test_quiet_time_after_a_stated_share_is_data() -> None:
    """Stated half a year ago of one and of the other, at risk since a year; quiet time says that both are slow."""
    study = make_study(
        *(
            bloc(id, prior={**triple(*said), "on": "2019-07-01"}, at_risk_since="2019-01-01")
            for id, said in (("one", (0.3, 0.6, 0.85)), ("two", (0.15, 0.4, 0.7)))
        ),
        horizon=12,
        scenarios=[{"id": "soon", "title": "Soon", "when": "by(one, 3) or by(two, 3)"}],
        sampler={"draws": 1000, "tune": 500, "chains": 4, "seed": 4, "futures_per_draw": 10},
    )
    answer = compute_forecast(study).answer
    rates = grid(encode_study(study).arrays, 801)
    total = rates.sum(axis=0)
    weight = (np.exp(-12 * total) - np.exp(-24 * total)) / -np.expm1(-24 * total)
    weight /= weight.sum()
    soon = float(weight @ (np.expm1(-3 * total) / np.expm1(-12 * total)))
    assert answer.verdict == "published"
    assert answer.outcomes[0].probability == pytest.approx(
        float(weight @ (rates[0] / total)), abs=4 * answer.outcomes[0].mcse
    )
    assert answer.scenarios[0].probability == pytest.approx(soon, abs=4 * answer.scenarios[0].mcse)


def triple(low: float, median: float, high: float) -> dict[str, Any]:
    return {"probability": {"low": low, "median": median, "high": high}}
