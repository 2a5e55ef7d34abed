"""Figures are plain JSON, say how to read them, and draw the numbers of the answer."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

from forecast.pipeline.compute import ComputedForecast, compute_forecast
from tests.documents import binary_outcome, event_outcome, make_study

pytestmark = pytest.mark.program


DRAWN_BY_PAGES = {"scatter", "bar", "pie"}
"""What the part of Plotly that pages load can draw."""


@pytest.fixture(scope="module")
def computed() -> ComputedForecast:
    study = make_study(event_outcome(), binary_outcome(), sampler={"draws": 200, "tune": 200, "chains": 2, "seed": 1})
    return compute_forecast(study)


@pytest.mark.parametrize("name", ["horizon", "trace", "rank"])
def test_a_figure_is_json_that_plotly_accepts_and_has_a_caption(computed: ComputedForecast, name: str) -> None:
    figure = json.loads(json.dumps(computed.figures[name], allow_nan=False))
    assert go.Figure(figure).data
    assert len(figure["layout"]["meta"]["caption"]) > 40
    assert {trace["type"] for trace in figure["data"]} <= DRAWN_BY_PAGES


def test_the_horizon_figure_draws_the_answer(computed: ComputedForecast) -> None:
    lines = {trace["name"]: trace for trace in computed.figures["horizon"]["data"] if "name" in trace}
    for outcome in computed.answer.outcomes:
        drawn = lines[outcome.id]["y"][1:]
        assert drawn == pytest.approx([point.probability for point in outcome.horizon], abs=5e-5)


def test_the_trace_has_a_line_per_chain_and_outcome(computed: ComputedForecast) -> None:
    assert len(computed.figures["trace"]["data"]) == 2 * 2


def test_the_ranks_of_all_chains_add_up_to_all_draws(computed: ComputedForecast) -> None:
    first_panel = [trace for trace in computed.figures["rank"]["data"] if trace["xaxis"] == "x"]
    assert sum(sum(trace["y"]) for trace in first_panel) == 400
