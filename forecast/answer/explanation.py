"""What moves a forecast: attribution, influence, sensitivity."""

from __future__ import annotations

from typing import Literal

from forecast.answer.parts import Part, Probability


class ProbabilityStep(Part):
    """One probability at one step of an attribution."""

    probability: Probability
    mcse: float
    log_odds: float
    change: float
    """Change of the log odds from the step before."""
    change_mcse: float


class AttributionStep(Part):
    """The program run with the evidence up to one block."""

    block: Literal["prior", "reference_classes", "history", "indicators", "judgments", "links"]
    outcomes: dict[str, ProbabilityStep]
    scenarios: dict[str, ProbabilityStep]


class Attribution(Part):
    """The log-odds waterfall: prior, then each block of evidence added to those before it."""

    steps: tuple[AttributionStep, ...]
    seconds: float


class Influence(Part):
    """How the probabilities move when one case or expert is left out."""

    kind: Literal["case", "expert"]
    id: str
    """``class/case``, or the expert."""
    pareto_k: float | None
    """Above 0.7 the weights cannot be trusted."""
    refitted: bool
    """Whether the numbers come from a run without it."""
    reliable: bool
    """Weights within their limit, or refitted."""
    outcomes: dict[str, ProbabilityStep]


class InfluenceReport(Part):
    """Leave-one-case-out and leave-one-expert-out, the largest move first."""

    items: tuple[Influence, ...]
    refits: int
    seconds: float


class PowerScaling(Part):
    """How an outcome's probability answers when one part of the prior, or the data, is weighed more or less."""

    component: str
    outcome: str
    sensitivity: float
    """Cumulative Jensen-Shannon distance per doubling; above 0.05 deserves a look."""
    pareto_k: float | None


class Lean(Part):
    """How much a probability leans on an effect that the data can hardly speak about."""

    effect: str
    """``factor -> outcome`` or ``cause -> effect_on``."""
    outcome: str
    probability: Probability
    without: Probability
    """With the effect at 0."""
    low: Probability
    """With the mean of its prior a standard deviation lower."""
    high: Probability
    pareto_k: float | None


class SensitivityReport(Part):
    """Power-scaling of priors and data, and the lean on stated effects."""

    scaling: tuple[PowerScaling, ...]
    leans: tuple[Lean, ...]
    seconds: float


class CauseStep(Part):
    """The program run with everything up to one cause changed."""

    cause: Literal["method", "clock", "data", "world"]
    changed: bool
    """Whether the program was given other numbers than before; if not, the share is exactly zero."""
    apart: bool
    """False where this makes no valid study by itself: its share is part of the next cause's."""
    outcomes: dict[str, ProbabilityStep]
    scenarios: dict[str, ProbabilityStep]


class Triage(Part):
    """Why a forecast differs from the one before it; the shares add up to the change of the log odds.

    Where nothing changed, two forecasts differ by their seeds alone, and every share is zero.
    """

    previous: str
    """The forecast before it."""
    steps: tuple[CauseStep, ...]
    seconds: float


Explanation = Attribution | InfluenceReport | SensitivityReport | Triage
"""What a job that explains a forecast finds out."""
