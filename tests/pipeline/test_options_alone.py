"""A study with nothing but a categorical outcome, open or resolved: every way from a document to a page."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from api.pages.forecast.view import build_forecast
from forecast.answer import StoredForecast
from forecast.cli.tables import print_answer
from forecast.futures.query import QueryRequest, answer_query
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import open_futures
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.pipeline.explain import explainer_of
from forecast.pipeline.preview import preview_priors
from forecast.pipeline.update import LastForecast, compute_update
from forecast.study import EvidenceKind, Study, accept_arrivals, with_arrivals, with_as_of
from tests.categories import SAID, election, spoken

pytestmark = pytest.mark.program

QUICK = {"draws": 400, "tune": 400, "chains": 2, "seed": 1}
SCENARIO = {"id": "change", "title": "A change", "when": "not option(winner, centre)"}


def study(*options: str, **changes: Any) -> Study:
    return election(*options, sampler=QUICK, scenarios=[SCENARIO], **changes)


@pytest.fixture(scope="module")
def computed() -> ComputedForecast:
    return compute_forecast(study())


def stored(found: ComputedForecast) -> StoredForecast:
    now = datetime(2020, 1, 2, tzinfo=UTC)
    return StoredForecast(**found.answer.model_dump(), forecast_id="f", made_at=now, age_seconds=0.0)


def test_probabilities_add_up_and_a_scenario_is_the_rest(computed: ComputedForecast) -> None:
    found = {outcome.id: outcome for outcome in computed.answer.outcomes}
    assert sum(outcome.probability for outcome in found.values()) == pytest.approx(1.0, abs=1e-12)
    assert {(o.part_of, o.kind, o.timing) for o in found.values()} == {("winner", "categorical", None)}
    (scenario,) = computed.answer.scenarios
    assert scenario.probability == pytest.approx(1.0 - found["winner.centre"].probability, abs=1e-12)
    reference = found["winner.left"].reference
    assert reference is not None
    assert [(c.id, c.events, c.trials) for c in reference.classes] == [("polls", 4.0, 11.0)]
    assert [question.outcome for question in computed.answer.questions] == list(found)
    assert {expert.judgments for expert in computed.answer.experts} == {1}


def test_the_order_of_options_changes_no_answer(computed: ComputedForecast) -> None:
    other = {outcome.id: outcome for outcome in compute_forecast(study("right", "left", "centre")).answer.outcomes}
    for outcome in computed.answer.outcomes:
        error = np.hypot(outcome.mcse, other[outcome.id].mcse)
        assert abs(outcome.probability - other[outcome.id].probability) < 4.0 * error


def test_pages_and_the_terminal_show_it(computed: ComputedForecast) -> None:
    page = build_forecast(stored(computed), document=study().document)
    (group,) = page.outcome_groups
    assert group.shares is not None
    assert len(group.rows) == 3
    console = Console(file=io.StringIO(), width=160)
    print_answer(console, computed.answer)
    assert isinstance(console.file, io.StringIO)
    assert "Who wins?" in console.file.getvalue()


def test_queries_roll_the_same_futures_forward(computed: ComputedForecast, tmp_path: Path) -> None:
    computed.write_draws(tmp_path / "draws.nc")
    found = open_futures(tmp_path / "draws.nc")
    again = simulate_futures(
        found.present, replicates=found.futures.times.shape[1], seed=found.seed, draws=found.futures.draws
    )
    assert np.array_equal(again.times, found.futures.times)
    left = "option(winner, left)"
    plain = answer_query(found, QueryRequest(expression=left, all=True))
    assert plain.probability == computed.answer.outcomes[0].probability
    asked: Any = {"expression": left, "do": [{"outcome": "winner.right", "at": None}]}
    assert answer_query(found, QueryRequest(**asked)).probability > plain.probability
    assert answer_query(found, QueryRequest(expression=left, observe=("option(winner, right)",))).probability == 0.0


def test_another_statement_updates_it_and_a_resolution_decides(computed: ComputedForecast, tmp_path: Path) -> None:
    computed.write_draws(tmp_path / "draws.nc")
    last = LastForecast("before", study(), computed.answer, tmp_path / "draws.nc")
    later = with_as_of(study(), date(2020, 2, 1))

    def arrived(kind: EvidenceKind, rows: list[dict[str, Any]]) -> dict[str, float]:
        changed = with_arrivals(later, accept_arrivals(later, kind, rows, date(2020, 2, 1)))
        return {o.id: o.probability for o in compute_update(changed, last=last, seed=2).answer.outcomes}

    said = arrived(EvidenceKind.JUDGMENTS, spoken("cid", {**SAID, "left": 0.9, "centre": 0.05, "right": 0.05}))
    assert said["winner.left"] > computed.answer.outcomes[0].probability
    row = {"outcome": "winner", "resolution": "right", "on": "2020-01-20"}
    assert list(arrived(EvidenceKind.RESOLUTIONS, [row]).values()) == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("kind", ["attribution", "influence", "sensitivity"])
def test_it_is_explained(kind: str) -> None:
    assert explainer_of(kind, {})(study(), seed=1) is not None


def test_stated_probabilities_are_the_means_of_the_prior() -> None:
    stated = [
        {"id": "left", "probability": 0.7},
        {"id": "centre", "probability": 0.2},
        {"id": "right", "probability": 0.1},
    ]
    (outcome,) = study().document["outcomes"]
    found = preview_priors(election(outcomes=[{**outcome, "options": stated}]))
    assert [o.probability for o in found.outcomes] == pytest.approx([0.7, 0.2, 0.1], abs=0.04)
