"""What has happened teaches: quiet time after a cause, events that occurred, statements older than the as-of date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecast.pipeline.compute import compute_forecast
from forecast.study import study_from_document
from tests.documents import binary_outcome, document, event_outcome

pytestmark = pytest.mark.program

SAMPLER = {"draws": 1000, "tune": 500, "chains": 4, "seed": 3, "futures_per_draw": 10}


def answer(*outcomes: dict[str, Any], **changes: Any) -> dict[str, tuple[float, float]]:
    """Probability and Monte Carlo standard error of each outcome."""
    found = compute_forecast(study_from_document(document(*outcomes, **{"sampler": SAMPLER, **changes})), seed=3).answer
    return {outcome.id: (outcome.probability, outcome.mcse) for outcome in found.outcomes}


def posterior_mean(mean: float, sd: float, quiet: float, ahead: float, events: float = 0.0) -> float:
    """Of 1 - exp(-ahead e^x), x ~ Normal(mean, sd), after `quiet` units of exposure without, or with, events; by a sum."""
    x = mean + sd * np.linspace(-9, 9, 20_001)
    weight = np.exp(-0.5 * ((x - mean) / sd) ** 2 + events * x - quiet * np.exp(x))
    return float((weight * -np.expm1(-ahead * np.exp(x))).sum() / weight.sum())


LINK = {"cause": "cause", "effect_on": "effect", "log_ratio": "normal(1.0, 0.001)", "rationale": "Tested."}
HAPPENED = {"rows": [{"outcome": "cause", "resolution": "yes", "on": "2018-07-01", "source": "x"}]}


@pytest.mark.parametrize("base", ["none", "marginal"])
def test_quiet_time_after_a_cause_counts(base: str) -> None:
    """Six quiet months before the cause, eighteen after it: with `base: none` these count e times as much."""
    outcomes = [
        event_outcome(id="cause"),
        event_outcome(id="effect", prior={"distribution": "normal(-3.5, 1)"}, at_risk_since="2018-01-01"),
    ]
    probability, error = answer(*outcomes, links=[{**LINK, "base": base}], resolutions=HAPPENED)["effect"]
    ratio = np.e if base == "none" else 1.0
    assert probability == pytest.approx(posterior_mean(-3.5, 1, 6 + 18 * ratio, 60 * ratio), abs=3.5 * error + 0.002)


def test_quiet_time_after_a_cause_whose_link_fades_counts_as_far_as_it_acts() -> None:
    """From two months after the cause on e^(2^(-(k - 1/2) / 6)) times as much in the k-th month; so ahead, further on."""
    outcomes = [
        event_outcome(id="cause"),
        event_outcome(id="effect", prior={"distribution": "normal(-3.5, 1)"}, at_risk_since="2018-01-01"),
    ]
    link = {**LINK, "base": "none", "half_life": 6, "delay": 2}
    probability, error = answer(*outcomes, links=[link], resolutions=HAPPENED)["effect"]
    months = np.exp(np.where(np.arange(76) < 60, 0.5 ** ((np.arange(76) + 0.5) / 6), 0.0))
    exact = posterior_mean(-3.5, 1, 8 + months[:16].sum(), months[16:].sum())
    assert probability == pytest.approx(exact, abs=3.5 * error + 0.002)
    assert abs(exact - posterior_mean(-3.5, 1, 6 + 18 * np.e, 60 * np.e)) > 0.05


def test_a_resolved_event_and_a_resolved_answer_teach_their_level() -> None:
    """The posterior of each level is the exact one: six months to the event, and one yes."""
    study = study_from_document(
        document(
            event_outcome(id="event", prior={"distribution": "normal(-3.5, 1)"}, at_risk_since="2019-01-01"),
            binary_outcome(id="answer", prior={"distribution": "normal(-1, 1.5)"}),
            sampler=SAMPLER,
            resolutions={
                "rows": [
                    {"outcome": "event", "resolution": "yes", "on": "2019-07-01", "source": "x"},
                    {"outcome": "answer", "resolution": "yes", "on": "2019-07-01", "source": "x"},
                ]
            },
        )
    )
    draws = compute_forecast(study, seed=3).draws["posterior"]["theta"]
    x = np.linspace(-12, 6, 40_001)
    for name, weight in {
        "event": np.exp(-0.5 * (x + 3.5) ** 2 + x - 6 * np.exp(x)),
        "answer": np.exp(-0.5 * ((x + 1) / 1.5) ** 2) / (1 + np.exp(-x)),
    }.items():
        mean = (weight * x).sum() / weight.sum()
        sd = np.sqrt((weight * (x - mean) ** 2).sum() / weight.sum())
        values = draws.sel(outcome=name).values
        assert values.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(1000))
        assert values.std() == pytest.approx(sd, rel=0.1)


def stated(probability: float, **more: Any) -> dict[str, Any]:
    odds = probability / (1 - probability)
    low, high = (odds * factor / (1 + odds * factor) for factor in (0.95, 1 / 0.95))
    return {"probability": {"median": probability, "low": low, "high": high}, "by": 60, **more}


@pytest.mark.parametrize(("judged", "expected"), [(None, 0.35), (0.95, 0.53)])
def test_a_judgment_on_the_cause_moves_an_effect_that_was_stated_before_it(
    judged: float | None, expected: float
) -> None:
    """A cause of .5 is judged .95 by many a month later; the effect was stated at .35 when the cause was at .5."""
    outcomes = [
        event_outcome(id="cause", prior={"distribution": "normal(-4.4617, 1.2)"} if judged else stated(0.5)),
        event_outcome(id="effect", prior=stated(0.35, on="2019-12-01")),
    ]
    rows = [
        {"expert": f"e{k}", "outcome": "cause", "probability": judged, "on": "2019-12-31", "by": 60, "kind": "market"}
        for k in range(40)
        if judged
    ]
    link = {**LINK, "log_ratio": "normal(1.5, 0.001)"}
    more: dict[str, Any] = {"judgments": {"rows": rows}} if rows else {}
    found = answer(*outcomes, links=[link], **more)
    probability, error = found["effect"]
    if judged is None:
        assert probability == pytest.approx(expected, abs=3.5 * error + 0.006)
    else:
        # As far as the experts bring the cause to what they say, the effect follows on the line from .35 at .5.
        share = (found["cause"][0] - 0.5) / 0.45
        assert share > 0.6
        assert probability == pytest.approx(0.35 + share * (expected - 0.35), abs=3.5 * error + 0.015)
