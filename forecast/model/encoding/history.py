"""What the present case has shown so far, as arrays: quiet time, events that occurred, questions that resolved."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.changes import changes_of
from forecast.model.encoding.present import Present
from forecast.study import Outcome, OutcomeKind, Resolved, Study

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
