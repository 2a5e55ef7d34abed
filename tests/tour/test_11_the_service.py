"""The service computes what is submitted over HTTP, and keeps it: a forecast once made is never changed.

A job that was accepted is stored, so it will end. What comes of it is what the command line computes from the same document
and seed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.answer import StoredForecast
from forecast.study import load_study
from priors import study_path
from tests.stack import Stack, submit_bundled

pytestmark = pytest.mark.stack


def test_1_a_submitted_study_comes_back_as_a_published_forecast(karabakh: StoredForecast) -> None:
    assert karabakh.verdict == "published", karabakh.verdict_reasons
    assert [outcome.id for outcome in karabakh.outcomes] == [
        outcome.id for outcome in load_study(study_path("karabakh-2021")).outcomes
    ]
    headline = next(scenario for scenario in karabakh.scenarios if scenario.id == "permanent_presence")
    assert headline.interval.low < headline.probability < headline.interval.high
    assert karabakh.age_seconds >= 0


@pytest.fixture(scope="module")
def others(stack: Stack) -> dict[str, StoredForecast]:
    return {name: submit_bundled(stack, name) for name in ("seeds", "baseball", "rat-tumors")}


def test_2_the_command_line_gives_the_same_numbers_for_the_same_seed(
    others: dict[str, StoredForecast], tmp_path: Path
) -> None:
    command = "from forecast.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "run", "seeds", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "forecast.json").read_text(encoding="utf-8"))
    over_http = others["seeds"].model_dump(mode="json")
    for part in ("study_digest", "outcomes", "scenarios", "verdict"):
        assert answer[part] == over_http[part]
    assert answer["diagnostics"]["parameters"] == over_http["diagnostics"]["parameters"]
    assert (tmp_path / "draws.nc").stat().st_size > 1_000_000


def test_3_studies_of_other_shapes_need_no_other_program(
    others: dict[str, StoredForecast], karabakh: StoredForecast
) -> None:
    assert [forecast.diagnostics.compilations for forecast in (karabakh, *others.values())] == [1, 1, 1, 1]
    assert [forecast.verdict for forecast in others.values()] == ["published"] * 3


def test_4_what_has_been_computed_stays_and_is_listed_newest_first(
    stack: Stack, others: dict[str, StoredForecast], karabakh: StoredForecast
) -> None:
    with stack.client as client:
        assert client.forecast(karabakh.forecast_id).outcomes == karabakh.outcomes
        made = [job.forecast_id for job in client.jobs(50)]
    order = [made.index(others[name].forecast_id) for name in ("rat-tumors", "baseball", "seeds")]
    assert order == sorted(order)
