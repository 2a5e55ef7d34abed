"""The present case as arrays: its weights over classes, its covariates, and its event-free history."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.changes import Changes, changes_of, shift_of
from forecast.model.encoding.membership import Memberships
from forecast.model.encoding.units import Level
from forecast.study import Judgment, Outcome, OutcomeKind, Resolved, Study
from forecast.study.document.course import Course


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
    """By event outcome, in periods; negative where the risk begins after the as-of date."""
    bands: Mapping[str, AgeBands]
    offsets: Mapping[str, int]
    """Where an outcome's bands begin among all bands."""
    links: tuple[tuple[str, str], ...]
    """(cause, effect_on)."""
    moved: frozenset[str]
    """Outcomes that a factor moves."""
    with_classes: frozenset[str]
    """Outcomes that reference classes are about."""
    memberships: Memberships
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
    changes: Mapping[str, Changes] = MappingProxyType({})
    """Of hazards on stated days, by event outcome, from the as-of date."""
    counts_quiet: bool = True
    """Whether what the present case has shown is used."""
    sure_within: Mapping[str, float] = MappingProxyType({})
    """By outcome of which it or one that excludes it must occur: the periods until one must have."""
    courses: Mapping[tuple[str, str], Course] = MappingProxyType({})
    """Of links that fade or are delayed."""

    @property
    def settled(self) -> frozenset[str]:
        """Outcomes of which it is known how they turned out."""
        return self.certain | self.refuted

    def course(self, cause: str, effect_on: str) -> Course:
        """From when a link acts, and how it fades."""
        return self.courses.get((cause, effect_on), Course())

    def rivals(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """The outcome and those that exclude it."""
        if outcome.competes is None:
            return (outcome,)
        return tuple(other for other in self.outcomes if other.competes == outcome.competes)

    def runners(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """Those of `rivals` that may yet occur, where one must; else all of them."""
        rivals = self.rivals(outcome)
        if outcome.id not in self.sure_within:
            return rivals
        return tuple(other for other in rivals if other is outcome or other.id not in self.refuted)

    def link(self, cause: str, effect_on: str) -> int:
        """Place of a link, counted from 1; 0 for none."""
        return self.links.index((cause, effect_on)) + 1 if (cause, effect_on) in self.links else 0

    def link_at_once(self, cause: str, effect_on: str) -> int:
        """Place of a link that acts from the as-of date on where its cause is supposed; 0 for none.

        One of a level without the cause does; so does that of a count, of which nothing says when it occurs. A cause that
        is known to have occurred is inside the level that it leaves alone.
        """
        is_modelled = any(outcome.id == cause for outcome in self.outcomes)
        if (cause, effect_on) in self.keeping and (is_modelled or cause in self.certain):
            return 0
        return self.link(cause, effect_on)

    def links_at_once(self, question: Judgment) -> list[tuple[str, bool]]:
        """What a question supposes whose links to its outcome act from the as-of date on."""
        return [(name, occurs) for name, occurs in question.given if self.link_at_once(name, question.outcome)]

    def link_supposed(self, question: Judgment, effect_on: str) -> int:
        """Place of the link onto an outcome that acts from the as-of date on under what a question supposes; 0 for none."""
        acting = (self.link_at_once(name, effect_on) for name, occurs in question.given if occurs)
        return next((place for place in acting if place), 0)

    def is_binary(self, outcome: str) -> bool:
        """Whether an outcome is settled on one date."""
        return any(other.id == outcome and other.kind is OutcomeKind.BINARY for other in self.outcomes)


def present_arrays(
    study: Study,
    outcomes: Sequence[Outcome],
    levels: Sequence[Level],
    standardizations: Mapping[str, Standardization],
    memberships: Memberships,
) -> dict[str, npt.ArrayLike]:
    """Classes that it may belong to, weights over levels, the rest for an unseen class, covariates, and changes of binary outcomes."""
    names = [covariate.id for covariate in study.covariates]
    covariates = np.zeros((len(outcomes), len(names)))
    for row, outcome in enumerate(outcomes):
        for column, name in enumerate(names):
            if name in outcome.covariates:
                covariates[row, column] = standardizations[name].apply(outcome.covariates[name])
    return {
        **memberships.arrays(outcomes, levels),
        "present_covariates": covariates,
        "present_change": np.array(
            [shift_of(study, outcome) if outcome.kind is OutcomeKind.BINARY else 0.0 for outcome in outcomes]
        ),
    }


type Cause = tuple[str, float]
"""An outcome known to have occurred, and the share of the effect of its link that is there."""


@dataclass(frozen=True)
class _Row:
    """Time at risk of one outcome in one age band, and whether the event ended it.

    Changes on stated days multiply hazards, which is as if the time were longer: what they add at an event is a constant
    of the data.
    """

    outcome: str
    variant: int
    band: int
    period: int
    exposure: float
    events: float
    causes: tuple[Cause, ...]
    """Whose links act then on a level without them."""


def history_arrays(
    study: Study,
    present: Present | None,
    past_periods: Sequence[date],
    settled: Mapping[str, Resolved] = MappingProxyType({}),
) -> dict[str, npt.ArrayLike]:
    """What the present case has shown: time at risk by age band, events that occurred, binary outcomes that resolved.

    By past period where a factor moves the outcome. Time before the first past period has no factor; the days after the
    last complete one have its state. A cause that occurred is inside the level of its effect, so that quiet time counts
    on; where the level is that without the cause, its link acts from then on. Time is cut where the share of its effect
    changes.

    Parameters
    ----------
    present
        None leaves the history out.
    settled
        An event that happened counts with its day, and ends the risk of those that it excludes.
    """
    rows: list[_Row] = []
    verdicts: list[tuple[str, int, float, tuple[Cause, ...]]] = []
    for outcome in present.outcomes if present else ():
        assert present is not None
        found = settled.get(outcome.id)
        if outcome.id in present.ages and outcome.at_risk_since is not None:
            if present.ages[outcome.id] <= 0.0:
                continue  # nothing has been observed yet
            shown = _rows_of(study, outcome, present, past_periods, settled)
            rows += [
                replace(row, variant=variant)
                for variant in present.memberships.variants_of(outcome.id)
                for row in shown
            ]
        elif outcome.kind is OutcomeKind.BINARY and found is not None and found.resolution in ("yes", "no"):
            acting = _acting(study, outcome, found.on, settled, present)
            yes = float(found.resolution == "yes")
            verdicts += [(outcome.id, variant, yes, acting) for variant in present.memberships.variants_of(outcome.id)]
    links = {cause: place for place, cause in enumerate(present.links)} if present else {}
    pressed = [
        (row + 1, 0, links[cause, found.outcome], share)
        for row, found in enumerate(rows)
        for cause, share in found.causes
    ] + [
        (0, row + 1, links[cause, outcome], share)
        for row, (outcome, _, _, causes) in enumerate(verdicts)
        for cause, share in causes
    ]
    press = np.asarray(pressed, dtype=float).reshape(-1, 4)
    return {
        "history_variant": np.array([row.variant for row in rows], dtype=int),
        "history_band": np.array([row.band for row in rows], dtype=int),
        "history_period": np.array([row.period for row in rows], dtype=int),
        "history_exposure": np.array([row.exposure for row in rows], dtype=float),
        "history_events": np.array([row.events for row in rows], dtype=float),
        "verdict_variant": np.array([variant for _, variant, _, _ in verdicts], dtype=int),
        "verdict_yes": np.array([yes for _, _, yes, _ in verdicts], dtype=float),
        "press_history": press[:, 0].astype(int),
        "press_verdict": press[:, 1].astype(int),
        "press_link": press[:, 2].astype(int),
        "press_share": press[:, 3],
    }


def _rows_of(
    study: Study,
    outcome: Outcome,
    present: Present,
    past_periods: Sequence[date],
    settled: Mapping[str, Resolved],
) -> list[_Row]:
    assert outcome.at_risk_since is not None
    since, bands, offset = outcome.at_risk_since, present.bands[outcome.id], present.offsets[outcome.id]
    until, changes = at_risk_until(study, outcome, settled, present), changes_of(study, outcome, since)
    found = settled.get(outcome.id)
    happened = found is not None and found.resolution == "yes" and found.on > since
    began = {
        cause: study.calendar.periods_between(since, settled[cause].on) for cause in _causes(outcome, settled, present)
    }
    courses = {cause: present.course(cause, outcome.id) for cause in began}
    turns = sorted(
        {min(max(at + age, 0.0), until) for cause, at in began.items() for age, _ in courses[cause].turns(until - at)}
        | {0.0, until}
    )
    rows: list[_Row] = []
    for period, start, end in _stretches(study, outcome, present, past_periods):
        for left, right in itertools.pairwise(turns):
            first, last = max(start, left), min(end, right)
            if last <= first:
                continue
            shares = {cause: courses[cause].share((first + last) / 2.0 - at) for cause, at in began.items()}
            causes = tuple((cause, share) for cause, share in shares.items() if share > 0.0)
            exposure = changes.exposure(bands, first, last)
            ends_here = happened and last == until
            rows.extend(
                _Row(
                    outcome.id,
                    0,
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


def _acting(
    study: Study, outcome: Outcome, on: date, settled: Mapping[str, Resolved], present: Present
) -> tuple[Cause, ...]:
    """On a level whose answer was given on a day."""
    ages = {
        cause: study.calendar.periods_between(settled[cause].on, on) for cause in _causes(outcome, settled, present)
    }
    shares = {cause: present.course(cause, outcome.id).share_on_day(age) for cause, age in ages.items()}
    return tuple((cause, share) for cause, share in shares.items() if share > 0.0)


def at_risk_until(study: Study, outcome: Outcome, settled: Mapping[str, Resolved], present: Present) -> float:
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
