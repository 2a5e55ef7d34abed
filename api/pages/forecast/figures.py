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
    "trace": "Traces of the outcomes",
    "rank": "Ranks of the outcomes",
}

GROUPS: Final = (
    ("sampler", "How the sampler fared", ("trace", "rank", "ess-evolution", "autocorrelation", "pairs", "energy")),
    ("beliefs", "Before and after the evidence", ("prior",)),
    ("predictive", "Replicated data beside the real", ("survival", "predictive", "rootogram")),
    ("left-out", "Each case against a model that has not seen it", ("pareto-k", "loo-pit")),
)
"""Figures of the diagnostics page: key, heading, and how the names of its figures begin, in order."""

OF_FUTURES: Final = frozenset({"horizon", "unfolding"})
"""Figures that stand on the forecast's own page; so do these:"""

OF_SIGNALS: Final = ("indicator-", "factor-")
"""How the names of figures begin that stand beside an indicator or a factor."""

NO_CAPTION: Final = "No caption was stored with this figure."


@dataclass(frozen=True)
class FigureTable:
    """The numbers of a figure."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FigureGroup:
    """Figures under one heading."""

    key: str
    heading: str
    slots: tuple[FigureSlot, ...]


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
    image_url: str | None = None
    """Its PNG, where that is drawn."""
    table: FigureTable | None = None


def figure_slot(forecast_id: str, name: str, figure_json: bytes | str, *, has_image: bool = False) -> FigureSlot:
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
        image_url=f"/v1/forecasts/{forecast_id}/plots/{name}.png" if has_image else None,
        table=_figure_table(said.get("table")),
    )


def _figure_table(said: Any) -> FigureTable | None:
    if not isinstance(said, Mapping) or not said.get("rows"):
        return None
    return FigureTable(tuple(map(str, said["columns"])), tuple(tuple(map(str, row)) for row in said["rows"]))


def figure_named(slots: Iterable[FigureSlot], name: str) -> FigureSlot | None:
    """The figure of this name, if the forecast has it."""
    return next((slot for slot in slots if slot.name == name), None)


def diagnostic_groups(slots: Iterable[FigureSlot]) -> tuple[FigureGroup, ...]:
    """All figures that have no place of their own, under their headings; empty groups are left out."""
    rest = [slot for slot in slots if slot.name not in OF_FUTURES and not slot.name.startswith(OF_SIGNALS)]
    found = []
    for key, heading, begin in GROUPS:
        own = [slot for start in begin for slot in rest if slot.name.startswith(start)]
        rest = [slot for slot in rest if slot not in own]
        found.append(FigureGroup(key, heading, tuple(own)))
    return tuple(group for group in (*found, FigureGroup("others", "Others", tuple(rest))) if group.slots)
