"""What was asked: each outcome with its resolution criteria and its prior, as the document states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from forecast.wording import numbers
from forecast.wording.quantities import rounded, rounded_range

KINDS: Final = {
    "event": "happens at some time or not",
    "binary": "yes or no on a date",
    "threshold": "an indicator passes a value",
    "categorical": "exactly one of its options",
    "quantity": "a number at a date",
}


@dataclass(frozen=True)
class Question:
    """One outcome or quantity as it was asked."""

    id: str
    title: str
    kind: str
    by: str
    """Empty where the document leaves it to the horizon."""
    criteria: str
    source: str
    prior: str
    prior_source: str
    rationale: str


def build_questions(document: Mapping[str, Any]) -> tuple[Question, ...]:
    """The outcomes and quantities of a canonical document."""
    return tuple(_question(asked) for asked in (*document["outcomes"], *document.get("quantities", ())))


def _question(outcome: Mapping[str, Any]) -> Question:
    resolution, prior = outcome.get("resolution") or {}, outcome.get("prior") or {}
    return Question(
        id=outcome["id"],
        title=str(outcome["title"]),
        kind=KINDS.get(str(outcome.get("kind", "quantity")), str(outcome.get("kind"))),
        by=_day(resolution["by"]) if resolution.get("by") else "",
        criteria=str(resolution.get("criteria") or ""),
        source=str(resolution.get("source") or ""),
        prior=_prior_of(outcome),
        prior_source=str(prior.get("source") or ""),
        rationale=str(prior.get("rationale") or ""),
    )


def _prior_of(outcome: Mapping[str, Any]) -> str:
    if outcome.get("kind", "quantity") == "quantity":
        stated = outcome["prior"]["value"]
        unit = f" {outcome['unit']}" if outcome.get("unit") else ""
        return f"{rounded(stated['median'])}{unit}, {rounded_range(stated['low'], stated['high'])}"
    if outcome["kind"] == "threshold":
        return "follows from its indicator"
    options = outcome.get("options") or []
    if options and all(option.get("probability") is not None for option in options):
        return ", ".join(
            f"{option.get('title') or option['id']} {_percent(option['probability'])}" for option in options
        )
    if options:
        return ", ".join(str(option.get("title") or option["id"]) for option in options) + ": all alike"
    return _prior(outcome.get("prior") or {})


def _prior(prior: Mapping[str, Any]) -> str:
    """A prior in words: elicited as a probability, or on the outcome's own scale."""
    said = prior.get("distribution")
    elicited = said if isinstance(said, Mapping) else prior if prior.get("probability") is not None else None
    if elicited is None:
        return f"{said} on its own scale" if said is not None else "the default"
    quantiles = elicited["probability"]
    level = float(quantiles.get("level") or 0.9)
    words = f"{_percent(quantiles['median'])}, {_percent(quantiles['low'])} to {_percent(quantiles['high'])}"
    when = f" by {numbers.plural(float(elicited['by']), 'period')}" if elicited.get("by") is not None else ""
    return f"{words} with {_percent(level)} probability{when}"


def _percent(value: float) -> str:
    return f"{100 * float(value):.3g}{numbers.NO_BREAK_SPACE}%"


def _day(text: object) -> str:
    """A date as people read it; the document's own words where it is none."""
    try:
        return numbers.day(date.fromisoformat(str(text)))
    except ValueError:
        return str(text)
