"""A study with nothing but a number at a date: every way from a document to a page."""

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
from forecast.futures.stored import open_futures
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.pipeline.explain import explainer_of
from forecast.pipeline.preview import preview_priors
from forecast.pipeline.update import LastForecast, compute_update
from forecast.study import Study, study_from_document, with_as_of
from tests.documents import event_outcome
from tests.quantities import quantiles, quantity, quantity_document, values

pytestmark = pytest.mark.program

MANY = {"id": "many", "title": "Many", "when": "value(refugees) > 100000"}
FEW = {"id": "few", "title": "Few", "when": "not value(refugees) > 100000", "stands_alone": True}


def study(*outcomes: dict[str, Any], **changes: Any) -> Study:
    evidence = {
        "values": values(30_000.0, 90_000.0, 12_000.0, 50_000.0),
        "quantiles": quantiles(("ann", 0.5, 40_000.0), ("ann", 0.9, 150_000.0)),
        "scenarios": [MANY, FEW],
    }
    return study_from_document(
        quantity_document(*(outcomes or (quantity(reference={"wars": 0.7}),)), **{**evidence, **changes})
    )


@pytest.fixture(scope="module")
def computed() -> ComputedForecast:
    return compute_forecast(study())


def test_the_answer_has_its_law_and_scenarios_count_it(computed: ComputedForecast) -> None:
    (found,) = computed.answer.quantities
    assert computed.answer.verdict == "published", computed.answer.verdict_reasons
    quantiles_found = [each.value for each in found.quantiles]
    assert quantiles_found == sorted(quantiles_found)
    assert found.interval.low < found.median < found.interval.high
    # Cases and the expert lie above the stated median.
    assert 20_000.0 < found.median < 60_000.0
    assert [each.value for each in found.exceedance] == [10_000.0, 100_000.0]
    many = next(scenario for scenario in computed.answer.scenarios if scenario.id == "many")
    exact = found.exceedance[1]
    assert abs(many.probability - exact.probability) < 4 * np.hypot(many.mcse, exact.mcse)
    drawn = computed.draws["futures"]["quantity_value"].sel(quantity="refugees").values
    at_half = next(each for each in found.quantiles if each.quantile == 0.5)
    assert abs((drawn <= found.median).mean() - 0.5) < 0.02
    assert at_half.mcse > 0.0


def test_without_evidence_it_is_what_was_stated() -> None:
    answer = compute_forecast(study(quantity(), values=None, quantiles=None)).answer
    (found,) = answer.quantities
    for each in found.quantiles:
        stated = {0.05: 1000.0, 0.5: 20_000.0, 0.95: 150_000.0}.get(each.quantile)
        assert stated is None or abs(each.value - stated) < 3.5 * each.mcse
    assert (found.cases, found.experts) == (0, ())


def test_pages_the_report_and_the_terminal_show_it(computed: ComputedForecast) -> None:
    now = datetime(2024, 1, 22, tzinfo=UTC)
    stored = StoredForecast(**computed.answer.model_dump(), forecast_id="f", made_at=now, age_seconds=0.0)
    page = build_forecast(stored, document=study().document)
    (view,), (question,) = page.quantities, page.questions
    assert question.kind == "a number at a date"
    assert question.prior == "20,000 people, 1,000\u2013150,000"
    assert view.said.startswith(
        "Stated: median 20,000, 1,000\u2013150,000 (90\u00a0%). With 4 historical cases and 1 expert"
    )
    console = Console(file=io.StringIO(), width=160)
    print_answer(console, computed.answer)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "Refugees at the end of the year" in shown
    assert "refugees > 100,000:" in shown


def test_queries_compare_it_observe_it_and_leave_it_where_it_is(computed: ComputedForecast, tmp_path: Path) -> None:
    computed.write_draws(tmp_path / "draws.nc")
    found = open_futures(tmp_path / "draws.nc")
    plain = answer_query(found, QueryRequest(expression="value(refugees) > 100000", all=True))
    assert plain.probability == computed.answer.scenarios[0].probability
    given = answer_query(
        found, QueryRequest(expression="value(refugees) > 100000", observe=("value(refugees) > 50000",))
    )
    assert given.probability > plain.probability
    assert answer_query(found, QueryRequest(expression="value(refugees) > 1", observe=())).probability == 1.0


def test_a_scenario_joins_it_to_outcomes_and_nothing_that_is_made_to_occur_moves_it(tmp_path: Path) -> None:
    both = {"id": "both", "title": "Both", "when": "exit and value(refugees) > 30000"}
    made = compute_forecast(study(event_outcome(), quantity(), scenarios=[both]))
    assert 0.0 < made.answer.scenarios[0].probability < 1.0
    made.write_draws(tmp_path / "draws.nc")
    found = open_futures(tmp_path / "draws.nc")
    asked: Any = {"expression": "value(refugees) > 30000", "do": [{"outcome": "exit", "at": 1}]}
    forced = answer_query(found, QueryRequest(**asked))
    assert forced.probability == forced.unconditional.probability


def test_it_is_updated_by_the_next_statement(computed: ComputedForecast, tmp_path: Path) -> None:
    computed.write_draws(tmp_path / "draws.nc")
    before = study()
    last = LastForecast("before", before, computed.answer, tmp_path / "draws.nc")
    said = quantiles(("ann", 0.5, 40_000.0), ("ann", 0.9, 150_000.0), ("bob", 0.5, 60_000.0))
    later = with_as_of(study(quantiles=said), date(2020, 1, 20))
    (moved,) = compute_update(later, last=last, seed=2).answer.quantities
    assert moved.experts == ("ann", "bob")
    assert moved.median > computed.answer.quantities[0].median


@pytest.mark.parametrize("kind", ["attribution", "influence", "sensitivity"])
def test_it_is_explained(kind: str) -> None:
    assert explainer_of(kind, {})(study(), seed=1) is not None


def test_priors_are_previewed() -> None:
    assert len(preview_priors(study(event_outcome(), quantity())).outcomes) == 1
    assert preview_priors(study()).outcomes == ()
