"""Series of monthly counts with free licences, simulated ones, and fans of the service and of baselines for them.

References
----------
Poliomyelitis cases in the United States by month, 1970 to 1983, reported to the Centers for Disease Control (a work of the
United States government): Zeger (1988), Biometrika 75(4), doi:10.1093/biomet/75.4.621, table 2. Accidental deaths in the
United States by month, 1973 to 1978 (National Safety Council): Brockwell and Davis (1991), Time Series: Theory and Methods,
example 1.1.6. Both are facts without protection. The interval score: Gneiting and Raftery (2007),
doi:10.1198/016214506000001437, section 6.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.inference.labels import label_posterior
from forecast.model.encoding.encode import encode_study
from forecast.runtime.machine import sampling_cores
from forecast.study import SamplerSettings
from forecast.summary.fans import draw_counts_ahead
from tests.documents import event_outcome, make_study

FloatArray = npt.NDArray[np.float64]

_POLIO = """
    0 1 0 0 1 3 9 2 3 5 3 5 2 2 0 1 0 1 3 3 2 1 1 5 0 3 1 0 1 4 0 0 1 6 14 1
    1 0 0 1 1 1 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 0 2 0 1 0 1 0 0 1 2 0 0 1 2
    0 3 1 1 0 2 0 4 0 2 1 1 1 1 0 1 1 0 2 1 3 1 2 4 0 0 0 1 0 1 0 2 2 4 2 3
    3 0 0 2 7 8 2 4 1 1 2 4 0 1 1 1 3 0 0 0 0 1 0 1 1 0 0 0 0 0 1 2 0 2 0 0
    0 1 0 1 0 1 0 2 0 0 1 2 0 1 0 0 0 1 2 1 0 1 3 6
    """
POLIO = [int(count) for count in _POLIO.split()]
_ACCIDENTS = """
    9007 8106 8928 9137 10017 10826 11317 10744 9713 9938 9161 8927
    7750 6981 8038 8422 8714 9512 10120 9823 8743 9129 8710 8680
    8162 7306 8124 7870 9387 9556 10093 9620 8285 8466 8160 8034
    7717 7461 7767 7925 8623 8945 10078 9179 8037 8488 7874 8647
    7792 6957 7726 8106 8890 9299 10625 9302 8314 8850 8265 8796
    7836 6892 7791 8192 9115 9434 10484 9827 9110 9070 8633 9240
    """
ACCIDENTS = [int(count) for count in _ACCIDENTS.split()]
YEAR = 12
SETTINGS = SamplerSettings(draws=400, tune=500, chains=2, target_accept=0.9)


@dataclass(frozen=True)
class Fan:
    """Quantiles of each month to come; dims (month)."""

    low: FloatArray
    low_half: FloatArray
    high_half: FloatArray
    high: FloatArray

    def covered(self, real: Sequence[int]) -> tuple[float, float]:
        """Shares of real counts inside the 50 and the 90 % interval; of one on an end, as much as lies in expectation."""
        seen = np.asarray(real, dtype=float)
        half = (self.low_half <= seen) & (seen <= self.high_half)
        whole = (self.low <= seen) & (seen <= self.high)
        return float(half.mean()), float(whole.mean())

    def score(self, real: Sequence[int]) -> float:
        """Mean interval score of the 90 % interval, lower is better: its width, and 20 times what lies outside."""
        seen = np.asarray(real, dtype=float)
        outside = np.maximum(self.low - seen, 0.0) + np.maximum(seen - self.high, 0.0)
        return float((self.high - self.low + 20.0 * outside).mean())


def fans(series: Mapping[str, Sequence[int]], horizon: int, breaks: Mapping[str, str] | None = None) -> dict[str, Fan]:
    """Fans of the service for indicators that all end with December 2019, in one study."""
    indicators = []
    for name, counts in series.items():
        months = [f"{2019 - k // YEAR}-{YEAR - k % YEAR:02d}" for k in reversed(range(len(counts)))]
        rows = [{"period": month, "value": count} for month, count in zip(months, counts, strict=True)]
        own = {"breaks": [breaks[name]]} if breaks and name in breaks else {}
        indicators.append({"id": name, "rows": rows, **own})
    study = make_study(event_outcome(), indicators=indicators, horizon=horizon, as_of="2019-12-31")
    encoded = encode_study(study)
    tree = sample_posterior(get_program().load(encoded.arrays), SETTINGS, seed=1, cores=sampling_cores())
    found = draw_counts_ahead(encoded, label_posterior(tree, encoded)[0], seed=1)
    return {
        name: Fan(
            np.array([point.interval.low for point in points]),
            np.array([point.half.low for point in points]),
            np.array([point.half.high for point in points]),
            np.array([point.interval.high for point in points]),
        )
        for name, points in ((name, found.fan(name)) for name in found.counts)
    }


def naive_fan(past: Sequence[int], horizon: int) -> Fan:
    """The same month of the last year, plus what months differed from those a year earlier, as often as that is so many years on."""
    counts = np.asarray(past, dtype=float)
    differences = counts[YEAR:] - counts[:-YEAR]
    ahead = np.arange(horizon)
    last, spread = counts[len(counts) - YEAR + ahead % YEAR], np.sqrt(1.0 + ahead // YEAR)
    ends = [np.maximum(last + np.quantile(differences, q) * spread, 0.0) for q in (0.05, 0.25, 0.75, 0.95)]
    return Fan(*ends)


def regression_fan(past: Sequence[int], horizon: int) -> Fan:
    """Negative binomial regression on months of the year by maximum likelihood, of statsmodels."""
    from scipy.stats import nbinom
    from statsmodels.discrete.discrete_model import NegativeBinomial

    months = np.eye(YEAR)[(np.arange(len(past) + horizon) - len(past)) % YEAR]
    fitted = NegativeBinomial(np.asarray(past), months[: len(past)]).fit(disp=False, maxiter=500, method="bfgs")
    mean, shape = np.exp(months[len(past) :] @ fitted.params[:-1]), 1.0 / max(fitted.params[-1], 1e-6)
    return Fan(*(nbinom.ppf(q, shape, shape / (shape + mean)) for q in (0.05, 0.25, 0.75, 0.95)))


def smoothing_fan(past: Sequence[int], horizon: int) -> Fan:
    """Exponential smoothing of the logs with additive months, of statsmodels: its own simulated futures."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    model = ETSModel(np.log(np.asarray(past, dtype=float) + 0.5), error="add", seasonal="add", seasonal_periods=YEAR)
    futures = model.fit(disp=False).simulate(horizon, anchor="end", repetitions=4000, rng=np.random.default_rng(1))
    return Fan(*(np.exp(np.quantile(futures, q, axis=1)) for q in (0.05, 0.25, 0.75, 0.95)))


