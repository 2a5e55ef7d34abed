"""Sets of statements that can be true together, each beside one that was made from it and cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forecast.study import Study, study_from_document
from tests.documents import Document, binary_outcome, event_outcome

type Said = tuple[str, str | None, float, str | None]
"""Outcome, by, probability, given."""

EARLY, MIDDLE, LATE = "2024-12-31", "2025-12-31", "2026-12-31"
FIVE = ("ann", "bo", "cy", "di", "eli")
WHY = {"criteria": "It is on record.", "source": "The record"}


@dataclass(frozen=True)
class Shape:
    """One kind of contradiction."""

    outcomes: tuple[Document, ...]
    coherent: tuple[Said, ...]
    incoherent: tuple[Said, ...]
    name: str
    rows: tuple[int, ...]
    """Those of one expert's incoherent statements that contradict one another, from 0."""
    links: tuple[Document, ...] = ()


def event(name: str, **changes: Any) -> Document:
    return event_outcome(
        id=name, title=name, resolution=WHY, prior={"distribution": "normal(-4.5, 1)", "source": "s"}, **changes
    )


def binary(name: str, by: str = LATE) -> Document:
    return binary_outcome(
        id=name, title=name, resolution={**WHY, "by": by}, prior={"distribution": "normal(0, 1.5)", "source": "s"}
    )


def link(cause: str, effect: str) -> Document:
    return {"cause": cause, "effect_on": effect, "log_ratio": "normal(0, 2)"}


RIVALS = (event("a", competes="one"), event("b", competes="one"), event("c", competes="one"))
TWO = (binary("a", "2026-06-30"), binary("b"))
THREE = (*TWO, binary("c"))
ONE = (event("a"),)

