"""Figures on a page: the browser draws them, the page keeps their room and says how to read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

DEFAULT_HEIGHT: Final = 420
MAX_HEIGHT: Final = 4000

TITLES: Final = {
    "horizon": "Probability over time",
    "trace": "Traces",
    "rank": "Ranks",
}

OF_SIGNALS: Final = ("indicator-", "factor-")
"""How the names of figures begin that stand beside an indicator or a factor."""

NO_CAPTION: Final = "No caption was stored with this figure."


@dataclass(frozen=True)
class FigureSlot:
    """The place of one figure."""

    name: str
    title: str
    caption: str
    url: str
    """Where its JSON is."""
    height: int
    """In pixels, kept free so that nothing moves when it is drawn."""


def figure_slot(forecast_id: str, name: str, figure_json: bytes | str) -> FigureSlot:
    """The place of a stored figure; what is missing or odd in its layout is replaced by a default."""
    layout: Mapping[str, Any] = json.loads(figure_json).get("layout", {})
    height = layout.get("height")
    meta = layout.get("meta")
    said = meta if isinstance(meta, Mapping) else {}
    title, caption = said.get("title"), said.get("caption")
    return FigureSlot(
        name=name,
        title=title if isinstance(title, str) and title else TITLES.get(name, name.replace("_", " ").capitalize()),
        caption=caption if isinstance(caption, str) and caption else NO_CAPTION,
        url=f"/v1/forecasts/{forecast_id}/plots/{name}.json",
        height=min(int(height), MAX_HEIGHT) if isinstance(height, int | float) and height > 0 else DEFAULT_HEIGHT,
    )


def figure_named(slots: Iterable[FigureSlot], name: str) -> FigureSlot | None:
    """The figure of this name, if the forecast has it."""
    return next((slot for slot in slots if slot.name == name), None)


def diagnostic_figures(slots: Iterable[FigureSlot]) -> tuple[FigureSlot, ...]:
    """All figures that have no place of their own: the known ones in our order, then the rest by name."""
    order = list(TITLES)
    rest = [slot for slot in slots if slot.name != "horizon" and not slot.name.startswith(OF_SIGNALS)]
    return tuple(
        sorted(rest, key=lambda slot: (order.index(slot.name) if slot.name in order else len(order), slot.name))
    )
