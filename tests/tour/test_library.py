"""A tour of the library: from a text file to probabilities. Read it from top to bottom."""

from __future__ import annotations

import json
from pathlib import Path

import arviz as az
import pytest

from forecast.errors import StudyError
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.study import load_study

# A study is a YAML document, with its tables beside it.
STUDY = """
study: mission-tour
title: A peacekeeping mission after two years
as_of: 2021-01-01
period: month
horizon: 36
outcomes:
  - id: withdrawal
    title: The mission leaves
    kind: event                      # it happens at some time, or not by the horizon
    at_risk_since: 2019-01-01        # two years without it are evidence too
    resolution: {criteria: The last unit has left the area., by: 2023-01-01}
    prior:
      # "I would say 30 % within three years; I would be surprised by less than 8 % or more than 70 %."
      probability: {median: 0.3, low: 0.08, high: 0.7, level: 0.9}
      by: 36
      rationale: Missions of this kind rarely end on time.
    reference: {missions: 0.8}       # the rest of the weight goes to a class that nobody has seen
reference_classes:
  - id: missions
    outcome: withdrawal
    title: Earlier missions
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mission")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "missions.csv").write_text(CASES, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def forecast(folder: Path) -> ComputedForecast:
    return compute_forecast(load_study(folder / "study.yaml"))


def test_1_a_document_is_read_checked_and_frozen(folder: Path) -> None:
    study = load_study(folder / "study.yaml")
    assert study.outcome("withdrawal").kind == "event"
    assert len(study.digest) == 64  # the same document has the same digest, wherever its tables lie


def test_2_a_mistake_is_named_with_its_place(folder: Path) -> None:
    broken = folder / "broken.yaml"
    broken.write_text(STUDY.replace("at_risk_since", "at_risk_sinse"), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(broken)
    (error,) = caught.value.errors
    assert error.path == "outcomes[0].at_risk_sinse"
    assert "at_risk_since" in error.message  # the nearest known key


def test_3_a_forecast_is_a_probability_with_its_error_its_spread_and_a_verdict(forecast: ComputedForecast) -> None:
    answer = forecast.answer
    assert answer.verdict == "published", answer.verdict_reasons
    (withdrawal,) = answer.outcomes
    assert withdrawal.interval.low < withdrawal.probability < withdrawal.interval.high
    assert withdrawal.mcse < 0.01
    assert withdrawal.words in {"very unlikely", "unlikely"}


def test_4_the_horizon_curve_says_when(forecast: ComputedForecast) -> None:
    (withdrawal,) = forecast.answer.outcomes
    curve = [point.probability for point in withdrawal.horizon]
    assert curve == sorted(curve)
    assert withdrawal.horizon[23].date == withdrawal.by
    assert curve[23] == pytest.approx(withdrawal.probability)


def test_5_scenarios_are_counted_over_the_same_futures(forecast: ComputedForecast) -> None:
    (withdrawal,), (still_there,) = forecast.answer.outcomes, forecast.answer.scenarios
    assert still_there.probability == pytest.approx(1 - withdrawal.horizon[11].probability)


def test_6_the_evidence_stands_beside_the_answer_down_to_the_case(forecast: ComputedForecast) -> None:
    (missions,) = forecast.answer.outcomes[0].reference.classes
    cases = {case.id: case for case in missions.members}
    assert cases["north"].event == "withdrawal"
    assert cases["south"].event is None
    assert cases["coast"].event is None  # transferred, not withdrawn
    assert missions.effective_cases == 4.0


def test_7_draws_open_in_arviz(forecast: ComputedForecast, tmp_path: Path) -> None:
    forecast.write_draws(tmp_path / "draws.nc")
    draws = az.from_netcdf(tmp_path / "draws.nc")
    theta = draws["posterior"]["theta"].sel(outcome="withdrawal")
    assert theta.sizes == {"chain": 4, "draw": 1000}


def test_8_the_answer_is_plain_json(forecast: ComputedForecast) -> None:
    assert json.loads(forecast.answer.model_dump_json())["study"] == "mission-tour"
