"""What makes outcomes depend on one another: factors, links and residual correlation."""

from __future__ import annotations

from math import inf
from typing import Annotated, Literal

from pydantic import Field

from forecast.study.document.course import Course
from forecast.study.document.fields import Block, Id, PartId, Positive, Text
from forecast.study.document.prior import NormalText


class Factor(Block):
    """A latent state over time that drives indicators and moves outcomes."""

    id: Id
    """Id of the factor."""
    title: Text | None = None
    """Title for readers; absent: the id."""
    effects: dict[PartId, NormalText] = {}
    """Outcome, or `outcome.option` -> prior of the effect of one standard deviation of the factor on its log rate or log
    odds."""
    rationale: Text | None = None
    """Why the factor has these effects."""


Delay = Annotated[float, Field(strict=True, ge=0.0, le=1000.0)]
HalfLife = Annotated[float, Field(strict=True, ge=0.5, le=1000.0)]
"""Of a link: the effect is constant within a period, which a shorter half-life would not bear."""


class Link(Block):
    """The effect of one outcome, once it has occurred, on the log rate or log odds of another."""

    cause: PartId
    """Id of the outcome that acts, once it has occurred; `outcome.option` for an option of a categorical one."""
    effect_on: PartId
    """Id of the outcome that it acts on, or `outcome.option`."""
    log_ratio: NormalText
    """Prior of the change of the log rate or log odds."""
    base: Literal["marginal", "none"] = "marginal"
    """`marginal`: what is stated of the effect has the cause in it. `none`: it is stated as if no cause occurs, and
    the link moves it."""
    delay: Delay = 0.0
    """Periods from the occurrence of the cause until the effect begins."""
    half_life: HalfLife | None = None
    """Periods in which the effect halves, from when it begins; absent: it stays."""
    source: Text | None = None
    """Where the prior comes from."""
    rationale: Text | None = None
    """Why there is such an effect."""

    @property
    def keeps_marginal(self) -> bool:
        """Whether the stated probability of the effect is its marginal one, this link in it."""
        return self.base == "marginal"

    @property
    def course(self) -> Course:
        """From when the effect acts, and how it fades."""
        return Course(self.delay, inf if self.half_life is None else self.half_life)


class Dependence(Block):
    """How outcomes depend on one another beyond links."""

    eta: Positive = 2.0
    """Concentration of the LKJ prior of the correlations; 1 is flat, larger is closer to independence."""
