"""Counts of a month that runs, where there are seasons, drifts, breaks, spikes and idle months: next counts, fans, thresholds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from forecast.dims import CHAIN, DRAW
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import open_futures
from forecast.futures.thresholds import threshold_times
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.archive import write_tree
from forecast.summary.count_checks import fit_counts
from forecast.summary.fans import FAN_DRAWS, draw_counts_ahead, draw_next_counts
from forecast.summary.posterior import present_case
from forecast.summary.signals import summarize_indicators
from tests.documents import make_study
from tests.futures.posteriors import make_posterior
from tests.summary.test_archive import make_tree

MEAN, FORM, SPIKE, SIZE, IDLE, JANUARY = 8.0, 2.0, 0.1, np.log(10.0), 0.3, 0.6
COUNTS = np.arange(6000)
REACHED = {"id": "reached", "title": "T", "kind": "threshold", "indicator": "cases", "at_least": 20,
           "window": {"period": "2024-01"}, "resolution": {"criteria": "x"}}  # fmt: skip


def outbreak(*rows: dict[str, Any], outcomes: tuple[dict[str, Any], ...] = (), **own: Any) -> EncodedStudy:
    """Three years of months, of which the last one runs as of 2024-01-21, and what is known of it."""
    months = [f"{year}-{month:02d}" for year in (2021, 2022, 2023) for month in range(1, 13)]
    whole = [{"period": month, "value": 5 + k % 4} for k, month in enumerate(months)]
    table = [{"exposure": None, "known_at": None, **row} for row in (*whole, *rows)]
    later = {**REACHED, "id": "later", "window": {}, "resolution": {"criteria": "x", "by": "2024-06-30"}}
    indicators = [{"id": "cases", "rows": table, **own}]
    return encode_study(
        make_study(*(outcomes or (REACHED, later)), as_of="2024-01-21", horizon=8, indicators=indicators)
    )


def known(encoded: EncodedStudy, *, idle: float = IDLE, spike: float = SPIKE) -> xr.Dataset:
    """Draws that all say the same: January is `JANUARY` above the mean of the year, and nothing has drifted so far."""
    waves, posterior = encoded.coords["wave"], make_posterior(encoded, chains=4, draws=5000)
    posterior["log_mean"][:] = np.log(MEAN)
    posterior["dispersion"][:] = np.sqrt(1 / FORM - 1e-3)
    for name, value in (("spike_share", spike), ("spike_size", SIZE), ("idle_share", idle), ("pattern_sd", 0.2)):
        posterior[name][:] = value
    posterior["wave_height"][:] = 0.0
    january = {
        f"{encoded.signals.indicators[0].id}: {motif.label}": motif.past[0]
        for pattern in encoded.signals.patterns
        if pattern.kind == "season"
        for motif in pattern.motifs
    }
    size = sum(value**2 for value in january.values())
    for label, value in january.items():
        posterior["wave_height"][:, :, waves.index(label)] = JANUARY * value / size
    return posterior


def law(mean: float, *, idle: float = IDLE, spike: float = SPIKE) -> np.ndarray:
    """Probability of each count of a whole month."""
    usual = stats.nbinom.pmf(COUNTS, FORM, FORM / (FORM + mean))
    spiking = stats.geom.pmf(COUNTS + 1, 1.0 / (1.0 + mean * np.exp(SIZE)))
    return np.asarray(idle * (COUNTS == 0) + (1 - idle) * ((1 - spike) * usual + spike * spiking))


def given(counted: int, share: float | None, mean: float, **changes: float) -> np.ndarray:
    """The same given what was counted: of a whole month's count a share has a binomial one."""
    seen = counted <= COUNTS if share is None else stats.binom.pmf(counted, COUNTS, share)
    return np.asarray(law(mean, **changes) * seen / (law(mean, **changes) * seen).sum())


def close(found: np.ndarray, exact: float) -> None:
    assert found.mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / found.size) + 1e-9)


def times_of(encoded: EncodedStudy, posterior: xr.Dataset, outcome: int) -> np.ndarray:
    present = present_case(encoded, posterior)
    states = np.zeros((0, present.horizon, present.draws))
    return threshold_times(present, np.arange(present.draws), states, np.random.default_rng(5))[outcome]


def test_a_month_that_runs_is_the_last_past_one_with_its_season_and_no_drift() -> None:
    encoded = outbreak({"period": "2024-01", "value": 14, "exposure": 0.65}, breaks=["2024-01-05", "2024-03-01"])
    assert encoded.past_periods[-1].isoformat() == "2024-01-01"
    motifs = {m.label: m for pattern in encoded.signals.patterns for m in pattern.motifs}
    assert all(motif.past[-1] == 0.0 for label, motif in motifs.items() if "season" not in label)
    assert all(motif.past[-1] == motif.past[0] for label, motif in motifs.items() if "season" in label)
    assert motifs["break 2024-01-01"].past.tolist() == [-1.0] * 36 + [0.0]
    # From February to September, in which the horizon ends.
    assert motifs["break 2024-03-01"].ahead.tolist() == [0.0] + [1.0] * 7
    streams = present_case(encoded, known(encoded)).streams
    assert streams.courses is not None
    # One of the windows begins in December.
    assert streams.periods.begun == 2
    found = streams.courses.course(0, np.zeros(2000, dtype=np.int64), 2, np.random.default_rng(1))
    assert found[:2, 0] == pytest.approx([-JANUARY / 11, JANUARY])
    assert found[:2].std(axis=1) == pytest.approx(0.0, abs=1e-12)
    assert found[2].std() == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize(("counted", "share"), [(14, 0.65), (0, 0.65), (14, None), (60, None)])
