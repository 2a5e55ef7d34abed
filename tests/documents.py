"""Small study documents for tests, as a person would write them."""

from __future__ import annotations

from typing import Any

from forecast.study import Study, study_from_document

Document = dict[str, Any]
NO_POOLING = {"class_sd": 0, "case_sd": 0, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}


def event_outcome(**changes: Any) -> Document:
    """An event outcome with nothing but a level: no classes, frailty or shape unless asked for."""
    return {
        "id": "exit",
        "title": "It leaves",
        "kind": "event",
        "resolution": {"criteria": "It has left."},
        "prior": {"distribution": "normal(-3, 1)"},
        "pooling": NO_POOLING,
        **changes,
    }


def binary_outcome(**changes: Any) -> Document:
    """A binary outcome with nothing but a level."""
    return {
        "id": "agreement",
        "title": "They sign",
        "kind": "binary",
        "resolution": {"criteria": "It is signed.", "by": "2024-01-01"},
        "prior": {"distribution": "normal(-1, 1)"},
        "pooling": {"class_sd": 0, "case_sd": 0},
        **changes,
    }


def document(*outcomes: Document, **changes: Any) -> Document:
    """A monthly study as of the first day of 2020, five years ahead."""
    return {
        "study": "small",
        "title": "A small study",
        "as_of": "2020-01-01",
        "period": "month",
        "horizon": 60,
        "outcomes": list(outcomes),
        "sampler": {"draws": 1000, "tune": 600, "chains": 4, "seed": 1},
        **changes,
    }


def make_study(*outcomes: Document, **changes: Any) -> Study:
    """The same, parsed."""
    return study_from_document(document(*outcomes, **changes))