SHAPES = {
    "later date": Shape(
        ONE,
        (("a", EARLY, 0.2, None), ("a", LATE, 0.4, None)),
        (("a", EARLY, 0.4, None), ("a", LATE, 0.2, None)),
        "later_date_less_likely",
        (0, 1),
    ),
    "later date by one point": Shape(
        ONE,
        (("a", EARLY, 0.2, None), ("a", LATE, 0.21, None)),
        (("a", EARLY, 0.21, None), ("a", LATE, 0.2, None)),
        "later_date_less_likely",
        (0, 1),
    ),
    "middle of three dates": Shape(
        ONE,
        (("a", EARLY, 0.15, None), ("a", MIDDLE, 0.25, None), ("a", LATE, 0.4, None)),
        (("a", EARLY, 0.25, None), ("a", MIDDLE, 0.15, None), ("a", LATE, 0.4, None)),
        "later_date_less_likely",
        (0, 1),
    ),
    "later date under a condition": Shape(
        (event("a"), binary("b")),
        (("a", EARLY, 0.2, "b"), ("a", LATE, 0.5, "b")),
        (("a", EARLY, 0.5, "b"), ("a", LATE, 0.2, "b")),
        "later_date_less_likely",
        (0, 1),
        (link("b", "a"),),
    ),
    "two that exclude one another": Shape(
        RIVALS[:2],
        (("a", None, 0.3, None), ("b", None, 0.4, None)),
        (("a", None, 0.6, None), ("b", None, 0.7, None)),
        "exclusive_sum",
        (0, 1),
    ),
    "three that exclude one another": Shape(
        RIVALS,
        (("a", None, 0.3, None), ("b", None, 0.3, None), ("c", None, 0.3, None)),
        (("a", None, 0.4, None), ("b", None, 0.4, None), ("c", None, 0.4, None)),
        "exclusive_sum",
        (0, 1, 2),
    ),
    "two that exclude one another by different dates": Shape(
        RIVALS[:2],
        (("a", EARLY, 0.2, None), ("b", LATE, 0.5, None)),
        (("a", EARLY, 0.7, None), ("b", LATE, 0.5, None)),
        "exclusive_sum",
        (0, 1),
    ),
    "two that exclude one another under a condition": Shape(
        (*RIVALS[:2], binary("d")),
        (("a", LATE, 0.3, "d"), ("b", LATE, 0.4, "d")),
        (("a", LATE, 0.6, "d"), ("b", LATE, 0.7, "d")),
        "exclusive_sum",
        (0, 1),
        (link("d", "a"), link("d", "b")),
    ),
    "joint above the marginal": Shape(
        TWO,
        (("a", None, 0.5, None), ("b", None, 0.35, None), ("b", None, 0.6, "a")),
        (("a", None, 0.5, None), ("b", None, 0.1, None), ("b", None, 0.9, "a")),
        "incoherent",
        (0, 1, 2),
        (link("a", "b"),),
    ),
    "marginal above what both conditions leave": Shape(
        TWO,
        (("a", None, 0.8, None), ("b", None, 0.5, None), ("b", None, 0.55, "a")),
        (("a", None, 0.8, None), ("b", None, 0.7, None), ("b", None, 0.3, "a")),
        "incoherent",
        (0, 1, 2),
        (link("a", "b"),),
    ),
    "two conditionals against Bayes": Shape(
        TWO,
        (("a", None, 0.5, None), ("b", None, 0.5, None), ("b", None, 0.6, "a"), ("a", None, 0.6, "b")),
        (("a", None, 0.5, None), ("b", None, 0.2, None), ("b", None, 0.3, "a"), ("a", None, 0.3, "b")),
        "incoherent",
        (0, 1, 2, 3),
        (link("a", "b"),),
    ),
    "three outcomes": Shape(
        THREE,
        (("a", None, 0.5, None), ("b", None, 0.5, None), ("c", None, 0.6, "a"), ("c", None, 0.6, "b")),
        (("a", None, 0.8, None), ("b", None, 0.8, None), ("c", None, 0.9, "a"), ("c", None, 0.2, "b")),
        "incoherent",
        (0, 1, 2, 3),
        (link("a", "c"), link("b", "c")),
    ),
    "an event given an event": Shape(
        (event("a"), event("b")),
        (("a", LATE, 0.3, None), ("b", LATE, 0.2, None), ("b", LATE, 0.4, "a")),
        (("a", LATE, 0.6, None), ("b", LATE, 0.1, None), ("b", LATE, 0.7, "a")),
        "incoherent",
        (0, 1, 2),
        (link("a", "b"),),
    ),
    "neither with nor without the condition": Shape(
        TWO,
        (("b", None, 0.5, None), ("b", None, 0.6, "a"), ("b", None, 0.4, "not a")),
        (("b", None, 0.5, None), ("b", None, 0.6, "a"), ("b", None, 0.7, "not a")),
        "incoherent",
        (0, 1, 2),
        (link("a", "b"),),
    ),
    "two conditions at once": Shape(
        THREE,
        (("a", None, 0.8, None), ("b", None, 0.8, None), ("c", None, 0.5, None), ("c", None, 0.6, "a and b")),
        (("a", None, 0.9, None), ("b", None, 0.9, None), ("c", None, 0.3, None), ("c", None, 0.9, "a and b")),
        "incoherent",
        (0, 1, 2, 3),
        (link("a", "c"), link("b", "c")),
    ),
    "certain, but not under its own condition": Shape(
        TWO,
        (("a", None, 0.5, None), ("b", None, 0.9, None), ("b", None, 0.95, "a")),
        (("a", None, 0.5, None), ("b", None, 1.0, None), ("b", None, 0.5, "a")),
        "incoherent",
        (0, 1, 2),
        (link("a", "b"),),
    ),
}


def document_of(shape: Shape, said: Sequence[Said], experts: Sequence[str] = FIVE, **changes: Any) -> Document:
    """A study in which each expert says the same."""
    rows = [
        {"expert": expert, "outcome": outcome, "by": by, "probability": p, "on": "2024-01-10", "given": given}
        for expert in experts
        for outcome, by, p, given in said
    ]
    return {
        "study": "panel",
        "title": "A panel's judgments",
        "as_of": "2024-01-15",
        "period": "month",
        "horizon": 36,
        "outcomes": list(shape.outcomes),
        "links": list(shape.links),
        "judgments": {"rows": rows},
        **changes,
    }


def study_of(shape: Shape, said: Sequence[Said], experts: Sequence[str] = FIVE, **changes: Any) -> Study:
    return study_from_document(document_of(shape, said, experts, **changes))
