"""What is said of experts."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecast.model.encoding.encode import encode_study
from forecast.summary.opinions import summarize_correlations, summarize_opinions
from forecast.wording.dependence import near_prior
from tests.documents import binary_outcome, make_study

SAID = {"outcome": "agreement", "probability": 0.3, "on": "2019-12-01"}


def test_a_bias_is_the_shared_and_the_own_one_together() -> None:
    """The sum is known better than its parts, which the same statements pull in opposite ways."""
    rows = [{**SAID, "expert": "ann"}, {**SAID, "expert": "crowd", "kind": "crowd"}]
    encoded = encode_study(make_study(binary_outcome(), judgments={"rows": rows}))
    rng = np.random.default_rng(1)
    shared = rng.normal([0.4, -0.2], 0.3, (4, 500, 2))
    own = np.stack([rng.normal(0.5, 0.1, (4, 500)) - shared[..., 0], rng.normal(0.1, 0.1, (4, 500))], axis=2)
    of_expert = {name: (("chain", "draw", "expert"), np.ones((4, 500, 2))) for name in ("slope", "noise")}
    posterior = xr.Dataset(
        {
            "shared_bias": (("chain", "draw", "kind"), shared),
            "bias": (("chain", "draw", "expert"), own),
            **of_expert,
            "common_sd": (("chain", "draw", "panel"), np.ones((4, 500, 1))),
            "judged_log_odds": (("chain", "draw", "question"), np.zeros((4, 500, 1))),
        },
        coords={"kind": ["person", "crowd"], "expert": ["ann", "crowd"], "question": encoded.coords["question"]},
    )
    ann, crowd = summarize_opinions(encoded, posterior)[0]
    assert (ann.bias.mean, crowd.bias.mean) == pytest.approx((0.5, -0.1), abs=0.02)
    assert (ann.bias.sd, crowd.bias.sd) == pytest.approx((0.1, np.hypot(0.3, 0.1)), rel=0.05)
    width = ann.bias.interval.high - ann.bias.interval.low
    assert width == pytest.approx(2 * 1.645 * 0.1, rel=0.08)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "Near its prior: no case carries both outcomes."),
        ([{"a": 1, "b": None}, {"a": 1, "b": 0, "weight": 0}], "Near its prior: no case carries both outcomes."),
        ([{"a": 1, "b": 0}, {"a": 1, "b": 2, "n": 3}], "Near its prior: the cases that carry both are yes or no"),
        ([{"a": 1, "b": 0}, {"a": 1, "b": 2, "m": 3, "n": 3}], "Near its prior, for all that 2 cases with both"),
    ],
)
def test_a_correlation_that_stayed_near_its_prior_says_why(rows: list[dict[str, object]], said: str) -> None:
    """Under LKJ(1.5) of two, (R + 1) / 2 is Beta(1.5, 1.5): a standard deviation of 1/2."""
    whole = [{"a": None, "b": None, "m": 1, "n": 1, "weight": 1} | row for row in rows]
    shared = {"id": "past", "outcome": ["a", "b"], "rows": whole, "trial_columns": {"a": "m", "b": "n"}}
    encoded = encode_study(
        make_study(
            *[binary_outcome(id=name, pooling={"class_sd": 0, "case_sd": 0.5}) for name in ("a", "b")],
            dependence={"eta": 1.5},
            reference_classes=[shared] if rows else [],
        )
    )
    draws = np.random.default_rng(1).permutation(np.linspace(-1, 1, 2000)).reshape(4, 500, 1)  # sd 0.577
    for scale, is_near in ((0.8, True), (0.7, False)):
        correlation = xr.DataArray(scale * draws, dims=("chain", "draw", "pair"), coords={"pair": ["a~b"]})
        (pair,) = summarize_correlations(encoded, xr.Dataset({"correlation": correlation}))
        assert pair.prior_sd == pytest.approx(0.5)
        assert near_prior(pair).replace("\u00a0", " ").startswith(said) if is_near else near_prior(pair) == ""
