"""A study with nothing but threshold outcomes, open or decided: every way from a document to a page."""

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
from forecast.study import EvidenceKind, Study, accept_arrivals, study_from_document, with_arrivals, with_as_of
from tests.documents import document

pytestmark = pytest.mark.program

QUICK = {"draws": 300, "tune": 300, "chains": 2, "seed": 1}
COUNTS = {"2023-08": 4, "2023-09": 3, "2023-10": 2, "2023-11": 3, "2023-12": 15}


def threshold(id: str, **changes: Any) -> dict[str, Any]:
    resolution = {"criteria": "As counted.", "by": "2024-08-31"}
    return {"id": id, "title": id, "kind": "threshold", "indicator": "cases", "resolution": resolution, **changes}


OPEN = [
    threshold("reached", at_least=20),
    threshold("calm", at_most=2),
    threshold("april", at_least=9, window={"period": "2024-04"}, resolution={"criteria": "As counted."}),
    threshold("total", at_least=60, window={"total": True, "since": "2023-11-01"}),
    threshold("little", at_most=60, window={"total": True, "since": "2023-11-01"}),
    threshold("row", at_least=5, window={"run": 3}),
    threshold("both", at_least=25, indicator=["cases", "deaths"]),
]
LAST = {"partial": {"period": "2024-01", "value": 14, "exposure": 0.65},
        "bound": {"period": "2024-01", "value": 14, "known_at": "2024-01-20"}}  # fmt: skip


def study(*outcomes: dict[str, Any], last: str | None = "partial", **changes: Any) -> Study:
    blank = {"exposure": None, "known_at": None}
    rows = [{"period": month, "value": value, **blank} for month, value in COUNTS.items()]
    rows += [{**blank, **LAST[last]}] if last else []
    return study_from_document(
        document(
            *outcomes,
            as_of="2024-01-21",
            horizon=8,
            indicators=[
                {"id": "cases", "factor": "unrest", "rows": rows},
                {"id": "deaths", "rows": [{"period": "2023-12", "value": 2}]},
            ],
            factors=[{"id": "unrest"}],
            scenarios=[{"id": "loud", "title": "Loud", "when": "reached and not calm"}] if len(outcomes) > 1 else [],
            sampler=QUICK,
            **changes,
        )
    )


@pytest.fixture(scope="module", params=["partial", "bound", None])
def computed(request: pytest.FixtureRequest) -> ComputedForecast:
    return compute_forecast(study(*OPEN, last=request.param))


def stored(found: ComputedForecast) -> StoredForecast:
    now = datetime(2024, 1, 22, tzinfo=UTC)
    return StoredForecast(**found.answer.model_dump(), forecast_id="f", made_at=now, age_seconds=0.0)


def test_probabilities_are_ordered_as_their_questions_are(computed: ComputedForecast) -> None:
    found = {outcome.id: outcome for outcome in computed.answer.outcomes}
    assert 0.0 < found["april"].probability < found["row"].probability < 1.0
    assert found["reached"].probability > 0.0
    assert all(np.diff([point.probability for point in outcome.horizon]).min() >= 0.0 for outcome in found.values())
    # One total is reached where the other is exceeded; 60 itself is both.
    assert found["total"].probability + found["little"].probability == pytest.approx(1.0, abs=0.06)
    assert {name for name in computed.figures if name.startswith("indicator")} == {
        "indicator-cases",
        "indicator-deaths",
    }


def test_pages_and_the_terminal_show_it(computed: ComputedForecast) -> None:
    page = build_forecast(stored(computed), document=study(*OPEN).document)
    assert [question.id for question in page.questions] == [outcome["id"] for outcome in OPEN]
    console = Console(file=io.StringIO(), width=160)
    print_answer(console, computed.answer)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "reached" in shown
    bounds = [check.message for check in computed.answer.checks if check.name == "lower_bound"]
    assert all(f"Note: {message}" in shown for message in bounds)


def test_queries_roll_the_same_futures_forward(computed: ComputedForecast, tmp_path: Path) -> None:
    computed.write_draws(tmp_path / "draws.nc")
    found = open_futures(tmp_path / "draws.nc")
    again = simulate_futures(
        found.present, replicates=found.futures.times.shape[1], seed=found.seed, draws=found.futures.draws
    )
    assert np.array_equal(again.times, found.futures.times)
    plain = answer_query(found, QueryRequest(expression="reached", all=True))
    assert plain.probability == computed.answer.outcomes[0].probability
    given = answer_query(found, QueryRequest(expression="reached", observe=("row",)))
    assert given.probability > plain.probability
    asked: Any = {"expression": "reached", "do": [{"outcome": "reached", "at": None}]}
    assert answer_query(found, QueryRequest(**asked)).probability == 0.0


def test_another_count_updates_it_and_one_that_passes_decides(computed: ComputedForecast, tmp_path: Path) -> None:
    computed.write_draws(tmp_path / "draws.nc")
    before = study(*OPEN)
    last = LastForecast("before", before, compute_forecast(before).answer, tmp_path / "draws.nc")

    def counted(value: int) -> Study:
        later = with_as_of(before, date(2024, 2, 5))
        row = {"indicator": "cases", "period": "2024-01", "value": value}
        return with_arrivals(later, accept_arrivals(later, EvidenceKind.OBSERVATIONS, [row], date(2024, 2, 5)))

    quiet, loud = (compute_update(counted(value), last=last, seed=2).answer for value in (16, 31))
    assert 0.0 < quiet.outcomes[0].probability < 1.0
    assert loud.outcomes[0].probability == 1.0
    assert quiet.outcomes[0].by == date(2024, 8, 31)


@pytest.mark.parametrize("kind", ["attribution", "influence", "sensitivity"])
def test_it_is_explained(kind: str) -> None:
    assert explainer_of(kind, {})(study(*OPEN[:2]), seed=1) is not None


def test_a_study_in_which_everything_is_decided() -> None:
    decided = threshold("passed", at_least=10, window={"since": "2023-11-01"})
    found = compute_forecast(study(decided))
    (outcome,) = found.answer.outcomes
    assert (outcome.probability, outcome.interval.high, found.answer.verdict.value != "refused") == (1.0, 1.0, True)
    assert build_forecast(stored(found)).questions == ()
    assert preview_priors(study(*OPEN)).outcomes[0].probability > 0.0
