"""Figures of Plotly's own classes as plain JSON."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from forecast.figures.plain import plain_figure
from forecast.figures.style import INK, PALETTE, table


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "u1"])
def test_packed_arrays_become_lists(dtype: str) -> None:
    figure = go.Figure(go.Scatter(x=np.arange(3, dtype=dtype), y=np.arange(6, dtype=dtype).reshape(2, 3)[1]))
    found = plain_figure(figure, title="T", caption="C", height=300, table=table(["a"], [[1.23456]]))
    (trace,) = found["data"]
    assert trace["x"] == [0, 1, 2]
    assert trace["y"] == [3, 4, 5]
    assert found["layout"]["meta"] == {"title": "T", "caption": "C", "table": {"columns": ["a"], "rows": [["1.23"]]}}


def test_two_dimensions_and_missing_numbers_survive() -> None:
    figure = go.Figure(go.Heatmap(z=np.array([[1.0, np.nan], [np.inf, 2.123456789]])))
    (trace,) = plain_figure(figure, title="T", caption="C", height=300, table=table([], []))["data"]
    assert trace["z"] == [[1.0, None], [None, 2.1235]]


def test_colours_are_ours_and_empty_titles_are_dropped() -> None:
    figure = go.Figure(go.Scatter(y=[1], line={"color": "#636EFA"}, marker={"color": "#000000"}))
    figure.update_layout(width=100, template="plotly_dark", xaxis_title={"text": "x", "font": {"color": "#000000"}})
    figure.add_annotation(text=" ", x=0, y=0)
    found = plain_figure(figure, title="T", caption="C", height=300, table=table([], []))
    assert found["data"][0]["line"]["color"] == PALETTE[0]
    assert found["data"][0]["marker"]["color"] == INK
    assert found["layout"]["xaxis"]["title"] == {"text": "x"}
    assert found["layout"]["annotations"] == []
    assert not {"width", "template"} & set(found["layout"])
    json.dumps(found, allow_nan=False)