def seasonal(rng: np.random.Generator, months: int) -> list[int]:
    """Twelve months that differ, with a dispersion of .4."""
    level = np.tile(rng.normal(0, 0.6, YEAR), months // YEAR + 1)[:months] + np.log(rng.uniform(2, 60))
    return _drawn(rng, level, 0.4)


def spiky(rng: np.random.Generator, months: int) -> list[int]:
    """Small counts, one in thirty some hundred times as high."""
    level = np.full(months, np.log(rng.uniform(0.7, 6)))
    level += (rng.random(months) < 1 / 30) * rng.uniform(np.log(20), np.log(500), months)
    return _drawn(rng, level, 0.5)


def broken(rng: np.random.Generator, months: int, at: int) -> list[int]:
    """A level that jumps by a factor between a tenth and ten."""
    level = np.full(months, np.log(rng.uniform(3, 60)))
    level[at:] += rng.choice([-1, 1]) * rng.uniform(0.7, np.log(10))
    return _drawn(rng, level, 0.3)


def _drawn(rng: np.random.Generator, level: FloatArray, dispersion: float) -> list[int]:
    shape = 1.0 / (dispersion**2 + 0.001)
    return [int(value) for value in rng.poisson(np.exp(level) * rng.gamma(shape, 1.0 / shape, len(level)))]
