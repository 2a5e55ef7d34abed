"""What explains the sample answer: attribution, influence and sensitivity; made without sampling."""

from __future__ import annotations

import math

from forecast.answer import (
    Attribution,
    AttributionStep,
    Influence,
    InfluenceReport,
    Lean,
    PowerScaling,
    ProbabilityStep,
    SensitivityReport,
)


def _step(log_odds: float, before: float | None) -> ProbabilityStep:
    change = 0.0 if before is None else log_odds - before
    return ProbabilityStep(
        probability=1 / (1 + math.exp(-log_odds)), mcse=0.004, log_odds=log_odds, change=change, change_mcse=0.03
    )


def _steps(path: list[float]) -> list[ProbabilityStep]:
    return [_step(value, path[place - 1] if place else None) for place, value in enumerate(path)]


def attribution() -> Attribution:
    blocks = ("prior", "reference_classes", "history", "indicators", "judgments", "links")
    withdrawal = _steps([0.1, -0.62, -0.95, -0.95, -0.81, -0.78])
    agreement = _steps([-1.4, -2.7, -2.71, -2.9, -2.6, -2.57])
    presence = _steps([0.2, 0.6, 0.85, 0.85, 0.8, 0.783])
    return Attribution(
        steps=tuple(
            AttributionStep.model_validate(
                {
                    "block": block,
                    "outcomes": {"withdrawal": first, "comprehensive_agreement": second},
                    "scenarios": {"permanent_presence": third},
                }
            )
            for block, first, second, third in zip(blocks, withdrawal, agreement, presence, strict=True)
        ),
        seconds=41.0,
    )


def influence() -> InfluenceReport:
    rows: list[tuple[str, str, float | None, bool, bool, float]] = [
        ("case", "breakaway/D14", 0.83, True, True, -0.21),
        ("expert", "analyst-a", 0.74, False, False, 0.16),
        ("case", "missions/D44", 0.41, False, True, -0.09),
        ("case", "missions/D45", None, True, True, 0.04),
    ]
    return InfluenceReport(
        items=tuple(
            Influence.model_validate(
                {
                    "kind": kind,
                    "id": name,
                    "pareto_k": k,
                    "refitted": refitted,
                    "reliable": reliable,
                    "outcomes": {"withdrawal": _step(-0.78 + change, -0.78), "conversion": _step(-2.92, -2.92)},
                }
            )
            for kind, name, k, refitted, reliable, change in rows
        ),
        refits=2,
        seconds=23.0,
    )


def sensitivity() -> SensitivityReport:
    return SensitivityReport(
        scaling=(
            PowerScaling(component="data", outcome="withdrawal", sensitivity=0.142, pareto_k=0.3),
            PowerScaling(component="mu[withdrawal]", outcome="withdrawal", sensitivity=0.031, pareto_k=0.2),
            PowerScaling(
                component="mu[comprehensive_agreement]",
                outcome="comprehensive_agreement",
                sensitivity=0.087,
                pareto_k=0.75,
            ),
        ),
        leans=(
            Lean(
                effect="tension -> withdrawal",
                outcome="withdrawal",
                probability=0.3137,
                without=0.301,
                low=0.28,
                high=0.35,
                pareto_k=0.4,
            ),
            Lean(
                effect="withdrawal -> comprehensive_agreement",
                outcome="comprehensive_agreement",
                probability=0.0712,
                without=0.048,
                low=0.055,
                high=0.098,
                pareto_k=None,
            ),
        ),
        seconds=8.4,
    )
