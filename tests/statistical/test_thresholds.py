"""Threshold outcomes of whole forecasts against dense quadrature over the level and the dispersion of their counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from forecast.model.constants import LEAST_VARIANCE
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.signals import DISPERSION_SCALE, LOG_MEAN_SD
from forecast.pipeline.compute import compute_forecast
from forecast.study import Study
from tests.documents import make_study
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

SAMPLER = {"draws": sized(2000, 1000), "tune": 500, "chains": 4, "seed": 1, "futures_per_draw": 10}
LOG_MEAN, DISPERSION = np.meshgrid(np.linspace(-6, 9, 601), np.linspace(0.0005, 4.5, 450), indexing="ij")
FORM = 1 / (DISPERSION**2 + LEAST_VARIANCE)


def law(share: float = 1.0) -> Any:
    """Law of what a share of a month counts, on the grid."""
    return stats.nbinom(FORM, FORM / (FORM + share * np.exp(LOG_MEAN)))


def rest(counted: int, share: float) -> Any:
    """Law of what the rest of a month counts."""
    mean = np.exp(LOG_MEAN)
    return stats.nbinom(FORM + counted, (FORM + share * mean) / (FORM + mean))


def weights(log_likelihood: np.ndarray) -> np.ndarray:
    density = stats.norm.logpdf(LOG_MEAN, 0, LOG_MEAN_SD) + stats.halfnorm.logpdf(DISPERSION, scale=DISPERSION_SCALE)
    found = np.exp(density + log_likelihood - (density + log_likelihood).max())
    return np.asarray(found / found.sum())


def outbreak(rows: list[dict[str, Any]], *outcomes: dict[str, Any]) -> Study:
    return make_study(
        *[
            {
                "title": "T",
                "kind": "threshold",
                "indicator": "cases",
                "resolution": {"criteria": "x", "by": "2024-06-30"},
            }
            | outcome
            for outcome in outcomes
        ],
        as_of="2024-01-21",
        horizon=8,
        indicators=[{"id": "cases", "rows": [{"exposure": None, "known_at": None, **row} for row in rows]}],
        sampler=SAMPLER,
    )


MONTHS = [{"period": "2023-11", "value": 3}, {"period": "2023-12", "value": 5}]


def check(study: Study, exact: dict[str, np.ndarray], log_likelihood: np.ndarray) -> None:
    answer, weight = compute_forecast(study).answer, weights(log_likelihood)
    for outcome in answer.outcomes:
        expected = float((weight * exact[outcome.id]).sum())
        print(f"\n{outcome.id}: {outcome.probability:.4f}, by quadrature {expected:.4f}, mcse {outcome.mcse:.4f}")
        assert abs(outcome.probability - expected) < 4 * outcome.mcse


def test_fourteen_of_a_month_that_runs_count_in_the_likelihood_and_towards_the_threshold() -> None:
    study = outbreak(
        [*MONTHS, {"period": "2024-01", "value": 14, "exposure": 0.65}],
        {"id": "reached", "at_least": 20},
        {"id": "this_month", "at_least": 20, "window": {"period": "2024-01"}, "resolution": {"criteria": "x"}},
        {"id": "total", "at_least": 60, "window": {"total": True, "since": "2023-11-01"}},
        {"id": "calm", "at_most": 4, "window": {"run": 2}},
    )
    now, below = rest(14, 0.65).cdf(5), law().cdf(19)
    total = np.zeros((60, *LOG_MEAN.shape))
    total[0] = 1.0
    total[:] = rest(14, 0.65).pmf(np.arange(60)[:, None, None])
    for _ in range(5):
        each = law().pmf(np.arange(60)[:, None, None])
        total = np.array([(total[: k + 1] * each[k::-1]).sum(axis=0) for k in range(60)])
    quiet = law().cdf(4)
    # A run of two in five months; neither of December (5) and January (14 already) is quiet.
    row = [1.0 - 0.0 * quiet, 0.0 * quiet]
    done = 0.0 * quiet
    for _ in range(5):
        done = done + row[1] * quiet
        row = [(row[0] + row[1]) * (1 - quiet), row[0] * quiet]
    check(
        study,
        {
            "reached": 1 - now * below**5,
            "this_month": 1 - now,
            "total": 1 - total[: 60 - 22].sum(axis=0),
            "calm": done,
        },
        law().logpmf(3) + law().logpmf(5) + law(0.65).logpmf(14),
    )


def test_a_lower_bound_counts_as_one_in_the_likelihood_and_towards_the_threshold() -> None:
    study = outbreak(
        [*MONTHS, {"period": "2024-01", "value": 14, "known_at": "2024-01-20"}], {"id": "reached", "at_least": 20}
    )
    now = 1 - law().sf(19) / law().sf(13)
    check(study, {"reached": 1 - now * law().cdf(19) ** 5}, law().logpmf(3) + law().logpmf(5) + law().logsf(13))


def test_a_date_inside_a_month_has_the_part_before_it() -> None:
    day = {"criteria": "x", "by": "2024-03-12"}
    study = outbreak(MONTHS, {"id": "reached", "at_least": 12, "resolution": day})
    exact = 1 - law().cdf(11) ** 2 * law(12 / 31).cdf(11)
    check(study, {"reached": exact}, law().logpmf(3) + law().logpmf(5))


def test_what_has_passed_its_threshold_is_certain() -> None:
    rows = [{"period": "2023-11", "value": 3}, {"period": "2023-12", "value": 55}]
    answer = compute_forecast(outbreak(rows, {"id": "reached", "at_least": 20})).answer
    (outcome,) = answer.outcomes
    assert (outcome.probability, outcome.interval.low, outcome.horizon[0].probability) == (1.0, 1.0, 1.0)
    told = {check.name: check.message for check in answer.checks if check.passed is None}
    assert "counted: 55 in the month that begins on 2023-12-01, at least 20 asked for" in told["settled"]
    assert "`window: {since: 2024-01-01}`" in told["happened"]


def usual_law(count: float, mean: np.ndarray, form: np.ndarray) -> np.ndarray:
    return np.asarray(stats.nbinom.pmf(count, form, form / (form + mean)))


@pytest.mark.parametrize("row", [{"exposure": 0.65}, {"known_at": "2024-01-20"}])
def test_a_month_that_runs_may_be_a_spike_or_idle(row: dict[str, Any]) -> None:
    """Seven months with a spike, and 3 in a running one; by weighted draws of the five parameters."""
    counts = [0, 1, 2, 1, 0, 60, 1]
    months = [{"period": f"2023-{month:02d}", "value": value} for month, value in enumerate(counts, 6)]
    study = outbreak(
        [*months, {"period": "2024-01", "value": 3, **row}],
        {"id": "reached", "at_least": 20},
        {"id": "this_month", "at_least": 8, "window": {"period": "2024-01"}, "resolution": {"criteria": "x"}},
    )
    assert encode_study(study).signals.mixed == ("cases",)
    rng, size = np.random.default_rng(1), 400_000
    log_mean = 0.3 + 1.2 * rng.standard_normal(size)
    log_weight = stats.norm.logpdf(log_mean, 0, LOG_MEAN_SD) - stats.norm.logpdf(log_mean, 0.3, 1.2)
    form = 1 / (np.abs(DISPERSION_SCALE * rng.standard_normal(size)) ** 2 + LEAST_VARIANCE)
    spike, idle = (most * np.exp(-4.0 * np.abs(rng.standard_normal(size))) for most in (0.15, 0.5))
    mean = np.exp(log_mean)
    high, one = mean * 5.0 * np.exp(6.0 * np.abs(rng.standard_normal(size))), np.ones(size)
    usual, spiking = (1 - idle) * (1 - spike), (1 - idle) * spike

    def law(count: float) -> np.ndarray:
        return idle * (count == 0) + usual * usual_law(count, mean, form) + spiking * usual_law(count, high, one)

    def from_on(count: float) -> list[np.ndarray]:
        tails = [stats.nbinom.sf(count - 1, n, n / (n + m)) for n, m in ((form, mean), (one, high))]
        return [usual * tails[0], spiking * tails[1]]

    log_weight += sum(np.log(law(value)) for value in counts)
    if "exposure" in row:
        seen = [usual * usual_law(3, 0.65 * mean, form), spiking * usual_law(3, 0.65 * high, one)]
        law_of_rest = [stats.nbinom(n + 3, (n + 0.65 * m) / (n + m)) for n, m in ((form, mean), (one, high))]
        reach = {k: sum(s * r.sf(k - 4) for s, r in zip(seen, law_of_rest, strict=True)) / sum(seen) for k in (8, 20)}
    else:
        seen = from_on(3)
        reach = {k: sum(from_on(k)) / sum(seen) for k in (8, 20)}
    weight = np.exp(log_weight + np.log(sum(seen)))
    weight /= weight.sum()
    print(f"\nworth {1 / (weight**2).sum():.0f} draws")
    exact = {"reached": 1 - (1 - reach[20]) * (1 - sum(from_on(20))) ** 5, "this_month": reach[8]}
    for outcome in compute_forecast(study).answer.outcomes:
        expected = float((weight * exact[outcome.id]).sum())
        error = float(np.sqrt((weight**2 * (exact[outcome.id] - expected) ** 2).sum()))
        print(
            f"{outcome.id}: {outcome.probability:.4f}, by weights {expected:.4f} ± {error:.4f}, mcse {outcome.mcse:.4f}"
        )
        assert abs(outcome.probability - expected) < 4 * np.hypot(outcome.mcse, error)
