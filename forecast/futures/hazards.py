"""The present case's hazards in every future period, and the exact probabilities that they imply for each draw.

Within one future period the hazard is constant: its average over the ages that the case passes through.

References
----------
Cumulative incidence under cause-specific hazards: Prentice et al. (1978), Biometrics 34(4), doi:10.2307/2530374.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.model.encode import EncodedStudy
from forecast.study import OutcomeKind

FloatArray = npt.NDArray[np.float64]

MAX_HAZARDS = 20_000_000
"""Hazards (draws times outcomes times periods) that are held at once: 160 MB an array."""


@dataclass(frozen=True)
class PresentCase:
    """What each posterior draw says about the future; draws of all chains in one row, chain by chain."""

    outcomes: tuple[str, ...]
    is_binary: npt.NDArray[np.bool_]
    """Per outcome."""
    groups: npt.NDArray[np.int64]
    """Per outcome: outcomes of one group exclude one another."""
    rates: FloatArray
    """Dims (draw, outcome, horizon): expected events per future period; 0 for binary outcomes."""
    yes: FloatArray
    """Dims (draw, outcome): probability of yes; 0 for event outcomes."""
    resolves: FloatArray
    """Per outcome: periods from the as-of date to its resolution date (or the horizon)."""
    chains: int

    @property
    def draws(self) -> int:
        """Draws over all chains."""
        return int(self.rates.shape[0])

    def select(self, draws: npt.NDArray[np.int64]) -> PresentCase:
        """The same for some of the draws."""
        return PresentCase(
            self.outcomes, self.is_binary, self.groups, self.rates[draws], self.yes[draws], self.resolves, self.chains
        )


def horizon_multipliers(encoded: EncodedStudy, shape: FloatArray) -> FloatArray:
    """Average of exp(g) over the ages of each future period, per outcome.

    Parameters
    ----------
    shape
        Dims (draw, band): log hazard shape.

    Returns
    -------
    Dims (draw, outcome, horizon); 1 for binary outcomes.
    """
    result = np.ones((shape.shape[0], len(encoded.bands), encoded.study.horizon))
    for position, outcome in enumerate(encoded.bands):
        if outcome in encoded.ages:
            own = _band_positions(encoded, outcome)
            result[:, position, :] = _exp(shape[:, own]) @ _time_in_bands(encoded, outcome).T
    return result


def mean_multiplier(encoded: EncodedStudy, outcome: str, shape: FloatArray) -> FloatArray:
    """Average of exp(g) over all ages that the present case of an event outcome goes through; dims (draw)."""
    time = _time_in_bands(encoded, outcome).mean(axis=0)
    return np.asarray(_exp(shape[:, _band_positions(encoded, outcome)]) @ time)


def _exp(values: FloatArray) -> FloatArray:
    """Far beyond any rate that means something, but finite."""
    return np.asarray(np.exp(np.clip(values, -300.0, 300.0)))


def _band_positions(encoded: EncodedStudy, outcome: str) -> slice:
    """Where the age bands of an outcome lie among all bands."""
    start = 0
    for other, ages in encoded.bands.items():
        if other == outcome:
            return slice(start, start + len(ages))
        start += len(ages)
    raise KeyError(outcome)


def _time_in_bands(encoded: EncodedStudy, outcome: str) -> FloatArray:
    """Share of each future period that the present case spends in each age band; dims (horizon, band)."""
    start, ages = encoded.ages[outcome], encoded.bands[outcome]
    return np.stack([ages.exposure(start + h, start + h + 1) for h in range(encoded.study.horizon)])


def present_case(
    encoded: EncodedStudy, posterior: xr.Dataset, draws: npt.NDArray[np.int64] | None = None
) -> PresentCase:
    """Hazards and probabilities of the present case under the draws of `theta` and `log_hazard_shape`.

    Parameters
    ----------
    draws
        Places among all draws, chains end to end; None for all of them.
    """
    study = encoded.study
    kept = slice(None) if draws is None else draws
    theta = _flat(posterior["theta"])[kept]
    binary = np.array([outcome.kind is OutcomeKind.BINARY for outcome in study.outcomes])
    multipliers = horizon_multipliers(encoded, _flat(posterior["log_hazard_shape"])[kept])
    with np.errstate(over="ignore"):
        rates = np.where(binary[None, :, None], 0.0, _exp(theta)[:, :, None] * multipliers)
        yes = np.where(binary[None, :], 1.0 / (1.0 + np.exp(-theta)), 0.0)
    resolves = [study.calendar.periods_until(study.resolves_by(outcome.id)) for outcome in study.outcomes]
    labels = [outcome.competes or f"\0{outcome.id}" for outcome in study.outcomes]
    groups = np.array([labels.index(label) for label in labels], dtype=np.int64)
    return PresentCase(
        tuple(outcome.id for outcome in study.outcomes),
        binary,
        groups,
        np.minimum(rates, 1e6),
        yes,
        np.asarray(resolves, dtype=float),
        posterior.sizes[CHAIN],
    )


def cumulative_incidence(present: PresentCase) -> FloatArray:
    """Probability of each outcome by the end of each future period, exact for each draw.

    Returns
    -------
    Dims (draw, outcome, horizon). A binary outcome steps from 0 to its probability in the period that holds its
    resolution date.
    """
    rates, horizon = present.rates, present.rates.shape[2]
    result = np.zeros_like(rates)
    for group in np.unique(present.groups):
        members = np.flatnonzero(present.groups == group)
        total = rates[:, members, :].sum(axis=1)
        reached = np.cumsum(total, axis=1)
        at_start = np.exp(-(reached - total))
        share = np.divide(
            rates[:, members, :],
            total[:, None, :],
            out=np.zeros_like(rates[:, members, :]),
            where=total[:, None, :] > 0,
        )
        result[:, members, :] = np.cumsum(at_start[:, None, :] * -np.expm1(-total)[:, None, :] * share, axis=2)
    ends = np.arange(1, horizon + 1)
    for position in np.flatnonzero(present.is_binary):
        result[:, position, :] = present.yes[:, position, None] * (ends >= np.ceil(present.resolves[position]))
    return result


def chunked_probability(encoded: EncodedStudy, posterior: xr.Dataset) -> FloatArray:
    """Probability of each outcome by its own resolution date under every draw, dims (draw, outcome).

    Worked out for some draws at a time: hazards of all draws, outcomes and periods at once would not fit into memory
    for a long horizon.
    """
    total = posterior.sizes[CHAIN] * posterior.sizes[DRAW]
    size = draws_within_budget(encoded)
    parts = []
    for start in range(0, total, size):
        present = present_case(encoded, posterior, np.arange(start, min(start + size, total)))
        parts.append(probability_by_resolution(present, cumulative_incidence(present)))
    return np.concatenate(parts)


def draws_within_budget(encoded: EncodedStudy) -> int:
    """How many draws may be rolled forward at once: `MAX_HAZARDS` over outcomes times periods."""
    return max(1, MAX_HAZARDS // (len(encoded.study.outcomes) * encoded.study.horizon))


def probability_by_resolution(present: PresentCase, incidence: FloatArray) -> FloatArray:
    """Probability of each outcome by its own resolution date, exact for each draw; dims (draw, outcome).

    A date inside a period takes the part of the period before it, at the period's constant hazard.
    """
    return np.stack(
        [probability_by(present, incidence, position, time) for position, time in enumerate(present.resolves)], axis=1
    )


def probability_by(present: PresentCase, incidence: FloatArray, position: int, time: float) -> FloatArray:
    """Probability of one outcome by a time (periods from the as-of date), exact for each draw; dims (draw)."""
    if present.is_binary[position]:
        return np.asarray(present.yes[:, position] * (present.resolves[position] <= time))
    whole = int(np.floor(time))
    before = incidence[:, position, whole - 1] if whole else np.zeros(incidence.shape[0])
    if time > whole:
        before = before + _within_period(present, position, whole, time - whole)
    return np.asarray(before)


def _within_period(present: PresentCase, position: int, whole: int, fraction: float) -> FloatArray:
    """Probability that the outcome happens in the first part of the period after `whole` periods."""
    members = np.flatnonzero(present.groups == present.groups[position])
    totals = present.rates[:, members, : whole + 1].sum(axis=1)
    now = totals[:, whole]
    share = np.divide(present.rates[:, position, whole], now, out=np.zeros_like(now), where=now > 0)
    return np.asarray(np.exp(-totals[:, :whole].sum(axis=1)) * -np.expm1(-fraction * now) * share)


def _flat(values: xr.DataArray) -> FloatArray:
    """Chains end to end; the remaining dim stays."""
    (other,) = [dim for dim in values.dims if dim not in (CHAIN, DRAW)]
    ordered = values.transpose(CHAIN, DRAW, other).values
    return np.asarray(ordered.reshape(-1, ordered.shape[-1]), dtype=float)
