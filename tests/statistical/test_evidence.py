"""What evidence does to the posterior: what must move it does, what must not leaves it alone.

Tolerances are four Monte Carlo standard errors of the difference.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.documents import binary_outcome, event_outcome, make_study
from tests.suite.sizes import sized

if TYPE_CHECKING:
    import xarray as xr

    from forecast.model.encoding.encoded import EncodedStudy
    from forecast.study import Study

pytestmark = [pytest.mark.statistical, pytest.mark.program, pytest.mark.slow]

SAMPLER = sized(
    {"draws": 1000, "tune": 600, "chains": 4, "seed": 1}, {"draws": 1000, "tune": 300, "chains": 2, "seed": 1}
)
FEW = {"draws": 100, "tune": 100, "chains": 2, "seed": 1}
"""Where draws are compared with equal ones."""
OF_PANELS = sized(
    {"draws": 1000, "tune": 800, "chains": 4}, {"draws": 1000, "tune": 400, "chains": 2, "target_accept": 0.8}
)
"""Ten experts with one common opinion mix slowly."""

MONTHS = [f"2019-{month:02d}" for month in range(1, 13)]
COUNTS = [6, 4, 9, 5, 7, 3, 8, 6, 5, 7, 4, 6]
FRICTION = {"id": "friction", "effects": {"exit": "normal(0.5, 0.3)"}}


def fit(study: Study) -> tuple[EncodedStudy, xr.Dataset]:
    """The labelled posterior under the study's own settings."""
    from forecast.inference.engine.program import get_program
    from forecast.inference.engine.sampling import sample_posterior
    from forecast.inference.labels import label_posterior
    from forecast.model.encoding.encode import encode_study

    encoded = encode_study(study)
    tree = sample_posterior(get_program().load(encoded.arrays), study.sampler, seed=1, cores=2)
    return encoded, label_posterior(tree, encoded)[0]


def mean_and_error(draws: xr.DataArray) -> tuple[float, float]:
    """Posterior mean and its Monte Carlo standard error."""
    from forecast.inference.diagnostics import diagnose_scalar

    found = diagnose_scalar("", np.asarray(draws.transpose("chain", "draw").values), reported=True)
    assert found.mean is not None
    assert found.mcse is not None
    return found.mean, found.mcse


def watched(rows: list[dict[str, Any]], **changes: Any) -> Study:
    """An outcome that a factor moves, seen through one indicator."""
    return make_study(
        event_outcome(at_risk_since="2019-01-01"),
        **{
            "factors": [FRICTION],
            "indicators": [{"id": "incidents", "factor": "friction", "rows": rows}],
            "sampler": SAMPLER,
            **changes,
        },
    )


def rows_of(counts: list[int | None], exposure: float = 1.0) -> list[dict[str, Any]]:
    return [
        {"period": month, "value": count, "exposure": exposure} for month, count in zip(MONTHS, counts, strict=True)
    ]


def test_a_month_without_a_count_is_not_a_month_with_none() -> None:
    """A quiet last month lowers the long-run mean and the state of the factor; an absent one says nothing."""
    _, absent = fit(watched(rows_of([*COUNTS[:-1], None])))
    _, quiet = fit(watched(rows_of([*COUNTS[:-1], 0])))
    for name, where in (
        ("log_mean", {"indicator": "incidents"}),
        ("state", {"factor": "friction", "past_period": "2019-12-01"}),
    ):
        (high, high_error), (low, low_error) = (mean_and_error(p[name].sel(where)) for p in (absent, quiet))
        assert high - low > 4 * np.hypot(high_error, low_error), name
    zero = mean_and_error(absent["state"].sel(factor="friction", past_period="2019-12-01"))
    other = mean_and_error(absent["state"].sel(factor="friction", past_period="2019-11-01"))
    assert abs(zero[0]) < abs(other[0]) + 4 * np.hypot(zero[1], other[1])  # back towards its long-run mean


