"""Links that fade and changes on stated days, where levels and effects are learned from what happened."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import special

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from tests.documents import binary_outcome, event_outcome, make_study
from tests.statistical.simulators.block import Arrays, Block, Truth
from tests.statistical.simulators.opinions import log_odds, stated

HALF_LIFE, DELAY = 6.0, 3.0
CAUSE, CHANGE, QUIET = 6.0, 14.0, 24.0
"""Months at risk until the cause occurs, until the hazard changes, and until the as-of date."""
LOG_RATIO = 0.7
SIGNED = 15.0
"""Months after the cause the agreement was due."""
RIOT = {"low": 0.05, "median": 0.1, "high": 0.5}


def courses_block() -> Block:
    """A cause acts three months later and fades; what it acts on has been at risk for two years, with one change.

    A third outcome, whose stated probability is lopsided, is judged over a year in which its hazard is higher for three
    months.
    """
    cause = event_outcome(id="treaty")
    link = {"cause": "treaty", "log_ratio": "normal(0.5, 1)", "base": "none", "rationale": "Drawn."}
    fades = {**link, "half_life": HALF_LIFE, "delay": DELAY}
    study = make_study(
        event_outcome(at_risk_since="2018-01-01"),
        binary_outcome(resolution={"criteria": "It is signed.", "by": "2019-10-01"}),
        event_outcome(id="riot", prior={"probability": RIOT, "by": 12}),
        cause,
        links=[{**fades, "effect_on": name} for name in ("exit", "agreement")],
        changes=[
            {"outcome": "exit", "from": "2019-03-02", "log_ratio": LOG_RATIO},
            {"outcome": "riot", "from": "2020-04-02", "to": "2020-07-02", "log_ratio": LOG_RATIO},
        ],
        resolutions={
            "rows": [
                {"outcome": "treaty", "resolution": "yes", "on": "2018-07-01", "source": "A test."},
                {"outcome": "agreement", "resolution": "no", "on": "2019-10-01", "source": "A test."},
            ]
        },
        judgments={
            "rows": [
                {"expert": name, "outcome": "riot", "by": "2021-01-01", "probability": 0.5, "on": "2020-01-01"}
                for name in "xyz"
            ]
        },
    )
    arrays = encode_study(study).arrays
    assert arrays["mu_skew"].any()
    return Block("courses", arrays, simulate_courses, ("mu", "theta", "delta", "slope", "noise", "judged_log_odds"))


def pieces() -> list[tuple[float, float, float]]:
    """Start and end of each stretch in which neither link nor hazard changes, and what share of the link acts."""
    acts = CAUSE + DELAY
    whole = [acts + k for k in range(int(QUIET - acts) + 1)]
    edges = sorted({0.0, *whole, CHANGE, QUIET})
    found = []
    for start, end in itertools.pairwise(edges):
        share = 2 ** (-(np.floor(start - acts) + 0.5) / HALF_LIFE) if start >= acts else 0.0
        found.append((start, end, float(share)))
    return found


def simulate_courses(
    rng: np.random.Generator,
    truth: Truth,
    a: ModelArrays,
    *,
    half_life: float = HALF_LIFE,
    log_ratio: float = LOG_RATIO,
) -> Arrays:
    """The time of the exit by inverting its cumulative hazard; after it nothing is at risk."""
    level, odds, riot, _ = truth["theta"]
    left, exposure, events = rng.exponential(), [], []
    for start, end, share in pieces():
        changed = start >= CHANGE
        rate = np.exp(level + truth["delta"][0] * share ** (HALF_LIFE / half_life) + log_ratio * changed)
        seen = min(end - start, max(left, 0.0) / rate)
        events.append(float(0 < left <= rate * (end - start)))
        exposure.append(seen * np.exp(LOG_RATIO * changed))  # the model has the ratio in the time
        left -= rate * (end - start)
    yes = rng.random() < special.expit(odds + truth["delta"][1] * 2 ** (-(SIGNED - DELAY) / half_life))
    expected = np.exp(riot) * (9 + 3 * np.exp(log_ratio))
    said = np.array([log_odds(-np.expm1(-expected))])
    return {
        "history_exposure": exposure,
        "history_events": events,
        "verdict_yes": [float(yes)],
        **stated(rng, said, truth, a),
    }
