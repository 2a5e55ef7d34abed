"""Images of figures: each kind of mark leaves its colour where it belongs."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from forecast.figures.image import DPI, SCALE, WIDTH_PIXELS, draw_png

RED, BLUE = (255, 0, 0), (0, 0, 255)


def pixels(*traces: dict[str, Any], **layout: Any) -> np.ndarray:
    image = Image.open(io.BytesIO(draw_png({"data": list(traces), "layout": {"height": 300, **layout}})))
    return np.asarray(image.convert("RGB"))


def share(found: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(found.astype(int) - colour).max(axis=2) < 40).mean())


def test_it_has_the_size_of_its_place_on_the_page() -> None:
    assert pixels().shape == (int(300 * SCALE), int(WIDTH_PIXELS * SCALE), 3)
    assert DPI == 100


@pytest.mark.parametrize(
    ("trace", "least"),
    [
        ({"x": [0, 1, 2], "y": [0, 2, 1], "mode": "lines", "line": {"color": "#ff0000", "width": 4}}, 0.004),
        ({"x": [0, 1, 2], "y": [0, 2, 1], "mode": "markers", "marker": {"color": "#ff0000", "size": 20}}, 0.001),
        ({"x": [0, 1, 1, 0], "y": [0, 0, 1, 1], "fill": "toself", "fillcolor": "#ff0000", "line": {"width": 0}}, 0.4),
        ({"type": "bar", "x": [0, 1], "y": [1, 2], "marker": {"color": "#ff0000"}}, 0.2),
        (
            {
                "x": [0, 1],
                "y": [1, 1],
                "mode": "markers",
                "marker": {"color": "#0000ff", "size": 1},
                "error_y": {"array": [1, 1], "arrayminus": [1, 1], "color": "#ff0000"},
            },
            0.0005,
        ),
    ],
)
def test_each_kind_of_mark_is_drawn(trace: dict[str, Any], least: float) -> None:
    assert share(pixels({"type": "scatter", **trace}), RED) > least
    assert share(pixels({"type": "scatter", "x": [0], "y": [0], "mode": "none"}), RED) == 0


def test_panels_stand_where_their_domains_are() -> None:
    low = {"x": [0, 1], "y": [0, 1], "mode": "lines", "line": {"color": "#ff0000", "width": 4}}
    high = {**low, "line": {"color": "#0000ff", "width": 4}, "xaxis": "x2", "yaxis": "y2"}
    found = pixels(low, high, yaxis={"domain": [0, 0.4]}, yaxis2={"domain": [0.6, 1]})
    middle = found.shape[0] // 2
    assert share(found[:middle], RED) == 0 < share(found[middle:], RED)
    assert share(found[middle:], BLUE) == 0 < share(found[:middle], BLUE)


def test_boxes_lie_in_the_order_of_their_categories_from_their_bases() -> None:
    low = {"type": "bar", "orientation": "h", "y": ["Then"], "x": [0.5], "base": [0.5], "marker": {"color": "#ff0000"}}
    high = {**low, "y": ["First"], "base": [0.0], "marker": {"color": "#0000ff"}, "text": ["a<br>b"], "name": "a"}
    found = pixels(
        low, high, yaxis={"autorange": "reversed", "categoryarray": ["First", "Then"]}, xaxis={"range": [0, 1]}
    )
    rows, columns = found.shape[0] // 2, found.shape[1] // 2
    assert share(found[:rows, :columns], BLUE) > 0.3 > share(found[:rows, columns:], BLUE)
    assert share(found[rows:, columns:], RED) > 0.3 > share(found[rows:, :columns], RED)


def test_gaps_and_reference_lines_and_odd_texts_do_no_harm() -> None:
    trace = {
        "x": ["2021-01-01", "2021-02-01", "2021-03-01"],
        "y": [1, None, 2],
        "mode": "lines+markers",
        "name": "$x_1$",
    }
    shapes = [{"type": "line", "x0": "2021-01-15", "x1": "2021-01-15", "y0": 0, "y1": 1, "yref": "y domain"}]
    notes = [{"text": "<b>a</b> $\\frac$", "x": 0, "y": 1, "xref": "x domain", "yref": "y domain"}]
    dates = {"type": "date", "title": {"text": "<i>when</i> $"}}
    assert pixels(trace, xaxis=dates, shapes=shapes, annotations=notes).std() > 0
