"""How simulated futures unfold: which outcome comes first, which next, as one tree over all stored futures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.dims import FUTURE, FUTURES, OUTCOME
from forecast.figures.checks.material import Draw, Material
from forecast.figures.style import INK, PALETTE, Figure, table

DEPTH: Final = 3
LEAST_SHARE: Final = 0.01
"""Branches of fewer futures are put together."""
LEAST_LABELLED: Final = 0.04
"""Width from which a box shows its name; narrower ones show it on hover."""
SAME_TIME: Final = 1e-9
NEVER: Final = 1e300
LEAST_NAMED: Final = 0.08
PATTERNS: Final = ("", "/", "x", ".")
NOTHING, OTHERS = "nothing more", "other outcomes"
PATHS_LISTED: Final = 25
LEVELS: Final = ("First", "Then", "After that")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Branch:
    """Futures that began in the same way."""

    path: Path
    start: float
    """Of its box, as a share of all futures; so is `share`."""
    share: float


def unfolding_figures(material: Material) -> dict[str, Draw]:
    """The tree; nothing for a study of a single outcome, of which there is no order."""
    futures = material.group(FUTURES)
    if futures is None or "event_time" not in futures or futures.sizes[OUTCOME] < 2:
        return {}
    times = futures["event_time"].transpose(FUTURE, OUTCOME).values
    ids = [str(name) for name in futures[OUTCOME].values]
    horizon = float(futures.attrs.get("horizon_periods", np.inf))
    return {"unfolding": lambda: _figure(count_paths(times, ids, horizon), len(times), ids)}


def count_paths(times: np.ndarray, ids: list[str], horizon: float) -> Counter[Path]:
    """How many futures follow each order of events, up to `DEPTH` moments and the horizon.

    What happens at the very same time, such as outcomes that resolve on one date, is one step: it has no order.

    Parameters
    ----------
    times
        Periods until each outcome, dims (future, outcome); infinite or beyond the horizon where it does not happen.
    """
    order = np.argsort(times, axis=1, kind="stable")
    # Finite, so that two that never happen differ by nothing.
    ordered = np.minimum(np.take_along_axis(times, order, axis=1), NEVER)
    later = np.diff(ordered, axis=1, prepend=ordered[:, :1]) > SAME_TIME
    moment = np.cumsum(later, axis=1)
    counts = (ordered <= min(horizon, NEVER / 2)) & (moment < DEPTH)
    coded = np.where(counts, order * DEPTH + moment, -1)
    found, times_seen = np.unique(coded, axis=0, return_counts=True)
    paths: Counter[Path] = Counter()
    for codes, count in zip(found.tolist(), times_seen.tolist(), strict=True):
        paths[_named([code for code in codes if code >= 0], ids)] += count
    return paths


def _named(codes: list[int], ids: list[str]) -> Path:
    steps: list[list[str]] = [[] for _ in range(DEPTH)]
    for code in codes:
        steps[code % DEPTH].append(ids[code // DEPTH])
    happened = tuple(" + ".join(sorted(step, key=ids.index)) for step in steps if step)
    return happened if len(happened) == DEPTH else (*happened, NOTHING)


def branches(paths: Counter[Path], futures: int) -> list[Branch]:
    """The boxes of the tree, each level from left to right: the largest first, what is small together, nothing last."""
    found: list[Branch] = []

    def grow(begun: Path, start: float) -> None:
        level = len(begun)
        here: Counter[str] = Counter()
        for path, count in paths.items():
            if path[:level] == begun and len(path) > level:
                here[path[level]] += count
        small = [name for name, count in here.items() if count < LEAST_SHARE * futures and name != NOTHING]
        rest = sum(here.pop(name) for name in small)
        ordered = sorted((name for name in here if name != NOTHING), key=lambda name: (-here[name], name))
        if rest:
            here[OTHERS] = rest
        for name in (*ordered, *([OTHERS] if rest else []), *([NOTHING] if NOTHING in here else [])):
            share = here[name] / futures
            found.append(Branch((*begun, name), start, share))
            if name not in {NOTHING, OTHERS}:
                grow((*begun, name), start)
            start += share

    grow((), 0.0)
    return found


def _label(name: str, share: float) -> str:
    """What fits into a box of this width."""
    if share < LEAST_LABELLED:
        return ""
    percent = f"{100 * share:.0f} %"
    return f"{name}<br>{percent}" if share >= LEAST_NAMED and len(name) <= 110 * share else percent


def _figure(paths: Counter[Path], futures: int, ids: list[str]) -> Figure:
    boxes = branches(paths, futures)
    colours = {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(ids)}
    # Where colours repeat, hatches distinguish them.
    patterns = {name: PATTERNS[place // len(PALETTE) % len(PATTERNS)] for place, name in enumerate(ids)}
    colours |= {NOTHING: "rgba(127, 127, 127, 0.22)", OTHERS: INK}
    shown = dict.fromkeys(box.path[-1] for box in boxes)
    together = [name for name in shown if " + " in name]
    colours |= {name: PALETTE[ids.index(name.split(" + ")[0]) % len(PALETTE)] for name in together}
    patterns |= dict.fromkeys(together, PATTERNS[-1])
    names = [name for name in (*ids, *together, OTHERS, NOTHING) if name in shown]
    depth = max(len(box.path) for box in boxes)
    levels = LEVELS[:depth]
    data = []
    for name in names:
        own = [box for box in boxes if box.path[-1] == name]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": name,
                "y": [levels[len(box.path) - 1] for box in own],
                "x": [round(box.share, 5) for box in own],
                "base": [round(box.start, 5) for box in own],
                "marker": {
                    "color": colours[name],
                    "line": {"color": "rgba(255, 255, 255, 0.6)", "width": 1},
                    "pattern": {"shape": patterns.get(name, "")},
                },
                "text": [_label(name, box.share) for box in own],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "hovertext": [f"{' → '.join(box.path)}: {100 * box.share:.1f} %" for box in own],
                "hoverinfo": "text",
            }
        )
    whole = sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:PATHS_LISTED]
    return {
        "data": data,
        "layout": {
            "height": 150 + 90 * depth,
            "barmode": "overlay",
            "bargap": 0.08,
            "xaxis": {"title": {"text": "Share of all futures"}, "range": [0, 1], "tickformat": ".0%"},
            "yaxis": {"autorange": "reversed", "categoryorder": "array", "categoryarray": list(levels)},
            "legend": {"orientation": "h"},
            "meta": {
                "title": "How futures unfold",
                "caption": f"All {futures:,} simulated futures, sorted by which outcome comes first; below each box, what "
                "comes next in those futures. What happens on one date (+) has no order. The width is the share of futures; grey: nothing more before the horizon "
                "ends. Branches of less than 1 % are together.",
                "table": table(
                    ["Order of events", "Share of futures"],
                    [[" → ".join(path), f"{100 * count / futures:.1f} %"] for path, count in whole],
                ),
            },
        },
    }