def test_twice_the_exposure_is_half_the_rate() -> None:
    """The likelihood depends on log mean + log exposure alone, so that twice the exposure shifts it by log 2 exactly.

    Of that shift the prior, Normal(0, 3), takes back its share of the posterior's precision, variance / 9.
    """
    found = {}
    for exposure in (0.5, 1.0):
        rain = {"id": "incidents", "rows": rows_of(list(COUNTS), exposure)}
        _, posterior = fit(watched([], factors=[], indicators=[rain]))
        found[exposure] = posterior["log_mean"].sel(indicator="incidents")
    (half, half_error), (whole, whole_error) = mean_and_error(found[0.5]), mean_and_error(found[1.0])
    pull = float(found[1.0].var()) / 9.0
    assert pull < 0.02
    assert abs((half - whole) - np.log(2.0) * (1.0 - pull)) < 4 * np.hypot(half_error, whole_error)


def test_a_study_without_a_single_observation_has_the_draws_of_the_study_without_the_block() -> None:
    _, blank = fit(watched(rows_of([None] * 12), sampler=FEW))
    _, without = fit(watched([], factors=[], indicators=[], sampler=FEW))
    assert set(blank.data_vars) == set(without.data_vars)
    assert all(np.array_equal(blank[name].values, without[name].values) for name in without.data_vars)


# --- ten experts who are one, and ten who are ten ---------------------------------------------------------------------

EXPERTS = [f"e{k}" for k in range(10)]
QUANTILES = np.array([-1.645, -1.036, -0.674, -0.385, -0.126, 0.126, 0.385, 0.674, 1.036, 1.645])
"""Of the standard normal, at 5 %, 15 % ... 95 %."""
TRUTH_SD, ERROR_SD = 1.5, 1.0
ROUNDING_SD = 0.2
"""Clones differ by little more than how they round."""
STATED = 1.5
"""Mean of the stated log odds of the judged outcome, whose prior is Normal(-1, 1)."""


def probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


@cache
def panel(kind: str) -> tuple[EncodedStudy, xr.Dataset]:
    """Ten experts who err by 1.0 each: all alike on every question ("clones"), or each in an own way ("independent").

    Their track record of a hundred questions shows which they are: ten true log odds, each with ten errors, and with as
    many answers "yes" among ten as it says. On the study's own question the mean of what they say is the same.
    """
    rng = np.random.default_rng(5)
    truth = np.repeat(TRUTH_SD * QUANTILES, 10)
    yes_of_ten = np.round(10 / (1 + np.exp(-TRUTH_SD * QUANTILES)))
    answers = np.concatenate([rng.permutation(10) < yes for yes in yes_of_ten])
    errors = ERROR_SD * np.stack([np.concatenate([rng.permutation(QUANTILES) for _ in QUANTILES]) for _ in EXPERTS], 1)
    scatter = ERROR_SD * QUANTILES
    if kind == "clones":
        errors = errors[:, :1] + rng.normal(0, ROUNDING_SD, errors.shape)
        scatter = ROUNDING_SD * QUANTILES
    records = [
        {"expert": name, "question": f"q{q}", "probability": probability(truth[q] + errors[q, e]), "outcome": int(yes)}
        for q, yes in enumerate(answers)
        for e, name in enumerate(EXPERTS)
    ]
    judged = [
        {"expert": name, "outcome": "agreement", "probability": probability(STATED + own), "on": "2019-12-01"}
        for name, own in zip(EXPERTS, scatter, strict=True)
    ]
    study = make_study(
        binary_outcome(),
        judgments={"rows": judged},
        track_records={"rows": records},
        experts={"slope_mean_sd": 0.1},  # an error that all share looks like exaggeration, which is not asked for here
        sampler=OF_PANELS,
    )
    return fit(study)


def test_what_experts_say_apart_from_one_another_is_seen_as_their_own_noise() -> None:
    """And what they say alike as truth or common error, which only the answers can tell apart."""
    (_, clones), (_, independent) = panel("clones"), panel("independent")
    assert float(clones["noise"].quantile(0.95)) < 0.5 * float(independent["noise"].quantile(0.05))
    (alike, alike_error), (apart, apart_error) = (
        mean_and_error(p["common_sd"].isel(panel=0)) for p in (clones, independent)
    )
    assert alike - apart > 4 * np.hypot(alike_error, apart_error)


