"""Figures of a plotting library as plain JSON in our own colours: readable on light and dark, without its template."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from forecast.figures.style import INK, PALETTE, Figure

SIGNIFICANT_DIGITS: Final = 5

COLOURS: Final = {
    **dict(zip(("#636efa", "#ef553b", "#00cc96", "#ab63fa", "#ffa15a", "#19d3f3"), PALETTE, strict=False)),
    "#000000": INK,
    "#595959": INK,
    "#949494": INK,
    "rgba(0, 0, 0, 0.100)": "rgba(127, 127, 127, 0.18)",
}
"""Plotly's first colours, and ArviZ's blacks and greys, which are invisible on a dark page."""


def plain_figure(figure: Any, *, title: str, caption: str, height: int, table: Figure) -> Figure:
    """A `plotly.graph_objects.Figure` as ours: lists for packed arrays, our colours, no template, no empty titles.

    Parameters
    ----------
    height
        In pixels; the width is the page's.
    table
        Its numbers, as `forecast.figures.style.table` gives them.
    """
    found = figure.to_plotly_json()
    layout = {key: value for key, value in found["layout"].items() if key not in {"template", "width", "height"}}
    for name, axis in layout.items():
        if name.startswith(("xaxis", "yaxis")) and isinstance(axis.get("title"), dict):
            # Its font is black.
            layout[name] = {**axis, "title": {"text": axis["title"].get("text", "")}}
    layout["annotations"] = [
        {key: value for key, value in note.items() if key != "font"}
        for note in layout.get("annotations", ())
        if str(note.get("text", "")).strip()
    ]
    layout["legend"] = {"orientation": "h"}
    layout.update(height=height, meta={"title": title, "caption": caption, "table": table})
    return {"data": [_plain(trace) for trace in found["data"]], "layout": _plain(layout)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "bdata" in value and "dtype" in value:
            return _plain(_unpacked(value))
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return COLOURS.get(value.lower(), value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
    return value


def _unpacked(packed: Mapping[str, Any]) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(packed["bdata"]), np.dtype(packed["dtype"]).newbyteorder("<"))
    if "shape" in packed:
        values = values.reshape([int(size) for size in str(packed["shape"]).split(",")])
    return values