def test_it_goes_on_given_what_was_counted_by_enumeration(counted: int, share: float | None) -> None:
    """In a month of a season, of an indicator with spikes and idle months; three ways to ask."""
    row: dict[str, Any] = {"period": "2024-01", "value": counted}
    row |= {"known_at": "2024-01-20"} if share is None else {"exposure": share}
    encoded = outbreak(row)
    posterior, exact = known(encoded), given(counted, share, MEAN * np.exp(JANUARY))
    following = draw_next_counts(encoded, posterior, np.random.default_rng(4)).values.ravel()
    for level in (counted, counted + 1, 20, 40, 100):
        close(following >= level, min(float(exact[level:].sum()), 1.0))
    if counted < 20:
        close(times_of(encoded, posterior, 0) <= 8, float(exact[20:].sum()))
    first = draw_counts_ahead(encoded, posterior, seed=1).fan("cases")[0]
    assert first.period.isoformat() == "2024-01-01"
    for place, chance in ((first.median, 0.5), (first.half.high, 0.75), (first.interval.high, 0.95)):
        slack = 4 * np.sqrt(chance * (1 - chance) / FAN_DRAWS)
        assert exact[: int(np.floor(place))].sum() - slack < chance < exact[: int(np.ceil(place)) + 1].sum() + slack


@pytest.mark.parametrize("rows", [(), ({"period": "2024-01", "value": 14, "exposure": 0.65},)])
def test_the_next_count_is_the_first_of_the_fan(rows: tuple[dict[str, Any], ...]) -> None:
    encoded = outbreak(*rows)
    (found,) = summarize_indicators(encoded, known(encoded), {}, seed=1)
    first = found.ahead[0]
    assert (found.next.period, found.next.median, found.next.interval) == (first.period, first.median, first.interval)


def test_without_a_count_the_month_is_the_first_one_ahead() -> None:
    encoded = outbreak()
    assert encoded.past_periods[-1].isoformat() == "2023-12-01"
    posterior = known(encoded)
    following = draw_next_counts(encoded, posterior, np.random.default_rng(4)).values.ravel()
    close(following == 0, float(law_with_drift(0.2)[0]))
    close(following >= 20, float(law_with_drift(0.2)[20:].sum()))


def law_with_drift(wander: float) -> np.ndarray:
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    laws = [w * law(MEAN * np.exp(JANUARY + wander * node)) for node, w in zip(nodes, weights, strict=True)]
    return np.asarray(np.sum(laws, axis=0) / weights.sum())


def test_later_months_are_drawn_with_the_season_the_drift_and_the_mixture() -> None:
    """To June, in each of which 20 may be reached."""
    encoded = outbreak({"period": "2024-01", "value": 14, "exposure": 0.65})
    posterior = known(encoded)
    posterior["pattern_sd"][:] = 0.0
    motifs = [m for pattern in encoded.signals.patterns if pattern.kind == "season" for m in pattern.motifs]
    height = posterior["wave_height"].values[0, 0, : len(motifs)]
    course = np.array([m.ahead[:5] for m in motifs]).T @ height
    below = given(14, 0.65, MEAN * np.exp(JANUARY))[:20].sum()
    for added in course:
        below *= law(MEAN * np.exp(added))[:20].sum()
    end = encoded.study.calendar.periods_until(date(2024, 6, 30))
    close(times_of(encoded, posterior, 1) <= end, float(1.0 - below))


def test_a_window_that_begins_before_the_first_count_has_the_season_of_its_months() -> None:
    """What was not counted in it is drawn."""
    total = {"at_least": 1000, "window": {"since": "2020-11-01", "total": True}}
    encoded = outbreak(outcomes=({**REACHED, **total, "resolution": {"criteria": "x", "by": "2024-06-30"}},))
    assert encoded.past_periods[0].isoformat() == "2020-11-01"
    courses = present_case(encoded, known(encoded)).streams.courses
    assert courses is not None
    season = courses.motif[[k for k, label in enumerate(encoded.coords["wave"]) if "season" in label]]
    assert season[:, 0] == pytest.approx(season[:, 12])
    assert season[:, 1] != pytest.approx(season[:, 0])


def test_lower_bounds_are_not_replicated_and_parts_are_as_parts() -> None:
    bound = outbreak({"period": "2024-01", "value": 14, "known_at": "2024-01-20"})
    part = outbreak({"period": "2024-01", "value": 1, "exposure": 0.05})
    without = outbreak()
    found = [fit_counts(each, known(each), seed=1)["cases"] for each in (bound, part, without)]
    of = {
        name: [next(f.observed for f in fits if f.statistic == name) for fits in found] for name in ("maximum", "zeros")
    }
    assert of == {"maximum": [8.0, 8.0, 8.0], "zeros": [0.0, 0.0, 0.0]}
    assert [len(each.arrays["count_value"]) for each in (bound, part, without)] == [36, 37, 36]


def test_the_mechanism_gives_the_stored_futures_again(tmp_path: Path) -> None:
    encoded = outbreak({"period": "2024-01", "value": 14, "known_at": "2024-01-20"}, breaks=["2024-03-01"])
    posterior = make_posterior(encoded)
    tree, rolled = make_tree(encoded, posterior)
    assert {"wave_course", "wave_height", "wander", "spike_share"} <= set(tree["mechanism"].data_vars)
    write_tree(tree, tmp_path / "draws.nc")
    stored = open_futures(tmp_path / "draws.nc")
    again = simulate_futures(stored.present, replicates=5, seed=stored.seed)
    assert np.array_equal(again.times, rolled.futures.times)
    assert posterior.sizes[CHAIN] * posterior.sizes[DRAW] >= stored.present.draws
