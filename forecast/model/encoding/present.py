"""The present case as arrays: its weights over classes, its covariates, and its event-free history."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.units import Level
from forecast.study import Outcome, Resolved, Study


@dataclass(frozen=True)
class Standardization:
    """How a covariate of the tables becomes the model's: (value - center) / scale."""

    center: float
    scale: float

    def apply(self, value: float) -> float:
        return (value - self.center) / self.scale


@dataclass(frozen=True)
class Present:
    """What history, and the way to a judged date, need to know of the present case."""

    outcomes: tuple[Outcome, ...]
    ages: Mapping[str, float]
    """By event outcome, in periods."""
    bands: Mapping[str, AgeBands]
    offsets: Mapping[str, int]
    """Where an outcome's bands begin among all bands."""
    links: tuple[tuple[str, str], ...]
    """(cause, effect_on)."""
    moved: frozenset[str]
    """Outcomes that a factor moves."""
    with_classes: frozenset[str]
    """Outcomes that reference classes are about."""

    def rivals(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """The outcome and those that exclude it."""
        if outcome.competes is None:
            return (outcome,)
        return tuple(other for other in self.outcomes if other.competes == outcome.competes)

    def link(self, cause: str | None, effect_on: str) -> int:
        """Place of a link, counted from 1; 0 for none."""
        return self.links.index((cause, effect_on)) + 1 if cause and (cause, effect_on) in self.links else 0


def present_arrays(
    study: Study,
    outcomes: Sequence[Outcome],
    levels: Sequence[Level],
    standardizations: Mapping[str, Standardization],
) -> dict[str, npt.ArrayLike]:
    """Weights over levels, the rest for an unseen class, and covariates as the model sees them."""
    names = [covariate.id for covariate in study.covariates]
    weights = np.zeros((len(outcomes), len(levels)))
    covariates = np.zeros((len(outcomes), len(names)))
    for row, outcome in enumerate(outcomes):
        for column, level in enumerate(levels):
            if level.outcome == outcome.id:
                weights[row, column] = (outcome.reference or {}).get(level.reference_class, 0.0)
        for column, name in enumerate(names):
            if name in outcome.covariates:
                covariates[row, column] = standardizations[name].apply(outcome.covariates[name])
    return {
        "present_weights": weights,
        "present_new": np.clip(1.0 - weights.sum(axis=1), 0.0, 1.0),
        "present_covariates": covariates,
    }


def history_arrays(
    study: Study,
    present: Present | None,
    past_periods: Sequence[date],
    settled: Mapping[str, Resolved] = MappingProxyType({}),
) -> dict[str, npt.ArrayLike]:
    """Event-free time of the present case by age band, and by past period where a factor moves the outcome.

    Time before the first past period has no factor; the days after the last complete one have its state.

    Parameters
    ----------
    present
        None leaves the history out.
    settled
        An outcome that has happened has no event-free history to speak of, and one that it excludes has it up to then.
    """
    rows: list[tuple[float, ...]] = []
    for place, outcome in enumerate(present.outcomes if present else ()):
        if present is None or outcome.id not in present.ages:
            continue
        if outcome.id in settled and settled[outcome.id].resolution == "yes":
            continue
        bands, offset = present.bands[outcome.id], present.offsets[outcome.id]
        until = _quiet_until(study, outcome, settled, present)
        for period, start, end in _stretches(study, outcome, present, past_periods):
            exposure = bands.exposure(min(start, until), min(end, until))
            rows.extend(
                (place, offset + int(band), period, float(exposure[band])) for band in np.flatnonzero(exposure > 0)
            )
    table = np.asarray(rows, dtype=float).reshape(-1, 4)
    return {
        "history_outcome": table[:, 0].astype(int),
        "history_band": table[:, 1].astype(int),
        "history_period": table[:, 2].astype(int),
        "history_exposure": table[:, 3],
    }


def _quiet_until(study: Study, outcome: Outcome, settled: Mapping[str, Resolved], present: Present) -> float:
    """Age at which another outcome ended the risk, or changed it through a link; else the age on the as-of date."""
    ends = [
        study.calendar.periods_between(outcome.at_risk_since, found.on)
        for name, found in settled.items()
        if found.resolution == "yes"
        and outcome.at_risk_since is not None
        and found.on > outcome.at_risk_since
        and ((name, outcome.id) in present.links or study.outcome(name) in present.rivals(outcome))
    ]
    return min([present.ages[outcome.id], *ends])


def _stretches(
    study: Study, outcome: Outcome, present: Present, past_periods: Sequence[date]
) -> list[tuple[int, float, float]]:
    """(place of the past period counted from 1, or 0; age at its start; age at its end)."""
    age, since = present.ages[outcome.id], outcome.at_risk_since
    if outcome.id not in present.moved or since is None or not past_periods:
        return [(0, 0.0, age)]
    ends = [day - timedelta(days=1) for day in past_periods[1:]]
    ages = [min(max(study.calendar.periods_between(since, day), 0.0), age) for day in ends]
    before = min(max(study.calendar.periods_between(since, past_periods[0] - timedelta(days=1)), 0.0), age)
    edges = [before, *ages, age]
    return [(0, 0.0, before), *((place, *pair) for place, pair in enumerate(itertools.pairwise(edges), start=1))]
