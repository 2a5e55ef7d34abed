"""Whether the counts of an indicator look like counts of the model: replicated counts beside the real ones.

Of posterior draws the counts are drawn again, as they were observed: same periods, same exposures, same states of
factors. A statistic of the real counts that hardly any replicated ones reach contradicts the model. As parameters were
fitted to the counts, tail probabilities keep away from 0 where the model is right; the limit (`LEAST_TAIL`) was found
by simulation (tests/statistical/test_count_checks.py).

References
----------
Posterior predictive checks: Gelman, Meng and Stern (1996), Statistica Sinica 6(4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import Check, CountFit
from forecast.answer.thresholds import LEAST_TAIL
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.seasons import SEASONS, seasons
from forecast.study import Period
from forecast.summary.replicates import CountReplicates
from forecast.wording.numbers import significant

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FIT_STREAM: Final = 11
"""Beside the streams of `forecast.summary.signals`."""
FEWEST_COUNTS: Final = 6
"""Fewer say hardly anything against a model."""
YEARS_OF_SEASONS: Final = 2
"""How often each part of a year has to be seen on average before means of seasons are compared."""
AT_FIRST: Final = 1000
AT_MOST: Final = 20_000
"""Replicates of every indicator, and of one whose tail probability looks small."""
WEEKS_OF_A_QUARTER: Final = 13
SUSPICIOUS: Final = 0.02
"""Below it the first replicates are too few."""
ROUNDING: Final = 1e-9
HELD: Final = 2_000_000
"""Counts that are held at once."""

Statistic = Callable[[FloatArray], FloatArray]
"""From counts, dims (replicate, count), to numbers, dims (replicate)."""


def fit_counts(encoded: EncodedStudy, posterior: xr.Dataset, *, seed: int) -> dict[str, tuple[CountFit, ...]]:
    """Statistics of the counts of every indicator that has enough of them; same posterior and seed, same numbers."""
    made = CountReplicates(encoded, posterior)
    found = {}
    for place, name in enumerate(encoded.indicators):
        real = made.real(place)
        if len(real) >= FEWEST_COUNTS:
            statistics = _statistics(encoded, made.rows(place))
            found[name] = _fits(made, place, real, statistics, np.random.default_rng([seed, FIT_STREAM, place]))
    return found


def check_counts(fits: Mapping[str, tuple[CountFit, ...]]) -> tuple[Check, ...]:
    """One check of the publication gate over all indicators; none where none has enough counts."""
    found = [(name, fit) for name, own in fits.items() for fit in own]
    if not found:
        return ()
    least = LEAST_TAIL / len(fits)
    name, worst = min(found, key=lambda item: item[1].probability)
    wrong = [
        _said(*item) for item in sorted(found, key=lambda item: item[1].probability) if item[1].probability < least
    ]
    message = (
        f"counts contradict the model: {'; '.join(wrong[:3])}; look for wrong rows, or for a change in what is counted"
        if wrong
        else f"replicated counts look like the real ones; least of all {_said(name, worst)}"
    )
    return (Check(name="counts", passed=not wrong, value=worst.probability, threshold=least, message=message),)


def _said(indicator: str, fit: CountFit) -> str:
    """One statistic in words."""
    return (
        f"{fit.statistic} of {indicator}: {significant(fit.observed, 3)}, where 90 % of replicated ones have "
        f"{significant(fit.low, 3)} to {significant(fit.high, 3)}"
    )


def _statistics(encoded: EncodedStudy, rows: IntArray) -> dict[str, Statistic]:
    """By name. Counts come in order of time."""
    found: dict[str, Statistic] = {
        "dispersion": _dispersion,
        "zeros": _zeros,
        "maximum": _maximum,
        "likeness of neighbours": _neighbours,
    }
    parts = _parts_of_years(encoded, rows)
    if parts is not None:
        found["seasonal means"] = partial(_seasonal, parts=parts)
    return found


def _parts_of_years(encoded: EncodedStudy, rows: IntArray) -> IntArray | None:
    """Part of the year of each count, quarters for weeks; None where there are too few counts, or no seasons."""
    period = encoded.study.period
    if period not in SEASONS or len(rows) < YEARS_OF_SEASONS * SEASONS[period]:
        return None
    days = [encoded.past_periods[place] for place in encoded.arrays["count_period"][rows].tolist()]
    return seasons(period, days) // (WEEKS_OF_A_QUARTER if period is Period.WEEK else 1)


def _fits(
    made: CountReplicates,
    indicator: int,
    real: FloatArray,
    statistics: Mapping[str, Statistic],
    rng: np.random.Generator,
) -> tuple[CountFit, ...]:
    replicated = _replicate(made, indicator, statistics, AT_FIRST, rng)
    fits = tuple(_fit(name, of(real[None])[0], replicated[name]) for name, of in statistics.items())
    if min(fit.probability for fit in fits) >= SUSPICIOUS:
        return fits
    replicated = _replicate(made, indicator, statistics, AT_MOST, rng)
    return tuple(_fit(name, of(real[None])[0], replicated[name]) for name, of in statistics.items())


def _replicate(
    made: CountReplicates,
    indicator: int,
    statistics: Mapping[str, Statistic],
    replicates: int,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    owner = np.linspace(0, made.draws, replicates, endpoint=False).astype(np.int64)
    batches = np.array_split(owner, -(-replicates * len(made.rows(indicator)) // HELD))
    parts: dict[str, list[FloatArray]] = {name: [] for name in statistics}
    for batch in batches:
        counts = made.draw(indicator, batch, rng)
        for name, of in statistics.items():
            parts[name].append(of(counts))
    return {name: np.concatenate(found) for name, found in parts.items()}


def _fit(name: str, observed: float, replicated: FloatArray) -> CountFit:
    """The tail probability is two-sided; half a replicate is added, so that it is never 0. Rounding must not break ties."""
    slack = ROUNDING * max(1.0, abs(observed))
    below, above = (replicated <= observed + slack).mean(), (replicated >= observed - slack).mean()
    low, high = np.quantile(replicated, (0.05, 0.95))
    probability = min(1.0, 2.0 * min(below, above) + 0.5 / len(replicated))
    return CountFit(
        statistic=name, observed=float(observed), low=float(low), high=float(high), probability=float(probability)
    )


def _scores(counts: FloatArray) -> FloatArray:
    """On a scale on which one huge count does not hide all others."""
    return np.log1p(counts)


def _dispersion(counts: FloatArray) -> FloatArray:
    """Standard deviation of log(1 + count)."""
    return np.asarray(_scores(counts).std(axis=1))


def _zeros(counts: FloatArray) -> FloatArray:
    return np.asarray((counts == 0).sum(axis=1), dtype=float)


def _maximum(counts: FloatArray) -> FloatArray:
    return np.asarray(counts.max(axis=1))


def _neighbours(counts: FloatArray) -> FloatArray:
    """Correlation of log(1 + count) with that of the count before; 0 where all counts are equal."""
    scores = _scores(counts)
    scores = scores - scores.mean(axis=1, keepdims=True)
    total = (scores**2).sum(axis=1)
    return np.asarray((scores[:, 1:] * scores[:, :-1]).sum(axis=1) / np.where(total > 0.0, total, 1.0))


def _seasonal(counts: FloatArray, parts: IntArray) -> FloatArray:
    """Standard deviation of the means of log(1 + count) of each part of the year."""
    scores = _scores(counts)
    means = [scores[:, parts == part].mean(axis=1) for part in np.unique(parts)]
    return np.asarray(np.std(means, axis=0))
