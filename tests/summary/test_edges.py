"""Outside the range of its cases an interval holds, too, that the effect ends there; against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.edges import hull
from forecast.summary.ends import exact_ends
from forecast.summary.outcomes import summarize_outcomes, summarize_scenarios
from forecast.summary.rolled import Rolled, roll_forward
from forecast.wording.numbers import percent_range
from tests.documents import binary_outcome, event_outcome, make_study
from tests.futures.posteriors import make_posterior

WEALTH = [1.2, 3.4, 22, 5.1, 88, 110, 9.9, 30]
CHAINS, DRAWS = 4, 50
BY = {"criteria": "It is signed.", "by": "2021-01-01"}


def encoded_study(present: float, **changes: Any) -> EncodedStudy:
    """A binary outcome and an event, of which the first alone may lie outside of its cases."""
    return encode_study(
        make_study(
            binary_outcome(reference={"past": 1}, covariates={"gdp": present}, resolution=BY),
            event_outcome(reference={"spells": 1}, covariates={"gdp": 50}),
            reference_classes=[
                {
                    "id": "past",
                    "outcome": "agreement",
                    "covariates": ["gdp"],
                    "rows": [{"successes": index % 2, "gdp": value} for index, value in enumerate(WEALTH)],
                },
                {
                    "id": "spells",
                    "outcome": "exit",
                    "covariates": ["gdp"],
                    "rows": [{"duration": 9, "event": 1, "gdp": value} for value in WEALTH],
                },
            ],
            covariates=[{"id": "gdp"}],
            horizon=12,
            scenarios=[{"id": "both", "title": "Both", "when": "agreement and exit"}],
            **changes,
        )
    )


def drawn(encoded: EncodedStudy, present: float) -> xr.Dataset:
    """Draws of an effect, and of levels that have it in them."""
    posterior = make_posterior(encoded, chains=CHAINS, draws=DRAWS)
    beta = np.random.default_rng(2).normal(-0.3, 0.5, (CHAINS, DRAWS, 1))
    posterior["beta"] = (("chain", "draw", "covariate"), beta)
    posterior["class_level"] = (("chain", "draw", "level"), np.full((CHAINS, DRAWS, 2), -2.0))
    posterior = posterior.assign_coords(covariate=["gdp"], level=encoded.coords["level"])
    steps = encoded.standardizations["gdp"].apply(present)
    posterior["theta"].loc[{"outcome": "agreement"}] += steps * beta[:, :, 0]
    return posterior


def intervals(encoded: EncodedStudy, posterior: xr.Dataset) -> tuple[dict[str, tuple[float, float]], Rolled]:
    """Of outcomes and scenarios."""
    rolled = roll_forward(encoded, posterior, seed=1, replicates=5)
    found = [*summarize_outcomes(encoded, posterior, rolled, None), *summarize_scenarios(encoded, rolled)]
    return {each.id: (each.interval.low, each.interval.high) for each in found}, rolled


def quantiles(log_odds: np.ndarray[Any, Any]) -> tuple[float, float]:
    low, high = np.quantile(1 / (1 + np.exp(-np.clip(log_odds, -300, 300))), [0.05, 0.95])
    return float(low), float(high)


@pytest.mark.parametrize(("present", "edge"), [(5e9, 110), (300, 110), (-40, 1.2)])
def test_an_interval_outside_of_the_cases_holds_that_of_their_edge(present: float, edge: float) -> None:
    encoded = encoded_study(present)
    posterior = drawn(encoded, present)
    found, rolled = intervals(encoded, posterior)
    theta = posterior["theta"].sel(outcome="agreement").values.ravel()
    steps = (edge - present) / np.std(WEALTH)
    line, ended = quantiles(theta), quantiles(theta + steps * posterior["beta"].values.ravel())
    assert found["agreement"] == pytest.approx((min(line[0], ended[0]), max(line[1], ended[1])))
    assert rolled.at_edges is not None
    # The other outcome has no other interval than without it.
    alone = summarize_outcomes(
        encoded, posterior, roll_forward(encoded_study(50), posterior, seed=1, replicates=5), None
    )[1]
    assert found["exit"] == pytest.approx((alone.interval.low, alone.interval.high))


def test_an_interval_far_outside_never_reads_as_certain() -> None:
    """A billion units outside every draw is sure: mostly of no, and one in twenty-five of yes."""
    encoded = encoded_study(5e9)
    posterior = drawn(encoded, 5e9)
    posterior["beta"] = xr.where(posterior["beta"] < 0.57, -abs(posterior["beta"]), posterior["beta"])
    posterior["theta"].loc[{"outcome": "agreement"}] = posterior["beta"].sel(
        covariate="gdp", drop=True
    ) * encoded.standardizations["gdp"].apply(5e9)
    rolled = roll_forward(encoded, posterior, seed=1, replicates=5)
    agreement = summarize_outcomes(encoded, posterior, rolled, None)[0]
    assert 0.0 < agreement.probability < 0.05
    assert exact_ends(rolled.by_resolution[:, 0], CHAINS).interval.high < 1e-9
    assert agreement.interval.high > 0.1
    assert not percent_range(agreement.interval, agreement.mcse).startswith("0.0–0.0")
    assert agreement.confidence != "high"


def test_inside_of_the_cases_nothing_is_added() -> None:
    encoded = encoded_study(110)
    found, rolled = intervals(encoded, drawn(encoded, 110))
    assert rolled.at_edges is None
    assert found["agreement"] == pytest.approx(
        quantiles(drawn(encoded, 110)["theta"].sel(outcome="agreement").values.ravel())
    )


def test_a_scenario_of_an_outcome_outside_of_the_cases_holds_both() -> None:
    encoded = encoded_study(300)
    posterior = drawn(encoded, 300)
    found, rolled = intervals(encoded, posterior)
    assert rolled.at_edges is not None
    inside, _ = intervals(encoded_study(110), posterior)
    assert found["both"][0] <= inside["both"][0]
    assert found["both"][1] >= inside["both"][1]


def test_the_errors_of_the_ends_are_those_of_the_interval_that_they_come_from() -> None:
    rng = np.random.default_rng(3)
    one, other = exact_ends(rng.uniform(0.2, 0.5, 1000), 4), exact_ends(rng.uniform(0.3, 0.9, 1000), 4)
    found = hull(one, other)
    assert (found.interval.low, found.interval.high) == (one.interval.low, other.interval.high)
    assert found.mcse is not None
    assert one.mcse is not None
    assert other.mcse is not None
    assert (found.mcse.low, found.mcse.high) == (one.mcse.low, other.mcse.high)
    assert found.median == one.median
