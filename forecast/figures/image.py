"""A figure as a PNG, drawn by Matplotlib from the same JSON that the browser's Plotly gets.

For reports, e-mails and readers without JavaScript. It knows what our figures are made of: scatter traces (lines,
markers, text, filled areas), bars, stacked axes, reference lines and notes; anything else is an error, so that a new
kind of trace is not left out unseen.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from forecast.figures.style import PALETTE, Figure

WIDTH_PIXELS: Final = 960
DEFAULT_HEIGHT: Final = 420
DPI: Final = 100
SCALE: Final = 1.5
"""Device pixels for each pixel of the page."""
MARGIN: Final = {"left": 0.085, "right": 0.98, "bottom": 60}
"""Left and right as shares of the width, bottom in pixels."""
TOP, LEGEND_ROW, LEGEND_CHARACTERS = 34, 17, 150
"""Pixels above the panels for the first row of the legend and for each further one; letters of a row, marks included."""

DASHES: Final = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-.", "longdash": "--", "longdashdot": "-."}
MARKERS: Final = {
    "circle": "o",
    "square": "s",
    "x": "x",
    "cross": "+",
    "diamond": "D",
    "triangle-up": "^",
    "line-ns": "|",
}
_RGBA: Final = re.compile(r"rgba?\(([^)]+)\)")
_TAG: Final = re.compile(r"<[^>]*>")


def draw_png(figure: Figure) -> bytes:
    """The figure on white, 960 pixels wide (at one and a half times the resolution).

    Raises
    ------
    ValueError
        When the figure has a trace of a kind that is not drawn here.
    """
    # Matplotlib takes a second to import; the object interface keeps no global state and needs no display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    layout = figure.get("layout", {})
    height = int(layout.get("height", DEFAULT_HEIGHT))
    canvas = Canvas(figsize=(WIDTH_PIXELS / DPI, height / DPI), dpi=DPI * SCALE, facecolor="white")
    FigureCanvasAgg(canvas)
    names = [str(trace["name"]) for trace in figure["data"] if trace.get("name") and trace.get("showlegend", True)]
    panels = _Panels(canvas, layout, height, list(dict.fromkeys(names)))
    for place, trace in enumerate(figure["data"]):
        _draw_trace(panels.of(trace), trace, PALETTE[place % len(PALETTE)], panels.is_date(trace))
    panels.finish()
    image = io.BytesIO()
    canvas.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()


class _Panels:
    """Matplotlib's axes for each pair of Plotly's."""

    def __init__(self, canvas: Any, layout: Mapping[str, Any], height: int, names: Sequence[str]) -> None:
        self._canvas, self._layout, self._height = canvas, layout, height
        self._columns = max(1, int(LEGEND_CHARACTERS / (max(map(len, names), default=1) + 6)))
        self._top = TOP + LEGEND_ROW * max(0, -(-len(names) // self._columns) - 1)
        self._axes: dict[tuple[str, str], Any] = {}

    def of(self, trace: Mapping[str, Any]) -> Any:
        key = str(trace.get("xaxis", "x")), str(trace.get("yaxis", "y"))
        if key not in self._axes:
            axes = self._axes[key] = self._canvas.add_axes(self._place(key))
            if categories := self._axis("yaxis", key[1]).get("categoryarray"):
                axes.yaxis.update_units(list(categories))
        return self._axes[key]

    def is_date(self, trace: Mapping[str, Any]) -> bool:
        return bool(self._axis("xaxis", str(trace.get("xaxis", "x"))).get("type") == "date")

    def _axis(self, kind: str, name: str) -> Mapping[str, Any]:
        found = self._layout.get(kind + name[1:], {})
        return found if isinstance(found, Mapping) else {}

    def _place(self, key: tuple[str, str]) -> tuple[float, float, float, float]:
        x0, x1 = self._axis("xaxis", key[0]).get("domain", (0.0, 1.0))
        y0, y1 = self._axis("yaxis", key[1]).get("domain", (0.0, 1.0))
        left, right = MARGIN["left"], MARGIN["right"]
        low, high = MARGIN["bottom"] / self._height, 1 - self._top / self._height
        return left + x0 * (right - left), low + y0 * (high - low), (x1 - x0) * (right - left), (y1 - y0) * (high - low)

    def finish(self) -> None:
        for (x, y), axes in self._axes.items():
            self._finish_one(axes, self._axis("xaxis", x), self._axis("yaxis", y), x, y)
        for note in self._layout.get("annotations", ()):
            self._write(note)
        handles = {name: handle for axes in self._axes.values() for handle, name in _legend(axes)}
        if handles and self._layout.get("showlegend", True):
            self._canvas.legend(
                handles.values(),
                handles.keys(),
                loc="upper right",
                ncols=self._columns,
                fontsize=8,
                frameon=False,
                borderaxespad=0.1,
            )

    def _finish_one(self, axes: Any, x: Mapping[str, Any], y: Mapping[str, Any], x_name: str, y_name: str) -> None:
        axes.tick_params(labelsize=8, colors="#444444")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.grid(visible=True, color="#eeeeee", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel(_text(x.get("title")), fontsize=9)
        axes.set_ylabel(_text(y.get("title")), fontsize=9)
        if x.get("type") == "log":
            axes.set_xscale("log")
        if x.get("range") and x.get("type") not in {"date", "log"}:
            axes.set_xlim(*x["range"])
        if y.get("range"):
            axes.set_ylim(*y["range"])
        _set_scales(axes, x, y)
        for shape in self._layout.get("shapes", ()):
            if _is_on(shape, x_name, y_name):
                _draw_reference(axes, shape, is_date=x.get("type") == "date")

    def _write(self, note: Mapping[str, Any]) -> None:
        said = {"fontsize": 9, "color": "#333333", "ha": note.get("xanchor", "left"), "va": "bottom"}
        said["ha"] = said["ha"] if said["ha"] in {"left", "center", "right"} else "left"
        text = _plain_text(note.get("text", ""))
        x, y = (str(note.get(name, "paper")) for name in ("xref", "yref"))
        if x == y == "paper":
            left, right = MARGIN["left"], MARGIN["right"]
            low, high = MARGIN["bottom"] / self._height, 1 - self._top / self._height
            place = left + float(note["x"]) * (right - left), low + float(note["y"]) * (high - low)
            self._canvas.text(*place, text, **said)
        elif x.endswith(" domain") and y.endswith(" domain"):
            axes = self._axes.get((x.removesuffix(" domain"), y.removesuffix(" domain")))
            if axes is not None:
                axes.text(float(note["x"]), float(note["y"]), text, transform=axes.transAxes, **said)


def _set_scales(axes: Any, x: Mapping[str, Any], y: Mapping[str, Any]) -> None:
    if y.get("autorange") == "reversed":
        axes.invert_yaxis()
    for axis, said in ((axes.xaxis, x), (axes.yaxis, y)):
        if str(said.get("tickformat", "")).endswith("%"):
            from matplotlib.ticker import PercentFormatter

            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    for axis, said in ((axes.xaxis, x), (axes.yaxis, y)):
        if said.get("tickvals") is not None and said.get("ticktext") is not None:
            axis.set_ticks(list(said["tickvals"]), [_plain_text(text) for text in said["ticktext"]])
        if said.get("visible") is False or said.get("showticklabels") is False:
            axis.set_ticklabels([])


def _is_on(shape: Mapping[str, Any], x: str, y: str) -> bool:
    return str(shape.get("xref", "x")).split(" ")[0] in {x, "paper"} and str(shape.get("yref", "y")).split(" ")[0] in {
        y,
        "paper",
    }


def _draw_reference(axes: Any, shape: Mapping[str, Any], *, is_date: bool) -> None:
    if shape.get("type") == "rect":
        axes.axvspan(*_values([shape["x0"], shape["x1"]], is_date), linewidth=0, **_colour(shape["fillcolor"]))
        return
    line = {
        "color": "#777777",
        "linewidth": 1,
        "linestyle": DASHES.get(shape.get("line", {}).get("dash", "solid"), "-"),
    }
    if shape.get("x0") == shape.get("x1"):
        axes.axvline(_values([shape["x0"]], is_date)[0], **line)
    else:
        axes.axhline(shape["y0"], **line)


def _draw_trace(axes: Any, trace: Mapping[str, Any], default: str, is_date: bool) -> None:
    kind = trace.get("type", "scatter")
    if kind not in {"scatter", "bar"}:
        raise ValueError(f"a figure has a trace of type {kind!r}, expected scatter or bar; teach `draw_png` to draw it")
    if kind == "bar" and trace.get("orientation") == "h":
        _draw_boxes(axes, trace, default)
        return
    x, y = _values(trace.get("x"), is_date), _values(trace.get("y"), False)
    if not x and y:
        x = list(range(len(y)))
    name = trace.get("name") if trace.get("showlegend", True) and trace.get("name") else None
    if kind == "bar":
        axes.bar(x, y, label=name, **_colour((trace.get("marker") or {}).get("color") or default))
        return
    if trace.get("fill") in {"toself", "tozeroy", "tonexty"} and len(x) > 2:
        axes.fill(x, y, linewidth=0, **_colour(trace.get("fillcolor") or default))
    mode = str(trace.get("mode", "lines"))
    line, marker = trace.get("line") or {}, trace.get("marker") or {}
    if "lines" in mode and line.get("width", 2) > 0:
        style = {"hv": "steps-post", "vh": "steps-pre", "hvh": "steps-mid"}.get(line.get("shape", ""), "default")
        axes.plot(
            x, y, drawstyle=style, linewidth=0.75 * float(line.get("width", 2)),
            linestyle=DASHES.get(line.get("dash", "solid"), "-"), label=name, **_colour(line.get("color") or default),
        )  # fmt: skip
        name = None
    if "markers" in mode:
        _draw_markers(axes, x, y, marker, name, default)
    if "text" in mode:
        for left, up, text in zip(x, y, _values(trace.get("text"), False) or [""] * len(x), strict=False):
            axes.text(left, up, _plain_text(text), fontsize=8, ha="center")
    _draw_errors(axes, x, y, trace, default)


def _draw_boxes(axes: Any, trace: Mapping[str, Any], default: str) -> None:
    """Bars that lie, each from its base; the first category is on top."""
    widths, starts = _values(trace.get("x"), False), _values(trace.get("base"), False) or 0.0
    colour = _colour((trace.get("marker") or {}).get("color") or default)
    hatch = ((trace.get("marker") or {}).get("pattern") or {}).get("shape") or None
    edge = {"edgecolor": "white", "linewidth": 0.6, "hatch": hatch and 2 * hatch}
    bars = axes.barh(trace["y"], widths, left=starts, label=trace.get("name"), **edge, **colour)
    labels = [str(text).replace("<br>", "\n") for text in trace.get("text") or [""] * len(widths)]
    axes.bar_label(bars, labels=labels, label_type="center", fontsize=7.5, color="#111111")


def _draw_markers(axes: Any, x: Any, y: Any, marker: Mapping[str, Any], name: str | None, default: str) -> None:
    size = marker.get("size", 6)
    symbol = str(marker.get("symbol", "circle"))
    shape = MARKERS.get(symbol.removesuffix("-open").removesuffix("-thin"), "o")
    colour = marker.get("color") if isinstance(marker.get("color"), str) else None
    found = _colour(colour or default)
    found["alpha"] = found.get("alpha", 1.0) * float(marker.get("opacity") or 1.0)
    if symbol.endswith("-open"):
        found = {"facecolors": "none", "edgecolors": found["color"]}
    pixels = float(size) if isinstance(size, int | float) else 6.0
    axes.scatter(
        x, y, s=(0.75 * pixels) ** 2, marker=shape, label=name, linewidths=1 if shape in "x+|" else 0.6, **found
    )


def _draw_errors(axes: Any, x: Any, y: Any, trace: Mapping[str, Any], default: str) -> None:
    error = trace.get("error_y") or {}
    if not error.get("array") or not x:
        return
    low = error.get("arrayminus") or error["array"]
    colour = _colour(error.get("color") or (trace.get("marker") or {}).get("color") or default)
    axes.errorbar(x, y, yerr=[low, error["array"]], fmt="none", linewidth=1, ecolor=colour["color"])


def _values(values: Any, is_date: bool) -> list[Any]:
    if values is None:
        return []
    if isinstance(values, str):
        return [values]
    if is_date:
        return [datetime.fromisoformat(str(value)) for value in values]
    return [float("nan") if value is None else value for value in values]


def _colour(said: str) -> dict[str, Any]:
    if found := _RGBA.fullmatch(said):
        parts = [float(part) for part in found.group(1).split(",")]
        red, green, blue = (part / 255 for part in parts[:3])
        return {"color": (red, green, blue), "alpha": parts[3] if len(parts) > 3 else 1.0}
    return {"color": said}


def _legend(axes: Any) -> Sequence[tuple[Any, str]]:
    handles, names = axes.get_legend_handles_labels()
    return list(zip(handles, names, strict=True))


def _text(title: Any) -> str:
    return _plain_text(title.get("text", "") if isinstance(title, Mapping) else title or "")


def _plain_text(text: Any) -> str:
    # A dollar sign would begin a formula.
    return _TAG.sub(" ", str(text)).replace("$", r"\$")
