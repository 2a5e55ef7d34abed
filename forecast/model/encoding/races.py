"""Outcomes of which one must occur by a day: their time at risk before the as-of date and ahead of it, as arrays.

`forecast.model.graph.races` says what for. Only quiet time makes a difference: without it both terms are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.changes import changes_of
from forecast.model.encoding.history import at_risk_until
from forecast.model.encoding.present import Present
from forecast.study import Outcome, OutcomeKind, Resolved, Study


@dataclass(frozen=True)
class _Stretch:
    """Time at risk of one outcome in one age band, changes counted as in histories."""

    outcome: str
    band: int
    exposure: float
    is_ahead: bool


def race_arrays(study: Study, present: Present | None, settled: Mapping[str, Resolved]) -> dict[str, npt.ArrayLike]:
    """A race for each option under which a group of outcomes has shown quiet time.

    Parameters
    ----------
    present
        None leaves the history out.
    """
    races: list[tuple[int, float]] = []
    stretches: list[tuple[int, int, int, float, float]] = []
    for members in _groups(present) if present is not None else ():
        assert present is not None
        found = [stretch for outcome in members for stretch in _stretches(study, outcome, present, settled)]
        if all(stretch.is_ahead for stretch in found):
            continue
        is_open = not any(outcome.id in present.certain for outcome in members)
        names = [outcome.id for outcome in members]
        for chosen in present.memberships.readings(names):
            # A variant that only this option has, where the group has options.
            telling = next((name for name in names if name in present.memberships.of), names[0])
            stretches += [
                (
                    len(races),
                    present.memberships.variant(stretch.outcome, chosen),
                    stretch.band,
                    stretch.exposure,
                    float(stretch.is_ahead),
                )
                for stretch in found
            ]
            races.append((present.memberships.variant(telling, chosen), float(is_open)))
    table = np.asarray(stretches, dtype=float).reshape(-1, 5)
    return {
        "race_variant": np.array([variant for variant, _ in races], dtype=int),
        "race_is_open": np.array([is_open for _, is_open in races], dtype=float),
        "stretch_race": table[:, 0].astype(int),
        "stretch_variant": table[:, 1].astype(int),
        "stretch_band": table[:, 2].astype(int),
        "stretch_exposure": table[:, 3],
        "stretch_is_ahead": table[:, 4],
    }


def race_axes(present: Present, scales: npt.ArrayLike) -> dict[str, npt.ArrayLike]:
    """Groups of which one must occur, by their first member, and the reflection of their levels' deviations.

    It exchanges the first unit vector and the deviations of one shift of all levels, those with `scales` s: 1 / s each.
    """
    places = {outcome.id: place for place, outcome in enumerate(present.outcomes)}
    leader, along, widths = np.arange(len(places)), np.zeros(len(places)), np.asarray(scales, dtype=float)
    for members in _groups(present):
        own = np.array([places[outcome.id] for outcome in members])
        if not (widths[own] > 0.0).all():
            continue
        common = 1.0 / widths[own]
        vector = common / np.linalg.norm(common) - np.eye(len(own))[0]
        leader[own], along[own] = own[0], vector * np.sqrt(2.0 / (vector @ vector))
    return {"outcome_leader": leader, "outcome_reflection": along}


def _groups(present: Present) -> list[tuple[Outcome, ...]]:
    """Outcomes of which one must occur."""
    sure = [outcome for outcome in present.outcomes if outcome.id in present.sure_within]
    return list({str(outcome.competes): present.rivals(outcome) for outcome in sure}.values())


def _stretches(study: Study, outcome: Outcome, present: Present, settled: Mapping[str, Resolved]) -> Iterator[_Stretch]:
    """Until one of the group occurred, or the as-of date; from there to the day by which one must."""
    assert outcome.kind is OutcomeKind.EVENT
    age, since = present.ages[outcome.id], outcome.at_risk_since
    until = 0.0 if since is None else max(at_risk_until(study, outcome, settled, present), 0.0)
    changes, bands = changes_of(study, outcome, since or study.as_of), present.bands[outcome.id]
    # What is known not to occur has no risk ahead.
    end = until if outcome.id in present.refuted else age + present.sure_within[outcome.id]
    for start, stop, is_ahead in ((0.0, until, False), (until, end, True)):
        exposure = changes.exposure(bands, start, max(start, stop))
        for band in np.flatnonzero(exposure > 0.0):
            yield _Stretch(outcome.id, present.offsets[outcome.id] + int(band), float(exposure[band]), is_ahead)
