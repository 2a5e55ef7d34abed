"""What moves a forecast: attribution, influence, sensitivity."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forecast.answer.parts import Part, Probability
from forecast.answer.thresholds import MAX_PARETO_K, SCALING_NOTED


class ProbabilityStep(Part):
    """One probability at one step of an attribution."""

    probability: Probability
    """The probability after this step."""
    mcse: float
    """Monte Carlo standard error of `probability`, in units of probability."""
    log_odds: float
    """Log odds of the probability (natural logarithm)."""
    change: float
    """Change of the log odds from the step before."""
    change_mcse: float
    """Monte Carlo standard error of `change`."""


class AttributionStep(Part):
    """The program run with the evidence up to one block."""

    block: Literal["prior", "reference_classes", "history", "indicators", "judgments", "links"]
    """The block of evidence that this step adds; `prior` is the first step."""
    outcomes: dict[str, ProbabilityStep]
    """The step of each outcome, by its id."""
    scenarios: dict[str, ProbabilityStep]
    """The step of each scenario, by its id."""


class Attribution(Part):
    """The log-odds waterfall: prior, then each block of evidence added to those before it."""

    steps: tuple[AttributionStep, ...]
    """The steps in order; the last one has all evidence."""
    seconds: float
    """Wall time of the computation, in seconds."""


class Influence(Part):
    """How the probabilities move when one case or expert is left out."""

    kind: Literal["case", "expert"]
    """Whether a historical case or an expert is left out."""
    id: str
    """`class/case`, or the name of the expert."""
    pareto_k: float | None = Field(
        description=f"Pareto k of the importance weights; above {MAX_PARETO_K} they cannot be trusted. Null when not defined."
    )
    refitted: bool
    """Whether the numbers come from a new run without it."""
    reliable: bool
    """Whether the weights are within their limit, or it was refitted."""
    outcomes: dict[str, ProbabilityStep]
    """Each outcome without it, by its id; `change` is measured from the full forecast."""


class InfluenceReport(Part):
    """Leave-one-case-out and leave-one-expert-out, the largest move first."""

    items: tuple[Influence, ...]
    """What was left out in turn, the largest change first; at most 500."""
    refits: int
    """Number of new runs."""
    seconds: float
    """Wall time of the computation, in seconds."""


class PowerScaling(Part):
    """How an outcome's probability answers when one part of the prior, or the data, is weighed more or less."""

    component: str
    """The part that was scaled: a part of the prior, or `data`."""
    outcome: str
    """Id of the outcome."""
    sensitivity: float = Field(
        description=f"Cumulative Jensen-Shannon distance per doubling of the power; above {SCALING_NOTED} it deserves a look."
    )
    pareto_k: float | None = Field(
        description=f"Larger Pareto k of the two sets of importance weights; above {MAX_PARETO_K} they cannot be trusted. "
        "Null when not defined."
    )


class Lean(Part):
    """How much a probability leans on an effect that the data can hardly speak about."""

    effect: str
    """`factor -> outcome` or `cause -> effect_on`."""
    outcome: str
    """Id of the outcome whose probability is shown."""
    probability: Probability
    """Probability with the effect as it is."""
    without: Probability
    """Probability with the effect at 0; of a link, without the conditional judgments that speak of it alone."""
    low: Probability
    """Probability with the mean of the effect's prior one standard deviation lower."""
    high: Probability
    """Probability with the mean of the effect's prior one standard deviation higher."""
    pareto_k: float | None = Field(
        description=f"Largest Pareto k of the importance weights; above {MAX_PARETO_K} they cannot be trusted. "
        "Null when none were needed."
    )


class SensitivityReport(Part):
    """Power-scaling of priors and data, and the lean on stated effects."""

    scaling: tuple[PowerScaling, ...]
    """Sensitivity of each outcome to each part of the prior and to the data."""
    leans: tuple[Lean, ...]
    """Stated effects and how much probabilities depend on them, the largest first."""
    seconds: float
    """Wall time of the computation, in seconds."""


class CauseStep(Part):
    """The program run with everything up to one cause changed."""

    cause: Literal["method", "clock", "data", "world"]
    """`method`: study, priors or program changed. `clock`: time passed. `data`: earlier evidence was corrected.
    `world`: new evidence."""
    changed: bool
    """Whether the program got other numbers than before; if not, the share is exactly 0."""
    apart: bool
    """False when this change alone makes no valid study; its share is then part of the next cause's."""
    outcomes: dict[str, ProbabilityStep]
    """The step of each outcome, by its id; `change` is the cause's share."""
    scenarios: dict[str, ProbabilityStep]
    """The step of each scenario, by its id; `change` is the cause's share."""


class Triage(Part):
    """Why a forecast differs from the one before it; the shares add up to the change of the log odds.

    Where nothing changed, two forecasts differ by their seeds alone, and every share is zero.
    """

    previous: str
    """Id of the forecast before it."""
    steps: tuple[CauseStep, ...]
    """The causes in order."""
    seconds: float
    """Wall time of the computation, in seconds."""


Explanation = Attribution | InfluenceReport | SensitivityReport | Triage
"""What a job that explains a forecast finds out."""
