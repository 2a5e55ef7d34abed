"""One class or another, and something between, against dense quadrature; what experts say does not choose a class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from forecast.pipeline.compute import compute_forecast
from forecast.study import study_from_document
from tests.documents import binary_outcome, document, event_outcome

pytestmark = pytest.mark.program

FloatArray = npt.NDArray[np.float64]

SAMPLER = {"draws": 1000, "tune": 500, "chains": 4, "seed": 3}
HALF = {"fast": 0.5, "slow": 0.5}
EVENTS = {"fast": (40, 400.0), "slow": (4, 4000.0)}
"""Events and months at risk: .1 and .001 a month."""
MU, TAU = -4.6, 2.5
"""Mean of the classes' log rates, and scale of their spread."""


def study(reference: dict[str, Any], **changes: Any) -> dict[str, Any]:
    pooling = {**event_outcome()["pooling"], "class_sd": TAU}
    return document(
        event_outcome(
            prior={"distribution": f"normal({MU}, 0.01)"}, pooling=pooling, reference=reference, **changes,
            resolution={"criteria": "It has left.", "by": "2020-12-31"},
        ),
        reference_classes=[
            {"id": name, "outcome": "exit", "rows": [{"exposure": months, "events": events}]}
            for name, (events, months) in EVENTS.items()
        ],
        sampler=SAMPLER,
    )  # fmt: skip


def posterior(quiet: float) -> tuple[dict[str, FloatArray], FloatArray, FloatArray]:
    """Log rates on a grid and weights of (tau, fast, slow), each class by itself given tau; prior times counts.

    Returns the marginal weights of each class's log rate, the grid, and the weights of a class not seen.
    """
    x = np.linspace(-14, 4, 3601)
    tau = np.linspace(1e-3, 4 * TAU, 400)
    prior = np.exp(-0.5 * ((x - MU) / tau[:, None]) ** 2) / tau[:, None]
    counts = {
        name: np.exp(events * x - months * np.exp(x) - (events * np.log(events / months) - events))
        for name, (events, months) in EVENTS.items()
    }
    over = np.exp(-0.5 * (tau / TAU) ** 2)
    evidence = {name: (prior * counts[name]).sum(axis=1) for name in EVENTS}
    weights = {
        name: (over * evidence[other])[:, None] * prior * counts[name]
        for name, other in (("fast", "slow"), ("slow", "fast"))
    }
    return {name: found.sum(axis=0) for name, found in weights.items()}, x, quiet * np.exp(x)


@pytest.mark.parametrize("quiet", [0, 12])
def test_one_of_two_classes_is_the_mean_of_both_by_what_is_left_of_their_odds(quiet: int) -> None:
    """Half a class at .1 a month, half one at .001: the probability by month 12, its interval, and the shares."""
    since = {"at_risk_since": "2019-01-01"} if quiet else {}
    found = compute_forecast(study_from_document(study(HALF, **since)), seed=3).answer.outcomes[0]
    weights, x, lost = posterior(float(quiet))
    mass = {name: each / each.sum() * np.exp(-lost) for name, each in weights.items()}
    total = sum(each.sum() for each in mass.values())
    by = -np.expm1(-12 * np.exp(x))
    expected = sum((each * by).sum() for each in mass.values()) / total
    assert found.probability == pytest.approx(expected, abs=4 * found.mcse)
    assert found.interval.high - found.interval.low > 0.5
    assert found.reference is not None
    shares = {known.id: known.membership for known in found.reference.classes}
    assert shares == pytest.approx({name: each.sum() / total for name, each in mass.items()}, abs=0.02)


def test_a_blend_has_the_mean_log_rate_and_a_narrow_interval() -> None:
    found = compute_forecast(study_from_document(study({"blend": HALF})), seed=3).answer.outcomes[0]
    weights, x, _ = posterior(0.0)
    rng = np.random.default_rng(1)
    drawn = sum(
        0.5 * rng.choice(x, 200_000, p=each / each.sum()) for each in weights.values()
    )  # given tau they are independent, and counts leave little of it
    assert found.probability == pytest.approx(-np.expm1(-12 * np.exp(drawn)).mean(), abs=4 * found.mcse + 0.003)
    assert found.interval.high - found.interval.low < 0.1
    assert found.reference is not None
    assert {known.membership for known in found.reference.classes} == {None}


def test_three_experts_who_say_the_average_of_two_classes_leave_it() -> None:
    """Classes at .70 and .01: experts who say .355 agree with the odds of one half, and do not choose."""
    rows = [{"expert": name, "outcome": "agreement", "probability": 0.355, "on": "2020-01-01"} for name in "abc"]
    outcome = binary_outcome(
        reference=HALF, pooling={"class_sd": 3.0, "case_sd": 0}, prior={"distribution": "normal(-1.9, 0.01)"}
    )
    made = document(
        outcome,
        reference_classes=[
            {"id": name, "outcome": "agreement", "rows": [{"successes": yes, "trials": 1000}]}
            for name, yes in (("fast", 700), ("slow", 10))
        ],
        judgments={"rows": rows},
        sampler=SAMPLER,
    )
    found = compute_forecast(study_from_document(made), seed=3).answer.outcomes[0]
    assert found.probability == pytest.approx(0.355, abs=0.01)
    assert found.interval.low == pytest.approx(0.01, abs=0.01)
    assert found.interval.high == pytest.approx(0.72, abs=0.03)
    assert found.reference is not None
    assert [known.membership for known in found.reference.classes] == pytest.approx([0.5, 0.5])
