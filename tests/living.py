"""A study that waits for evidence, for tests of what arrives."""

from __future__ import annotations

from typing import Any

from forecast.study import Study, study_from_document
from tests.documents import binary_outcome, document, event_outcome


def living_document(**changes: Any) -> dict[str, Any]:
    """An event that a factor moves, a binary outcome, two indicators, one judgment. The as-of date is 2020-03-10."""
    return document(
        event_outcome(),
        binary_outcome(),
        **{
            "as_of": "2020-03-10",
            "factors": [{"id": "friction", "effects": {"exit": "normal(0.5, 0.2)"}}],
            "indicators": [
                {
                    "id": "incidents",
                    "factor": "friction",
                    "rows": [{"period": "2020-01", "value": 4}, {"period": "2020-02", "value": 6}],
                },
                {"id": "meetings", "direction": -1, "rows": [{"period": "2020-02-01", "value": 0, "exposure": 0.5}]},
            ],
            "judgments": {"rows": [{"expert": "x", "outcome": "exit", "probability": 0.2, "on": "2020-03-01"}]},
            **changes,
        },
    )


def living_study(**changes: Any) -> Study:
    """The same, parsed."""
    return study_from_document(living_document(**changes))
