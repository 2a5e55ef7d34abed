"""A forecast is a probability with its errors, and with a verdict on whether the computation can be relied on.

This is the study of the first chapter, computed in this process: the one chapter so far that compiles and samples.
"""

from __future__ import annotations

import json
from math import hypot
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from forecast.study import load_study
from tests.tour.stored import read_stored, write_study
from tests.tour.test_01_a_class import CASES, STUDY

if TYPE_CHECKING:
    from forecast.pipeline.compute import ComputedForecast

pytestmark = pytest.mark.program


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> ComputedForecast:
    from forecast.pipeline.compute import compute_forecast

    return compute_forecast(load_study(write_study(tmp_path_factory.mktemp("mission"), STUDY, CASES)))


def test_1_it_is_a_probability_with_its_error_its_spread_and_a_verdict(forecast: ComputedForecast) -> None:
    answer = forecast.answer
    assert answer.verdict == "published", answer.verdict_reasons
    (withdrawal,) = answer.outcomes
    assert withdrawal.interval.low < withdrawal.probability < withdrawal.interval.high  # what is not known
    assert withdrawal.mcse < 0.01  # what more draws would change
    assert withdrawal.words in {"very unlikely", "unlikely"}


def test_2_the_curve_says_when_and_scenarios_are_counted_over_the_same_futures(forecast: ComputedForecast) -> None:
    (withdrawal,), (still_there,) = forecast.answer.outcomes, forecast.answer.scenarios
    curve = [point.probability for point in withdrawal.horizon]
    assert curve == sorted(curve)
    assert withdrawal.horizon[23].date == withdrawal.by
    assert curve[23] == pytest.approx(withdrawal.probability)
    assert still_there.probability == pytest.approx(1 - curve[11])


def test_3_the_evidence_stands_beside_the_answer_down_to_the_case(forecast: ComputedForecast) -> None:
    reference = forecast.answer.outcomes[0].reference
    assert reference is not None
    (missions,) = reference.classes
    cases = {case.id: case for case in missions.members}
    assert cases["north"].event == "withdrawal"
    assert cases["south"].event is None
    assert cases["coast"].event is None  # transferred, not withdrawn
    assert missions.effective_cases == 4.0


def test_4_draws_open_in_arviz(forecast: ComputedForecast, tmp_path: Path) -> None:
    import arviz as az

    forecast.write_draws(tmp_path / "draws.nc")
    theta = az.from_netcdf(tmp_path / "draws.nc")["posterior"]["theta"].sel(outcome="withdrawal")
    assert theta.sizes == {"chain": 4, "draw": 1000}


def test_5_the_answer_is_plain_json_and_the_one_that_is_kept(forecast: ComputedForecast) -> None:
    assert json.loads(forecast.answer.model_dump_json())["study"] == "mission-tour"
    kept, made = read_stored(), forecast.answer
    assert kept.study_digest == made.study_digest, "compute it anew: python -m tests.tour.stored"
    (before,), (now,) = kept.outcomes, made.outcomes
    assert abs(now.probability - before.probability) < 4 * hypot(now.mcse, before.mcse)
