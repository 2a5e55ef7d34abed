"""What was asked: each outcome with its resolution criteria and its prior, as the document states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

KINDS: Final = {
    "event": "happens at some time or not",
    "binary": "yes or no on a date",
    "threshold": "an indicator passes a value",
}


@dataclass(frozen=True)
class Question:
    """One outcome as it was asked."""

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
    """The outcomes of a canonical document."""
    return tuple(_question(outcome) for outcome in document["outcomes"])


def _question(outcome: Mapping[str, Any]) -> Question:
    resolution, prior = outcome.get("resolution") or {}, outcome.get("prior") or {}
    return Question(
        id=outcome["id"],
        title=str(outcome["title"]),
        kind=KINDS.get(str(outcome["kind"]), str(outcome["kind"])),
        by=str(resolution.get("by") or ""),
        criteria=str(resolution.get("criteria") or ""),
        source=str(resolution.get("source") or ""),
        prior=_prior(prior.get("distribution")),
        prior_source=str(prior.get("source") or ""),
        rationale=str(prior.get("rationale") or ""),
    )


def _prior(said: object) -> str:
    """A prior in the words of the document."""
    if not isinstance(said, Mapping):
        return str(said or "the default")
    quantiles = said.get("probability") or {}
    words = f"median {quantiles.get('median')}, from {quantiles.get('low')} to {quantiles.get('high')}"
    return f"probability: {words} ({100 * float(quantiles.get('level', 0.9)):.0f} %)" + (
        f", by {said['by']} periods" if said.get("by") is not None else ""
    )
