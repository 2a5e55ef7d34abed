"""What moves counts ahead beside factors, read from draws: seasons, drifts, breaks, spikes and idle periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from forecast.futures.counts import Courses, Mixtures
from forecast.futures.present import IntArray
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.patterns import periods_ahead
from forecast.summary.draw_reader import DrawReader


def read_courses(encoded: EncodedStudy, read: DrawReader, names: Sequence[str], days: Sequence[date]) -> Courses | None:
    """What seasons, drifts and breaks of some indicators add to their log means in the periods that begin on some days."""
    labels, of_stream, motifs = [], [], []
    wander, places = np.zeros((read.draws, len(names))), _places(encoded, days)
    for label, pattern in zip(encoded.coords["pattern"], encoded.signals.patterns, strict=True):
        name = encoded.indicators[pattern.indicator]
        if name not in names:
            continue
        labels += [f"{name}: {motif.label}" for motif in pattern.motifs]
        of_stream += [names.index(name)] * len(pattern.motifs)
        motifs += [np.concatenate([motif.past, motif.ahead])[places] for motif in pattern.motifs]
        if pattern.kind == "drift":
            wander[:, names.index(name)] = read.values("pattern_sd", "pattern", [label])[:, 0]
    if not labels:
        return None
    height = read.values("wave_height", "wave", labels)
    return Courses(height, np.array(of_stream, dtype=np.int64), np.array(motifs), wander)


def read_mixtures(encoded: EncodedStudy, read: DrawReader, names: Sequence[str]) -> Mixtures | None:
    """Spikes and idle periods of some indicators."""
    mixed = [name for name in names if name in encoded.signals.mixed]
    if not mixed:
        return None
    found = []
    for variable in ("spike_share", "spike_size", "idle_share"):
        values = np.zeros((read.draws, len(names)))
        values[:, [names.index(name) for name in mixed]] = read.values(variable, "mixture", mixed)
        found.append(values)
    return Mixtures(*found)


def _places(encoded: EncodedStudy, days: Sequence[date]) -> IntArray:
    """Of periods among the past ones and those ahead; what lies before all of them has no course that is needed."""
    calendar, past = encoded.study.calendar, encoded.past_periods
    if not past:
        return np.zeros(len(days), dtype=np.int64)
    known = [*past, *periods_ahead(calendar, encoded.study.horizon, past[-1])]
    return np.array([known.index(max(day, past[0])) for day in days], dtype=np.int64)
