"""Experts, judged questions and track records as arrays.

A question about an event is the way to its date, cut into segments in which every hazard of its competing group is
constant: at the edges of age bands, where a stated change begins or ends, and at the edges of periods while a factor
moves the group. The length of a part is a time multiplied by what stated changes multiply the hazard with.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.chains import made_chain
from forecast.model.encoding.conditionals import Reading, condition_arrays, find_readings
from forecast.model.encoding.expert_shares import share_arrays
from forecast.model.encoding.present import Present
from forecast.model.encoding.said import Opinions
from forecast.study import Judgment, Outcome, OutcomeKind, log_odds

LONG_PAST: Final = 1e6
"""Steps of a factor's path for time before the as-of date: its mean, zero, whatever it was."""

PATH_EDGES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 60, 120, 240, 480)
"""Periods between which a factor's mean path, which falls geometrically, is taken at its middle. With persistence 0.85,
effect 0.5 and a state two standard deviations up, the hazard over 60 periods is right to 0.1 %."""


def opinion_arrays(opinions: Opinions, present: Present) -> dict[str, npt.ArrayLike]:
    """Arrays of all judgments and track records."""
    experts, kinds, topics = list(opinions.experts), opinions.kinds, opinions.topics
    questions, exercises, answers = opinions.questions, opinions.exercises, opinions.answers
    places = {outcome.id: place for place, outcome in enumerate(present.outcomes)}
    labels, asked = list(questions), list(exercises)
    about = [present.outcomes[places[judgment.outcome]] for judgment in questions.values()]
    readings = find_readings(list(questions.values()), present)
    count, assumed = len(kinds), opinions.assumed
    has_exam = bool(exercises)
    return {
        "shared_bias_scale": np.full(count, assumed.shared_bias_sd),
        "bias_scale": np.full(count, assumed.bias_sd),
        "slope_mean_scale": np.full(count, assumed.slope_mean_sd),
        "slope_scale": np.full(count, assumed.slope_sd),
        "noise_scale": np.full(count, assumed.error_sd),
        "noise_spread_scale": np.full(count, assumed.error_spread),
        "expert_kind": _indices(kinds.index(kind) for kind in opinions.experts.values()),
        **share_arrays(opinions, present),
        "common_scale": np.full(int(bool(experts)), assumed.common_error_sd),
        "topic_panel": np.zeros(len(topics), dtype=int),
        "question_topic": _indices(topics.index((q.outcome, q.condition)) for q in questions.values()),
        "question_outcome": _indices(places[outcome.id] for outcome in about),
        "question_link": _indices(present.link_supposed(q, q.outcome) for q in questions.values()),
        "question_is_binary": np.array([o.kind is OutcomeKind.BINARY for o in about], dtype=float),
        "question_is_sure": np.array([float(o.id in present.sure_within) for o in about]),
        "question_steps": np.array([np.ceil(max(q.by_periods, 1.0)) for q in questions.values()], dtype=float),
        **_reading_arrays(readings, present),
        **_way_arrays(list(questions.values()), about, readings, present),
        **condition_arrays(readings, present),
        "judgment_question": _indices(labels.index(judgment.way) for judgment in opinions.judgments),
        "judgment_expert": _indices(experts.index(judgment.expert) for judgment in opinions.judgments),
        "judgment_log_odds": np.array([log_odds(j.probability) for j in opinions.judgments], dtype=float),
        "exam_panel": np.zeros(int(has_exam), dtype=int),
        "exam_base_scale": np.full(int(has_exam), assumed.track_record_base_sd),
        "exam_spread_scale": np.full(int(has_exam), assumed.track_record_spread),
        "exercise_exam": np.zeros(len(exercises), dtype=int),
        "answer_exercise": _indices(asked.index(question) for question in answers),
        "answer_yes": np.array(list(answers.values()), dtype=float),
        "record_exercise": _indices(asked.index(record.question) for record in opinions.track_records),
        "record_expert": _indices(experts.index(record.expert) for record in opinions.track_records),
        "record_log_odds": np.array([log_odds(r.probability) for r in opinions.track_records], dtype=float),
    }


