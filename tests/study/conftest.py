"""Small documents to start from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

_PRIOR_ONLY: dict[str, Any] = {
    "study": "strait",
    "title": "The strait after the blockade",
    "as_of": "2021-09-10",
    "period": "month",
    "horizon": 24,
    "outcomes": [
        {
            "id": "withdrawal",
            "title": "The contingent leaves",
            "kind": "event",
            "resolution": {"criteria": "No soldier is left."},
            "prior": {"distribution": "normal(-4.0, 1.0)"},
        },
        {
            "id": "agreement",
            "title": "An agreement is signed",
            "kind": "binary",
            "resolution": {"criteria": "Signed by both.", "by": "2022-09-10"},
            "prior": {"distribution": "normal(-1.0, 1.0)"},
        },
    ],
}

_ROWS: list[dict[str, Any]] = [
    {"id": "A", "start": "2000-01-31", "end": "2001-01-31", "how": "left", "consent": "yes"},
    {"id": "B", "start": "2010-06-01", "end": None, "how": "ongoing", "consent": "no"},
    {"id": "C", "start": "2015-06-01", "end": "2021-08-01", "how": "left", "consent": "partial"},
]


@pytest.fixture
def document() -> dict[str, Any]:
    """A study of two outcomes with nothing but priors."""
    return copy.deepcopy(_PRIOR_ONLY)


@pytest.fixture
def dated(document: dict[str, Any]) -> dict[str, Any]:
    """The same with a reference class of three dated cases and a covariate."""
    document["reference_classes"] = [
        {
            "id": "island",
            "outcome": "withdrawal",
            "rows": copy.deepcopy(_ROWS),
            "columns": {"entered": "start", "exited": "end", "event": "how"},
            "event_value": {"withdrawal": "left"},
            "covariates": ["consent"],
        }
    ]
    document["covariates"] = [{"id": "consent"}]
    document["outcomes"][0]["reference"] = {"island": 0.5}
    document["outcomes"][0]["covariates"] = {"consent": 1}
    return document


@pytest.fixture
def with_class(document: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Makes the prior-only study with one reference class of the given outcome and rows."""

    def make(outcome: str | list[str], rows: list[dict[str, Any]], **keys: Any) -> dict[str, Any]:
        document["reference_classes"] = [{"id": "past", "outcome": outcome, "rows": rows, **keys}]
        return document

    return make
