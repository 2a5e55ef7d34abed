"""Which kinds of job explain a forecast, and what each of them finds out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forecast.answer import Attribution, Explanation, InfluenceReport, SensitivityReport, Triage
from forecast.jobs.states import JobKind

EXPLANATIONS: Final[Mapping[JobKind, type[Explanation]]] = {
    JobKind.ATTRIBUTION: Attribution,
    JobKind.INFLUENCE: InfluenceReport,
    JobKind.SENSITIVITY: SensitivityReport,
    JobKind.TRIAGE: Triage,
}
"""The kind is also the explanation's name in a stored forecast."""

ALONE: Final = tuple(kind for kind in EXPLANATIONS if kind is not JobKind.TRIAGE)
"""Kinds that need nothing but the forecast's own document; the other one compares it with an earlier forecast."""
