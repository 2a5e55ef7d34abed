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
from forecast.study import Outcome, OutcomeKind, Resolved, Study


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
    keeping: frozenset[tuple[str, str]] = frozenset()
    """Links that leave the marginal of their effect where it was stated."""
    certain: frozenset[str] = frozenset()
    """Outcomes known to have happened."""
    stated: Mapping[str, date] = MappingProxyType({})
    """Day of the statement about an outcome, where it is before the as-of date."""
    refuted: frozenset[str] = frozenset()
    """Outcomes known not to happen."""
    resolves: Mapping[str, float] = MappingProxyType({})
    """Periods to the resolution date, by outcome."""

    def rivals(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """The outcome and those that exclude it."""
        if outcome.competes is None:
            return (outcome,)
        return tuple(other for other in self.outcomes if other.competes == outcome.competes)

    def link(self, cause: str | None, effect_on: str) -> int:
        """Place of a link, counted from 1; 0 for none."""
        return self.links.index((cause, effect_on)) + 1 if cause and (cause, effect_on) in self.links else 0

    def link_at_once(self, cause: str | None, effect_on: str) -> int:
        """Place of a link that acts from the as-of date on where its cause is supposed; 0 for none.

        One of a level without the cause does; so does that of a count, of which nothing says when it occurs. A cause that
        is known to have occurred is inside the level that it leaves alone.
        """
        is_modelled = any(outcome.id == cause for outcome in self.outcomes)
        if (cause, effect_on) in self.keeping and (is_modelled or cause in self.certain):
            return 0
        return self.link(cause, effect_on)

    def is_binary(self, outcome: str | None) -> bool:
        """Whether an outcome is settled on one date."""
        return any(other.id == outcome and other.kind is OutcomeKind.BINARY for other in self.outcomes)


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


@dataclass(frozen=True)
class _Row:
    """Time at risk of one outcome in one age band, and whether the event ended it."""

    outcome: int
    band: int
    period: int
    exposure: float
    events: float
    causes: tuple[str, ...]
    """Outcomes known to have occurred by then whose links act on a level without them."""


def history_arrays(
    study: Study,
    present: Present | None,
    past_periods: Sequence[date],
    settled: Mapping[str, Resolved] = MappingProxyType({}),
) -> dict[str, npt.ArrayLike]:
    """What the present case has shown: time at risk by age band, events that occurred, binary outcomes that resolved.

    By past period where a factor moves the outcome. Time before the first past period has no factor; the days after the
    last complete one have its state. A cause that occurred is inside the level of its effect, so that quiet time counts
    on; where the level is that without the cause, its link acts from then on.

    Parameters
    ----------
    present
        None leaves the history out.
    settled
        An event that happened counts with its day, and ends the risk of those that it excludes.
    """
    rows: list[_Row] = []
    verdicts: list[tuple[int, float, tuple[str, ...]]] = []
    for place, outcome in enumerate(present.outcomes if present else ()):
        assert present is not None
        found = settled.get(outcome.id)
        if outcome.id in present.ages and outcome.at_risk_since is not None:
            rows += _rows_of(study, outcome, place, present, past_periods, settled)
        elif outcome.id not in present.ages and found is not None and found.resolution in ("yes", "no"):
            verdicts.append((place, float(found.resolution == "yes"), _acting(outcome, found.on, settled, present)))
    links = {cause: place for place, cause in enumerate(present.links)} if present else {}
    pressed = [
        (row + 1, 0, links[cause, study_outcome(present, found.outcome)])
        for row, found in enumerate(rows)
        for cause in found.causes
    ] + [
        (0, row + 1, links[cause, study_outcome(present, place)])
        for row, (place, _, causes) in enumerate(verdicts)
        for cause in causes
    ]
    press = np.asarray(pressed, dtype=int).reshape(-1, 3)
    return {
        "history_outcome": np.array([row.outcome for row in rows], dtype=int),
        "history_band": np.array([row.band for row in rows], dtype=int),
        "history_period": np.array([row.period for row in rows], dtype=int),
        "history_exposure": np.array([row.exposure for row in rows], dtype=float),
        "history_events": np.array([row.events for row in rows], dtype=float),
        "verdict_outcome": np.array([place for place, _, _ in verdicts], dtype=int),
        "verdict_yes": np.array([yes for _, yes, _ in verdicts], dtype=float),
        "press_history": press[:, 0],
        "press_verdict": press[:, 1],
        "press_link": press[:, 2],
    }


def study_outcome(present: Present | None, place: int) -> str:
    """Id of the outcome at a place."""
    assert present is not None
    return present.outcomes[place].id


def _rows_of(
    study: Study,
    outcome: Outcome,
    place: int,
    present: Present,
    past_periods: Sequence[date],
    settled: Mapping[str, Resolved],
) -> list[_Row]:
    assert outcome.at_risk_since is not None
    since, bands, offset = outcome.at_risk_since, present.bands[outcome.id], present.offsets[outcome.id]
    until = _at_risk_until(study, outcome, settled, present)
    found = settled.get(outcome.id)
    happened = found is not None and found.resolution == "yes" and found.on > since
    turns = sorted(
        {
            min(max(study.calendar.periods_between(since, settled[cause].on), 0.0), until)
            for cause in _causes(outcome, settled, present)
        }
        | {0.0, until}
    )
    rows: list[_Row] = []
    for period, start, end in _stretches(study, outcome, present, past_periods):
        for left, right in itertools.pairwise(turns):
            first, last = max(start, left), min(end, right)
            if last <= first:
                continue
            causes = tuple(
                cause
                for cause in _causes(outcome, settled, present)
                if study.calendar.periods_between(since, settled[cause].on) <= first
            )
            exposure = bands.exposure(first, last)
            ends_here = happened and last == until
            rows.extend(
                _Row(
                    place,
                    offset + int(band),
                    period,
                    float(exposure[band]),
                    float(ends_here and band == bands.band_of(until)),
                    causes,
                )
                for band in np.flatnonzero(exposure > 0)
            )
    return rows


def _causes(outcome: Outcome, settled: Mapping[str, Resolved], present: Present) -> list[str]:
    """Outcomes known to have occurred that are not inside the level of an outcome: later than the statement about it."""
    day = present.stated.get(outcome.id)
    return [
        name
        for name, found in settled.items()
        if found.resolution == "yes"
        and (name, outcome.id) in present.links
        and ((name, outcome.id) not in present.keeping or (day is not None and found.on > day))
    ]


def _acting(outcome: Outcome, on: date, settled: Mapping[str, Resolved], present: Present) -> tuple[str, ...]:
    return tuple(cause for cause in _causes(outcome, settled, present) if settled[cause].on <= on)


def _at_risk_until(study: Study, outcome: Outcome, settled: Mapping[str, Resolved], present: Present) -> float:
    """Age at which the outcome, or one that excludes it, occurred; else the age on the as-of date."""
    ends = [
        study.calendar.periods_between(outcome.at_risk_since, found.on)
        for name, found in settled.items()
        if found.resolution == "yes"
        and outcome.at_risk_since is not None
        and found.on > outcome.at_risk_since
        and study.outcome(name) in present.rivals(outcome)
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