def test_ten_clones_count_for_fewer_experts_than_ten_who_are_independent() -> None:
    from forecast.summary.opinions import summarize_opinions

    number = {}
    for kind in ("clones", "independent"):
        _, (question,) = summarize_opinions(*panel(kind))
        assert question.experts == 10
        number[kind] = question.effective_number
    # Clones are one expert, whose error of 1.0 is larger than that of an ordinary one; of ten others it cancels, and what is
    # left is the error that all may share.
    assert 0.5 < number["clones"] < 1.0 < number["independent"] <= 10


def test_ten_clones_pull_the_forecast_less() -> None:
    """Both panels say 1.5 where the prior says -1."""
    (alike, alike_error), (apart, apart_error) = (
        mean_and_error(panel(kind)[1]["theta"].sel(outcome="agreement")) for kind in ("clones", "independent")
    )
    assert alike > -1.0 + 4 * alike_error
    assert apart - alike > 4 * np.hypot(alike_error, apart_error)


TIMID, TIMID_SAID = 0.5, 0.35
"""Twenty experts halve the true log odds. So what is 0.35 by their word is 0.225."""
TIMID_EXPERTS = [f"t{k}" for k in range(20)]


def timid_crowd(experts: dict[str, float], *, resolved: bool = True) -> xr.DataArray:
    """Log odds of what a crowd calls 0.35 whose sixty resolved questions show it too timid, if at all; dims (chain, draw)."""
    rng = np.random.default_rng(8)
    truth = np.repeat(TRUTH_SD * QUANTILES, 6)
    yes = np.tile((np.arange(6) + 0.5) / 6, 10) < 1 / (1 + np.exp(-truth))  # of six alike as many as it says
    records = [
        {"expert": name, "question": f"q{q}", "probability": probability(TIMID * truth[q] + 0.3 * error), "outcome": int(yes[q])}
        for name in TIMID_EXPERTS
        for q, error in enumerate(rng.standard_normal(len(truth)))
    ]  # fmt: skip
    said = np.log(TIMID_SAID / (1 - TIMID_SAID)) + 0.3 * np.repeat(QUANTILES, 2)
    judged = [
        {"expert": name, "outcome": "agreement", "probability": probability(own), "on": "2019-12-01"}
        for name, own in zip(TIMID_EXPERTS, said, strict=True)
    ]
    study = make_study(
        binary_outcome(prior={"distribution": "normal(0, 2)"}),
        judgments={"rows": judged},
        experts=experts,
        sampler=OF_PANELS,
        **({"track_records": {"rows": records}} if resolved else {}),
    )
    return fit(study)[1]["theta"].sel(outcome="agreement")


def test_a_crowd_whose_record_shows_it_too_timid_is_sharpened() -> None:
    """As far as is true, by default. At 0.3 a slope of one half is 2.3 deviations off, and sixty answers move less."""
    tight, by_default = timid_crowd({"slope_mean_sd": 0.3}), timid_crowd({})
    (little, little_error), (more, more_error) = mean_and_error(tight), mean_and_error(by_default)
    stated = np.log(TIMID_SAID / (1 - TIMID_SAID))
    assert more < stated - 4 * more_error
    assert little - more > 4 * np.hypot(little_error, more_error)
    low, high = np.quantile(by_default, [0.05, 0.95])
    assert low < stated / TIMID < high


def test_a_crowd_without_a_record_is_taken_about_at_its_word() -> None:
    """The wider default moves it by four points at most where twenty agree, on an outcome of which little else is known."""
    tight, by_default = (timid_crowd(experts, resolved=False) for experts in ({"slope_mean_sd": 0.3}, {}))
    (before, _), (after, _) = (mean_and_error(1 / (1 + np.exp(-theta))) for theta in (tight, by_default))
    assert abs(after - before) < 0.05
    assert abs(after - TIMID_SAID) < 0.08
