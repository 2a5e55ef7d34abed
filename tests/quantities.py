"""Studies with quantities, for tests of any room."""

from __future__ import annotations

from typing import Any

from tests.documents import Document, document

SAMPLER = {"draws": 500, "tune": 300, "chains": 2, "seed": 5}


def quantity(**changes: Any) -> Document:
    """Refugees, on a log scale, with a lopsided prior."""
    return {
        "id": "refugees",
        "title": "Refugees at the end of the year",
        "kind": "quantity",
        "unit": "people",
        "scale": "log",
        "resolution": {"criteria": "The number in the year-end table", "source": "UNHCR"},
        "prior": {"value": {"low": 1000.0, "median": 20000.0, "high": 150000.0}},
        "thresholds": [10000.0, 100000.0],
        **changes,
    }


def values(*numbers: float, group: str = "wars", of: str = "refugees") -> Document:
    """A table of historical cases."""
    rows = [
        {"quantity": of, "class": group, "case": f"c{place}", "value": number} for place, number in enumerate(numbers)
    ]
    return {"rows": rows}


def quantiles(*said: tuple[str, float, float], of: str = "refugees", on: str = "2019-12-01") -> Document:
    """What experts say: expert, quantile, value."""
    rows = [{"expert": expert, "quantity": of, "quantile": p, "value": value, "on": on} for expert, p, value in said]
    return {"rows": rows}


def quantity_document(*outcomes: Document, **changes: Any) -> Document:
    """A study of quantities, with other outcomes only if asked."""
    return document(*(outcomes or (quantity(),)), **{"sampler": SAMPLER, **changes})
