"""What all figures share: colours, rounding and bands.

Colours and fonts of the paper are left to the page (light and dark); these distinguish data on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Figure = dict[str, Any]

PALETTE = ("#3b6fb6", "#c8553d", "#4f9d69", "#8a5fa8", "#b8862b", "#3a9ca6", "#a34a72", "#6b7280")
ABSENT = "rgba(127, 127, 127, 0.16)"
INK = "#7c8288"
"""For what would be black: seen on light and on dark."""


def rounded(values: Iterable[float], digits: int = 4) -> list[float]:
    """Numbers with so many decimals, so that a figure stays small."""
    return [round(float(value), digits) for value in values]


def translucent(colour: str, opacity: float = 0.18) -> str:
    """A colour of the palette for a band below its line."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def band(x: Sequence[Any], low: Sequence[float], high: Sequence[float], colour: str, group: str) -> Figure:
    """The area between two curves; it goes with the line of its legend group."""
    return {
        "type": "scatter",
        "x": [*x, *reversed(x)],
        "y": rounded([*high, *reversed(low)]),
        "fill": "toself",
        "fillcolor": translucent(colour),
        "line": {"width": 0, "shape": "linear"},
        "hoverinfo": "skip",
        "legendgroup": group,
        "showlegend": False,
    }


def table(columns: Sequence[str], rows: Iterable[Sequence[str | float]]) -> Figure:
    """The numbers of a figure for readers who do not see it: texts as they are, numbers with three digits."""
    return {
        "columns": list(columns),
        "rows": [[cell if isinstance(cell, str) else f"{float(cell):.3g}" for cell in row] for row in rows],
    }
