"""The present case is of one of several classes: what it has shown, and what experts say of the average."""

from __future__ import annotations

import numpy as np
from scipy import special

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from tests.documents import NO_POOLING, binary_outcome, event_outcome, make_study
from tests.statistical.simulators.block import Arrays, Block, Truth
from tests.statistical.simulators.conditionals import with_cause
from tests.statistical.simulators.opinions import log_odds, stated

CHANCES = np.array([0.5, 0.3, 0.2])
"""Of the two classes, and of one that is not seen."""
QUIET, AHEAD, EARLIER = 12.0, 12.0, 6.0
"""Months at risk before the as-of date, from there to the judged date, and since the earlier statement."""
NAMES = ("exit", "talks", "treaty")


def memberships_block() -> Block:
    """An event that has not come in a year, a binary outcome that was answered, and an open one, of the same class.

    Experts judge the event today and half a year before, the open one, and that given the event: of all of these the
    average over classes, as shares were on the day.
    """
    rows = [{"id": "all", "duration": 40, "event": 1, "talks": 3, "treaty": 4, "trials": 10}]
    own = {"reference": {"fast": 0.5, "slow": 0.3}, "prior": {"distribution": "normal(-1, 0.7)"}}
    pooling = {"class_sd": 1.0, "case_sd": 0}
    event = {**own, "prior": {"distribution": "normal(-3, 0.7)"}, "pooling": {**NO_POOLING, **pooling}}
    said = {"outcome": "exit", "by": "2021-01-01", "probability": 0.5, "on": "2020-01-01"}
    days = {"talks": "2019-03-01", "treaty": "2021-01-01"}
    study = make_study(
        event_outcome(**event, at_risk_since="2019-01-01"),
        *[
            binary_outcome(id=name, **own, pooling=pooling, resolution={"criteria": "It is signed.", "by": day})
            for name, day in days.items()
        ],
        reference_classes=[{"id": name, "outcome": list(NAMES), "rows": rows} for name in ("fast", "slow")],
        resolutions={"rows": [{"outcome": "talks", "resolution": "no", "on": days["talks"], "source": "A test."}]},
        judgments={
            "rows": [
                {**said, "expert": "x"},
                {**said, "expert": "y", "on": "2019-07-01"},
                *[{**said, "expert": name, "outcome": "treaty"} for name in "xy"],
                *[{**said, "expert": name, "outcome": "treaty", "given": "exit"} for name in "xy"],
            ]
        },
    )
    quantities = ("mu", "tau", "class_level", "new_class_level", "theta", "option_share", "judged_log_odds", "slope")
    return Block("memberships", encode_study(study).arrays, simulate_members, quantities, acceptance=0.3)


def simulate_members(
    rng: np.random.Generator, truth: Truth, a: ModelArrays, *, chances: np.ndarray = CHANCES, counts_quiet: bool = True
) -> Arrays | None:
    """Classes first, then the class of the case, what it shows, and what is said of that by Bayes' rule.

    The variable that chooses an option is the place within its share: of that nothing is seen.
    """
    classes = truth["class_level"].reshape(2, len(NAMES))
    levels = np.vstack([classes, truth["new_class_level"]])  # dims (option, outcome)
    rates, talks, treaty = np.exp(levels[:, 0]), special.expit(levels[:, 1]), special.expit(levels[:, 2])
    mine = rng.choice(len(chances), p=chances)
    if rng.exponential() < rates[mine] * QUIET:
        return None
    answered = rng.random() < talks[mine]
    before = CHANCES * (talks if answered else 1 - talks)

    # The judged condition makes a link, which leaves the marginal of each class where it is.
    effect, chances_of_exit = float(truth["delta"][0]), -np.expm1(-rates * AHEAD)
    supposed = special.expit(
        [with_cause(float(x), effect, float(p)) for x, p in zip(levels[:, 2], chances_of_exit, strict=True)]
    )

    def shares(quiet: float) -> np.ndarray:
        weighed = before * np.exp(-rates * quiet)
        return np.asarray(weighed / weighed.sum())

    def judged(now: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        by_date = -np.expm1(-rates * AHEAD)
        return np.array(
            [
                log_odds(now @ by_date),
                log_odds(earlier @ -np.expm1(-rates * (AHEAD + EARLIER))),
                log_odds(now @ treaty),
                log_odds(now @ (by_date * supposed) / (now @ by_date)),
            ]
        )

    now, earlier = shares(QUIET), shares(QUIET - EARLIER)
    odds = judged(now, earlier)
    meant = odds if counts_quiet else judged(shares(0.0), shares(0.0))
    place = now[:mine].sum() + now[mine] * rng.random()
    return {
        "theta": levels[mine],
        "option_share": now,
        "judged_log_odds": odds,
        "membership_z": special.ndtri([place]),
        "verdict_yes": np.full(len(CHANCES), float(answered)),
        "cell_events": rng.poisson(a["cell_exposure"] * np.exp(classes[:, 0])),
        "trial_yes": rng.binomial(a["trial_n"].astype(int), special.expit(classes[:, 1:].ravel())),
        **stated(rng, meant, truth, a),
    }
