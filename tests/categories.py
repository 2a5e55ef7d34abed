"""Categorical outcomes for tests, and the same question as a binary outcome where there are two options."""

from __future__ import annotations

from typing import Any

from forecast.study import Study
from tests.documents import Document, binary_outcome, make_study

COUNTS = [{"left": 3, "centre": 2, "right": 1}, {"left": 1, "centre": 0, "right": 4}]
SAID = {"left": 0.6, "centre": 0.3, "right": 0.1}


def categorical_outcome(*options: str | Document, **changes: Any) -> Document:
    """One that resolves at the end of 2020, options by id."""
    return {
        "id": "winner",
        "title": "Who wins?",
        "kind": "categorical",
        "resolution": {"criteria": "As the commission declares.", "by": "2020-12-31"},
        "options": [{"id": option} if isinstance(option, str) else option for option in options],
        **changes,
    }


def spoken(expert: str, said: dict[str, float], **changes: Any) -> list[Document]:
    """Rows of a statement over all options."""
    rows = [{"option": option, "probability": probability} for option, probability in said.items()]
    return [{"expert": expert, "outcome": "winner", "on": "2019-12-01", **row, **changes} for row in rows]


def election(*options: str, counts: list[dict[str, int]] | None = None, **changes: Any) -> Study:
    """Three options unless others are named, one class with two cases, and two experts."""
    names = options or ("left", "centre", "right")
    rows = [{option: row[option] for option in names} for row in counts or COUNTS]
    block = {
        "reference_classes": [{"id": "polls", "outcome": "winner", "rows": rows}],
        "judgments": {"rows": spoken("ann", SAID) + spoken("bea", {"left": 0.5, "centre": 0.25, "right": 0.25})},
    }
    return make_study(categorical_outcome(*names, reference={"polls": 0.8}), **{**block, **changes})


def two_options(*, settled: bool = False) -> tuple[Study, Study]:
    """One question as a categorical outcome of two options and as a binary one."""
    rows = [{"outcome": "winner", "resolution": "yes_", "on": "2019-12-20"}]
    resolved: list[Any] = [
        {"resolutions": {"rows": rows}},
        {"resolutions": {"rows": [{**rows[0], "outcome": "wins", "resolution": "yes"}]}},
    ]
    if not settled:
        resolved = [{}, {}]
    counts = [{"yes_": 3, "no_": 1}, {"yes_": 1, "no_": 4}]
    categorical = election(
        "yes_",
        "no_",
        counts=counts,
        judgments={"rows": spoken("ann", {"yes_": 0.7, "no_": 0.3}) + spoken("bea", {"yes_": 0.999, "no_": 0.001})},
        **resolved[0],
    )
    resolution = {"criteria": "As the commission declares.", "by": "2020-12-31"}
    binary = make_study(
        binary_outcome(id="wins", resolution=resolution, prior=None, pooling={}, reference={"polls": 0.8}),
        reference_classes=[
            {"id": "polls", "outcome": "wins", "rows": [{"successes": 3, "trials": 4}, {"successes": 1, "trials": 5}]}
        ],
        judgments={
            "rows": [
                {"expert": expert, "outcome": "wins", "probability": probability, "on": "2019-12-01"}
                for expert, probability in (("ann", 0.7), ("bea", 0.999))
            ]
        },
        **resolved[1],
    )
    return categorical, binary
