"""Experts' statements: judgments of the study's outcomes, track records, and which of several statements counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal

from forecast.study.rows.conditions import Condition, condition_text

type ExpertKind = Literal["person", "crowd", "market"]
EXPERT_KINDS: Final = ("person", "crowd", "market")

CLIP: Final = 0.005
"""Stated probabilities are clipped to [CLIP, 1 - CLIP], since 0 and 1 have infinite log odds."""


def is_clipped(probability: float) -> bool:
    """Whether a stated probability lies outside [CLIP, 1 - CLIP]."""
    return not CLIP <= probability <= 1.0 - CLIP


def log_odds(probability: float) -> float:
    """The log odds of a stated probability, clipped to [CLIP, 1 - CLIP] first."""
    p = min(max(probability, CLIP), 1.0 - CLIP)
    return math.log(p) - math.log1p(-p)


@dataclass(frozen=True, slots=True)
class Judgment:
    """A probability that an expert stated."""

    expert: str
    outcome: str
    by: date | float | None
    """As stated: a date, a number of periods from `on`, or None for the day the outcome resolves."""
    probability: float
    """As stated, so possibly 0 or 1; `log_odds` clips. Of several statements of one day, their mean on the log odds."""
    on: date
    known_at: date
    given: Condition
    """(outcome, whether it occurs) of all that is supposed, by id; empty where it is unconditional."""
    at_once: bool
    """Whether all of that is supposed to occur on the day of the statement, not just by the day that is judged."""
    kind: ExpertKind
    by_day: date
    """The day that `by` means; of a binary outcome always the day it resolves."""
    by_periods: float
    """The same in periods from the as-of date; 0 or less is past, and such a judgment is not used."""
    said_periods: float
    """Periods from `on` to the as-of date."""
    clipped: int
    """How many of the statements that it is made of lay outside [CLIP, 1 - CLIP]."""
    row: int = field(compare=False)
    """Its row in the table, from 0; of several statements of one day, the first one's."""

    @property
    def way(self) -> str:
        """The question with the day from which it counts, where that is a whole period or more ago.

        A statement of 0.2 by the end of 2025, made four years ago, covers those four years too. Statements less than a
        period old are taken as said on the as-of date.
        """
        return self.question + (f"<{self.on.isoformat()}" if self.said_periods >= 1.0 else "")

    @property
    def question(self) -> str:
        """What it is about: ``exit@2022-09-10``, ``exit@2022-09-10|war and not talks`` or ``exit@2022-09-10|war at once``."""
        return f"{self.outcome}@{self.by_day.isoformat()}" + (f"|{self.condition}" if self.condition else "")

    @property
    def condition(self) -> str | None:
        """What is supposed: ``war and not talks`` or ``war at once``; None where it is unconditional."""
        if not self.given:
            return None
        return condition_text(self.given) + (" at once" if self.at_once else "")


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """A probability on a question beside the study's own, with what happened where that is known."""

    expert: str
    question: str
    probability: float
    """As stated, so possibly 0 or 1; `log_odds` clips. Of several statements of one day, their mean on the log odds."""
    outcome: bool | None
    """None while the question is open."""
    on: date | None
    kind: ExpertKind
    clipped: int
    """How many of the statements that it is made of lay outside [CLIP, 1 - CLIP]."""
    row: int = field(compare=False)
    """Its row in the table, from 0; of several statements of one day, the first one's."""


def latest_judgments(judgments: Iterable[Judgment]) -> tuple[Judgment, ...]:
    """One judgment per expert and question, in the order of their first rows: what the expert said last.

    The latest `on` counts, and of one day what became known last, so that a later row corrects an earlier one. Ties
    are averaged on the log odds, each clipped first.
    """
    return tuple(_latest(judgments, lambda judgment: (judgment.on, judgment.known_at)))


def merge_track_records(records: Iterable[TrackRecord]) -> tuple[TrackRecord, ...]:
    """One record per expert and question, in the order of their first rows: what the expert said last.

    The latest `on` counts; a row without a date counts only when no row of the question has one. Ties are averaged on
    the log odds, each clipped first.
    """
    return tuple(_latest(records, lambda record: record.on or date.min))


def _latest[Stated: (Judgment, TrackRecord), Time: (date, tuple[date, date])](
    statements: Iterable[Stated], time: Callable[[Stated], Time]
) -> Iterator[Stated]:
    said: dict[tuple[str, str], list[Stated]] = {}
    for statement in statements:
        said.setdefault((statement.expert, statement.question), []).append(statement)
    for group in said.values():
        last = max(map(time, group))
        yield _averaged([statement for statement in group if time(statement) == last])


def _averaged[Stated: (Judgment, TrackRecord)](statements: list[Stated]) -> Stated:
    first = statements[0]
    if len(statements) == 1:
        return first
    mean = math.fsum(log_odds(statement.probability) for statement in statements) / len(statements)
    clipped = sum(statement.clipped for statement in statements)
    return replace(first, probability=1.0 / (1.0 + math.exp(-mean)), clipped=clipped)
