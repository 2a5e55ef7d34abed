"""Explanations of the coin's forecast, with made-up numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forecast.answer import (
    Attribution,
    AttributionStep,
    CauseStep,
    Explanation,
    Influence,
    InfluenceReport,
    Lean,
    PowerScaling,
    ProbabilityStep,
    SensitivityReport,
    Triage,
)
from forecast.jobs.explanations import ALONE
from forecast.jobs.lifecycle import Claim
from forecast.jobs.states import JobKind
from forecast.jobs.submit import submit_explanation
from forecast.store import ForecastRepository
from forecast.store.ids import new_id
from forecast.store.tables.core import ExplanationRow
from tests.coin import NOW
from tests.installation import LIMITS, Installation

KINDS = list(ALONE)


def _step(probability: float, log_odds: float, change: float) -> ProbabilityStep:
    return ProbabilityStep(probability=probability, mcse=0.002, log_odds=log_odds, change=change, change_mcse=0.01)


def explanation_of(kind: JobKind, seconds: float = 1.0) -> Explanation:
    """An explanation of one kind."""
    if kind is JobKind.ATTRIBUTION:
        return Attribution(
            steps=(
                AttributionStep(block="prior", outcomes={"heads": _step(0.3, -0.847, -0.847)}, scenarios={}),
                AttributionStep(block="judgments", outcomes={"heads": _step(0.5, 0.0, 0.847)}, scenarios={}),
            ),
            seconds=seconds,
        )
    if kind is JobKind.INFLUENCE:
        without = Influence(
            kind="case",
            id="tosses/case-3",
            pareto_k=0.31,
            refitted=False,
            reliable=True,
            outcomes={"heads": _step(0.45, -0.2, -0.2)},
        )
        return InfluenceReport(items=(without,), refits=0, seconds=seconds)
    if kind is JobKind.TRIAGE:
        shares = (("method", False, 0.0), ("clock", True, -0.2), ("data", False, 0.0), ("world", True, 0.5))
        return Triage(
            previous="the-one-before",
            steps=tuple(
                CauseStep(
                    cause=c, changed=changed, apart=True, outcomes={"heads": _step(0.5, 0.0, share)}, scenarios={}
                )
                for c, changed, share in shares
            ),
            seconds=seconds,
        )
    return SensitivityReport(
        scaling=(PowerScaling(component="prior", outcome="heads", sensitivity=0.08, pareto_k=0.2),),
        leans=(
            Lean(
                effect="friction -> heads",
                outcome="heads",
                probability=0.5,
                without=0.4,
                low=0.45,
                high=0.56,
                pareto_k=0.2,
            ),
        ),
        seconds=seconds,
    )


def explanation_row(claim: Claim, now: datetime = NOW, **changes: Any) -> ExplanationRow:
    """What a worker stores for a claimed job that explains."""
    values: dict[str, Any] = {
        "id": new_id(),
        "forecast_id": claim.target,
        "kind": claim.kind.value,
        "job_id": claim.job_id,
        "made_at": now,
        "answer": explanation_of(claim.kind).model_dump_json(),
    }
    return ExplanationRow(**{**values, **changes})


def submit_explanation_of(
    installation: Installation, forecast_id: str, kind: JobKind, now: datetime = NOW, **options: Any
) -> str:
    """A queued job that explains a stored forecast; its id."""
    limits = options.pop("limits", LIMITS)
    with installation.database.write() as session:
        target = ForecastRepository(session).get(forecast_id)
        assert target is not None
        return submit_explanation(session, target, kind, limits, now=now, **options).job.id
