"""An event happens at some time, or not before the horizon; how likely it is to come next is its hazard.

A case that ended is a duration. A case that still goes on is a duration too: it lasted at least that long, which is called
censored. Time without the event is evidence, also the time that the present case has already lasted.
"""

from __future__ import annotations

import numpy as np
import pytest

from forecast.futures.hazards import cumulative_incidence
from forecast.model.encoding.encode import encode_study
from forecast.study import Spell, resolve_cases, study_from_bytes
from tests.futures.present import make_present

STUDY = b"""
study: exit
title: The mission leaves
as_of: 2021-01-01
period: month
horizon: 36
outcomes:
  - id: exit
    title: It leaves
    kind: event
    at_risk_since: 2019-01-01          # it has been possible for two years, and has not happened
    resolution: {criteria: The last unit has left.}
    prior: {probability: {median: 0.3, low: 0.08, high: 0.7}, rationale: A guess.}
    pooling: {case_sd: 0, age_bands: [0, 12, 36]}    # the hazard may differ between these ages, in months
    reference: {missions: 1}
reference_classes:
  - id: missions
    outcome: exit
    event_value: {exit: left}
    rows:
      - {id: short, duration: 20, event: left}
      - {id: long, duration: 40, event: transferred}  # it was not seen to leave: censored
      - {id: late, entry: 6, duration: 36, event: there}  # first seen after half a year, and still there
"""


def test_a_case_ends_with_the_event_or_is_censored() -> None:
    spells = {case.id: case.data for case in resolve_cases(study_from_bytes(STUDY, "application/yaml"))}
    assert spells["short"] == Spell(entry=0, exit=20, event="exit")
    assert spells["long"] == Spell(entry=0, exit=40, event=None)
    assert spells["late"] == Spell(entry=6, exit=36, event=None)


def test_what_is_counted_is_events_and_time_at_risk_by_age() -> None:
    arrays = encode_study(study_from_bytes(STUDY, "application/yaml")).arrays
    # From month 0 to 12, from 12 to 36, and after that.
    assert arrays["cell_exposure"].tolist() == [12 + 12 + 6, 8 + 24 + 24, 4]
    assert arrays["cell_events"].tolist() == [0, 1, 0]
    # The quiet two years of the present case are evidence in the same way.
    assert arrays["history_exposure"].tolist() == [12, 12]


def test_a_stated_probability_is_that_of_the_present_case() -> None:
    # Two quiet years and what ages and a class may add are inside the statement; the law of the level is solved for.
    encoded = encode_study(study_from_bytes(STUDY, "application/yaml"))
    law = encoded.stated["exit"].law
    assert encoded.arrays["mu_loc"].tolist() == [law.mean]
    # That nothing has happened for two years says of itself that the rate is low: the level alone may be higher.
    typical = STUDY.replace(b"rationale: A guess.", b"about: typical, rationale: A guess.")
    assert law.mean > encode_study(study_from_bytes(typical, "application/yaml")).arrays["mu_loc"][0]


def test_a_hazard_gives_a_curve_that_rises_to_the_horizon() -> None:
    (alone,) = cumulative_incidence(make_present([[0.02] * 36]))[0]
    assert alone == pytest.approx(1 - np.exp(-0.02 * np.arange(1, 37)))
    # Of two outcomes that exclude one another, each takes from the other.
    rivals = cumulative_incidence(make_present([[0.02] * 36, [0.04] * 36], groups=[0, 0]))[0]
    assert rivals[0, -1] < alone[-1]
    assert rivals.sum(axis=0) == pytest.approx(1 - np.exp(-0.06 * np.arange(1, 37)))
