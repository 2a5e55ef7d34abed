"""Experts and judged questions: errors, weights, and differences from the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from api.pages.forecast.estimates import Number, number
from api.pages.shared.bars import PROBABILITY, Bar
from forecast.answer import Check, ExpertSummary, QuestionSummary
from forecast.wording import numbers

CONTRADICTIONS: Final = frozenset(
    {"later_date_less_likely", "exclusive_sum", "exhaustive_sum", "incoherent", "incoherent_together"}
)
"""Names of notes on statements that contradict one another."""


@dataclass(frozen=True)
class ExpertRow:
    """An expert whose probabilities were used."""

    id: str
    kind: str
    judgments: str
    track_records: str
    bias: Number
    slope: Number
    noise: Number
    weight: str
    width: str
    """The weight as a length, in percent."""
    effective_number: str


@dataclass(frozen=True)
class QuestionRow:
    """One question that experts judged."""

    outcome: str
    title: str
    by: str
    given: str
    at_once: bool
    said: str
    experts: str
    effective_number: str
    stated: str
    probability: str
    interval: str
    bar: Bar


@dataclass(frozen=True)
class Opinions:
    """All experts and questions."""

    experts: tuple[ExpertRow, ...]
    questions: tuple[QuestionRow, ...]
    together: str
    """Effective number of all experts together."""
    contradictions: tuple[str, ...]
    """Statements that no distribution allows together, each with experts and rows."""


def build_opinions(
    experts: Iterable[ExpertSummary],
    questions: Iterable[QuestionSummary],
    titles: Mapping[str, str],
    checks: Iterable[Check],
) -> Opinions | None:
    """Experts and questions; None without any.

    Parameters
    ----------
    titles
        Title by id of an outcome.
    checks
        All checks and notes of the answer.
    """
    known, asked = tuple(experts), tuple(questions)
    if not known and not asked:
        return None
    return Opinions(
        experts=tuple(_expert_row(expert) for expert in known),
        questions=tuple(_question_row(question, titles) for question in asked),
        together=f"{sum(expert.effective_number for expert in known):.1f}",
        contradictions=tuple(check.message for check in checks if check.name in CONTRADICTIONS),
    )


def _expert_row(expert: ExpertSummary) -> ExpertRow:
    bias = expert.bias
    return ExpertRow(
        id=expert.id,
        kind=expert.kind,
        judgments=numbers.amount(expert.judgments),
        track_records=numbers.amount(expert.track_records),
        bias=Number(numbers.signed(bias.mean), number(bias).interval),
        slope=number(expert.slope),
        noise=number(expert.noise),
        weight=f"{100 * expert.weight:.0f}{numbers.NO_BREAK_SPACE}%",
        width=f"{100 * expert.weight:.2f}%",
        effective_number=f"{expert.effective_number:.2f}",
    )


def _question_row(question: QuestionSummary, titles: Mapping[str, str]) -> QuestionRow:
    stated, modelled = numbers.percent(question.stated), numbers.percent(question.probability)
    interval = numbers.percent_range(question.interval)
    label = f"model {modelled}, {numbers.level(question.interval)} interval {interval}; stated {stated}"
    bar = PROBABILITY.bar(question.probability, question.interval, label)
    return QuestionRow(
        outcome=question.outcome,
        title=titles.get(question.outcome, question.outcome),
        by=numbers.short_day(question.by),
        given=question.given or "",
        at_once=question.at_once,
        said=numbers.short_day(question.said) if question.said else "",
        experts=numbers.amount(question.experts),
        effective_number=f"{question.effective_number:.1f}",
        stated=stated,
        probability=modelled,
        interval=interval,
        bar=replace(bar, reference=PROBABILITY.position(question.stated)),
    )
