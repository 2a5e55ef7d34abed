"""Figures of indicators and factors: an absent month is a gap, a quiet one a point at zero."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import plotly.graph_objects as go
import pytest

from forecast.figures.signals import absent_runs, signal_figures
from tests.api.sample_answer import sample_forecast
from tests.api.sample_evidence import COUNTS, HALF_OBSERVED


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, Any]]:
    return {
        name: json.loads(json.dumps(figure, allow_nan=False))
        for name, figure in signal_figures(sample_forecast()).items()
    }


def trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (item for item in figure["data"] if item.get("name") == name)
    return dict(found)


def test_each_indicator_and_factor_with_a_past_has_a_figure(figures: dict[str, dict[str, Any]]) -> None:
    assert sorted(figures) == ["factor-tension", "indicator-incidents"]


@pytest.mark.parametrize("name", ["indicator-incidents", "factor-tension"])
def test_a_figure_is_json_that_plotly_accepts_and_has_title_and_caption(
    figures: dict[str, dict[str, Any]], name: str
) -> None:
    figure = figures[name]
    assert go.Figure(figure).data
    assert figure["layout"]["height"] > 0
    assert len(figure["layout"]["meta"]["title"]) > 5
    assert len(figure["layout"]["meta"]["caption"]) > 40


def test_what_will_be_counted_is_a_line_with_two_bands(figures: dict[str, dict[str, Any]]) -> None:
    figure = figures["indicator-incidents"]
    line = trace(figure, "predicted")
    assert line["x"] == ["2021-09-01", "2021-10-01", "2021-11-01"]
    assert line["y"] == [4.0, 5.0, 6.0]
    outer, inner = (item["y"] for item in figure["data"] if item.get("fill") and item["legendgroup"] == "ahead")
    assert outer == [14.0, 16.0, 18.0, 0.0, 0.0, 0.0]
    assert inner == [7.0, 8.0, 9.0, 2.0, 2.0, 2.0]


def test_an_absent_month_is_a_gap_and_zero_is_a_point(figures: dict[str, dict[str, Any]]) -> None:
    counted = trace(figures["indicator-incidents"], "counted")
    # The month that was observed by half is scaled up to the whole.
    expected = [
        None if count is None else count * (2 if place == HALF_OBSERVED else 1) for place, count in enumerate(COUNTS)
    ]
    assert counted["y"] == expected
    assert counted["connectgaps"] is False
    assert counted["marker"]["symbol"][HALF_OBSERVED] == "circle-open"
    assert counted["marker"]["symbol"].count("circle-open") == 1
    assert counted["text"][HALF_OBSERVED] == "2 counted in 50% of it"


def test_each_run_of_absent_months_is_shaded_over_its_points(figures: dict[str, dict[str, Any]]) -> None:
    shapes = figures["indicator-incidents"]["layout"]["shapes"]
    points = sample_forecast().indicators[0].periods
    days = [point.period for point in points]
    spans = [(date.fromisoformat(shape["x0"]), date.fromisoformat(shape["x1"])) for shape in shapes]
    covered = [any(start < day < end for start, end in spans) for day in days]
    assert covered == [point.value is None for point in points]
    assert len(shapes) == 2


def test_runs_at_both_ends_are_found() -> None:
    point = sample_forecast().indicators[0].periods[1]
    absent = point.model_copy(update={"value": None, "exposure": None})
    assert list(absent_runs((absent, absent, point, absent))) == [(0, 1), (3, 3)]
    assert list(absent_runs((point,))) == []
    assert list(absent_runs(())) == []


def test_the_expected_count_and_the_prediction_are_those_of_the_answer(figures: dict[str, dict[str, Any]]) -> None:
    indicator = sample_forecast().indicators[0]
    figure = figures["indicator-incidents"]
    assert trace(figure, "expected")["y"] == pytest.approx([point.mean for point in indicator.periods], abs=5e-5)
    ahead = trace(figure, "next, predicted")
    assert (ahead["x"], ahead["y"]) == (["2021-09-01"], [4.0])
    assert (ahead["error_y"]["array"], ahead["error_y"]["arrayminus"]) == ([10.0], [4.0])


def test_the_state_of_a_factor_is_that_of_the_answer(figures: dict[str, dict[str, Any]]) -> None:
    states = sample_forecast().factors[0].states
    line = trace(figures["factor-tension"], "state")
    assert line["y"] == pytest.approx([state.mean for state in states], abs=5e-5)
    assert line["x"] == [state.period.isoformat() for state in states]
