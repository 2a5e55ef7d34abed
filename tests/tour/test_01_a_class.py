"""A study asks what will happen, and shows comparable cases from the past.

A study is a YAML document with its tables beside it. It names outcomes: things that happen or do not. A reference class is
a table of earlier cases of the same kind. Its rows are the evidence of how often, and how soon, such a thing happens.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from forecast.errors import StudyError
from forecast.study import load_study, resolve_cases
from tests.tour.stored import write_study

STUDY = """
study: mission-tour
title: A peacekeeping mission after two years
as_of: 2021-01-01                    # what became known later is not used
period: month
horizon: 36
outcomes:
  - id: withdrawal
    title: The mission leaves
    kind: event                      # it happens at some time, or not by the horizon
    at_risk_since: 2019-01-01
    resolution: {criteria: The last unit has left the area., by: 2023-01-01}
    prior: {probability: {median: 0.3, low: 0.08, high: 0.7}, rationale: Such missions rarely end on time.}
    reference: {missions: 0.8}       # the rest of the weight goes to a class without a single known case
reference_classes:
  - id: missions
    outcome: withdrawal
    table: missions.csv
    columns: {entered: start, exited: end, event: ended_by}
    event_value: {withdrawal: left}  # any other value means that it had not left when last seen
scenarios:
  - {id: still_there, title: Still there after a year, when: "not by(withdrawal, 2022-01-01)"}
sampler: {draws: 1000, tune: 600, chains: 4, seed: 1}
"""
CASES = """id,start,end,ended_by,weight
north,1995-03-01,2001-07-15,left,1
south,1999-06-01,,,1
west,2003-01-10,2004-02-01,left,0.5
coast,2010-09-01,2015-04-01,transferred,1
east,2018-02-01,,,0.5
"""


def test_a_document_is_read_checked_and_frozen(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path, STUDY, CASES))
    assert study.outcome("withdrawal").kind == "event"
    assert len(study.digest) == 64
    # The same document has the same digest, wherever its tables lie.
    assert load_study(write_study(tmp_path / "elsewhere", STUDY, CASES)).digest == study.digest


def test_a_mistake_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(write_study(tmp_path, STUDY.replace("at_risk_since", "at_risk_sinse"), CASES))
    (error,) = caught.value.errors
    assert error.path == "outcomes[0].at_risk_sinse"
    assert "at_risk_since" in error.message  # the nearest known key


def test_a_row_of_the_table_is_a_case_with_a_weight(tmp_path: Path) -> None:
    cases = {case.id: case for case in resolve_cases(load_study(write_study(tmp_path, STUDY, CASES)))}
    assert cases["west"].weight == 0.5  # it is less alike, and counts as half a case
    assert sum(case.weight for case in cases.values()) == 4.0