def _indices(values: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.fromiter(values, dtype=np.int64)


def _reading_arrays(readings: Sequence[Reading], present: Present) -> dict[str, npt.ArrayLike]:
    """Every question under one option of each membership that it depends on."""
    shares = [(place, option - 1) for place, reading in enumerate(readings) for option in reading.chosen.values()]
    return {
        "reading_question": _indices(reading.place for reading in readings),
        "reading_variant": _indices(
            present.memberships.variant(reading.question.outcome, reading.chosen) for reading in readings
        ),
        "share_reading": _indices(reading for reading, _ in shares),
        "share_option": _indices(option for _, option in shares),
    }


def _way_arrays(
    questions: Sequence[Judgment], about: Sequence[Outcome], readings: Sequence[Reading], present: Present
) -> dict[str, npt.ArrayLike]:
    """Segments of every question about an event, and the hazards in them for each of its readings."""
    ways = [
        _edges(question, present.runners(outcome), present)
        if outcome.kind is OutcomeKind.EVENT and made_chain(question, present) is None
        else []
        for question, outcome in zip(questions, about, strict=True)
    ]
    longest = max((len(edges) - 1 for edges in ways if edges), default=0)
    several = Counter(reading.place for reading in readings)
    steps, in_shares = np.zeros((2, len(questions), longest))
    parts: list[tuple[float, ...]] = []
    for row, (question, outcome, edges) in enumerate(zip(questions, about, ways, strict=True)):
        for segment, (start, end) in enumerate(itertools.pairwise(edges)):
            steps[row, segment] = (np.floor(start) + 1.0 + np.ceil(end)) / 2.0 if start >= 0.0 else LONG_PAST
            in_shares[row, segment] = float(start < 0.0 and present.counts_quiet and several[row] > 1)
            is_late = start >= question.by_periods
            for rival in present.runners(outcome):
                if present.ages[rival.id] + end <= 0.0:
                    continue
                band = present.bands[rival.id].band_of(present.ages[rival.id] + (start + end) / 2.0)
                link = present.link_supposed(question, rival.id) if start >= 0.0 else 0
                parts += [
                    (
                        place,
                        segment,
                        present.memberships.variant(rival.id, reading.chosen),
                        present.offsets[rival.id] + band,
                        link,
                        present.changes[rival.id].length(start, end),
                        float(rival.id == outcome.id and not is_late),
                    )
                    for place, reading in enumerate(readings)
                    if reading.place == row
                ]
    table = np.asarray(parts, dtype=float).reshape(-1, 7)
    names = ("part_reading", "part_segment", "part_variant", "part_band", "part_link", "part_length", "part_own")
    columns = dict(zip(names, table.T, strict=True))
    return {
        "segment_step": steps,
        "segment_in_shares": in_shares,
        **{name: column.astype(np.int64) if name in names[:5] else column for name, column in columns.items()},
    }


def _edges(question: Judgment, rivals: Sequence[Outcome], present: Present) -> list[float]:
    """Where a hazard of the group may change on the way to a date, in periods from the as-of date.

    A statement of a period ago or more is about the time since as well, as far as the outcome was at risk.
    """
    until, asked = question.by_periods, max(present.ages[question.outcome], 0.0)
    since = -min(question.said_periods, asked) if question.said_periods >= 1.0 else 0.0
    edges = {since, 0.0, until}
    if question.outcome in present.sure_within:
        until = present.sure_within[question.outcome]
        edges = {since, 0.0, min(question.by_periods, until), until}
    for rival in rivals:
        age = present.ages[rival.id]
        edges.update(start - age for start in present.bands[rival.id].starts if since < start - age < until)
        edges.update(present.changes[rival.id].edges(since, until))
        if since < -age:
            edges.add(-age)
    if any(rival.id in present.moved for rival in rivals):
        edges.update(float(edge) for edge in PATH_EDGES if edge < until)
    return sorted(edges)
