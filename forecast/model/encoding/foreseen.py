"""The day on which a probability was stated, and what was expected of its causes then.

A stated probability is a marginal as of its day: whatever was expected of causes on that day is inside it, and what is
learned about them later moves the effect. Where the day is the as-of date, each draw's own causes are what is expected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from forecast.study import Indicator, Outcome, Study
from forecast.study.loading import with_known_cases
from forecast.study.rows.counts import dated_rows

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ForeseenCause:
    """A cause as it was expected on a day; hazards have the dim (step), periods from that day on."""

    own: FloatArray
    """Expected events in each period, among those in whom neither it nor one that it excludes has occurred."""
    group: FloatArray
    """The same of all that exclude one another, this one included."""
    had_occurred: bool


@dataclass(frozen=True)
class Foreseen:
    """By effect whose statement is older than the as-of date."""

    lead: Mapping[str, int] = field(default_factory=dict)
    """Whole periods from its day to the as-of date."""
    causes: Mapping[tuple[str, str], ForeseenCause] = field(default_factory=dict)
    """By (cause, effect)."""


def stated_days(study: Study) -> dict[str, date]:
    """By outcome whose prior was stated before the as-of date: the day."""
    found: dict[str, date] = {}
    for outcome in study.outcomes:
        elicited = None if outcome.prior is None else outcome.prior.elicited
        if outcome.is_modelled and elicited is not None and elicited.on is not None and elicited.on < study.as_of:
            found[outcome.id] = elicited.on
    return found


def days_of_causes(study: Study, links: Collection[tuple[str, str]]) -> dict[str, date]:
    """By outcome with causes inside its stated marginal, where that was stated before the as-of date: the day.

    Parameters
    ----------
    links
        (cause, effect_on) of those that are used.
    """
    effects = {link.effect_on for link in study.links if link.keeps_marginal and (link.cause, link.effect_on) in links}
    return {effect: day for effect, day in stated_days(study).items() if effect in effects}


def study_as_known(study: Study, day: date) -> Study:
    """The study as it was seen on an earlier day: its cases as they were known, and no later days of statements."""
    return with_known_cases(
        study.model_copy(
            update={
                "as_of": day,
                "outcomes": tuple(_outcome_on(outcome, day) for outcome in study.outcomes),
                "indicators": tuple(_indicator_on(study, indicator, day) for indicator in study.indicators),
            }
        )
    )


def _indicator_on(study: Study, indicator: Indicator, day: date) -> Indicator:
    """With the days on which parts of periods became known."""
    rows = dated_rows(indicator.table_rows, study.calendar, day)
    return indicator if rows is None else indicator.model_copy(update={"rows": tuple(rows)})


def _outcome_on(outcome: Outcome, day: date) -> Outcome:
    prior = outcome.prior
    if prior is None or prior.elicited is None or prior.elicited.on is None or prior.elicited.on <= day:
        return outcome
    inner = prior.distribution
    undated = None if inner is None else inner.model_copy(update={"on": None})
    changes = {"on": None} if inner is None else {"distribution": undated}
    return outcome.model_copy(update={"prior": prior.model_copy(update=changes)})
