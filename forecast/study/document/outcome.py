"""Outcomes: what is uncertain, how it resolves, and its prior information."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from forecast.study.document.fields import (
    ID_PATTERN,
    LARGEST_TOTAL,
    Block,
    CovariateValue,
    Day,
    HalfNormalScale,
    Id,
    OutcomeId,
    RequiredText,
    Scale,
    Text,
    field_error,
)
from forecast.study.document.options import DEFAULT_SPREAD, MOST_OPTIONS, Option, centred_logs, part_id
from forecast.study.document.prior import Normal, OutcomeKind, Prior, default_prior
from forecast.study.document.reference import Reference, ReferenceField
from forecast.study.document.window import Window

_ID_SCHEMA: Final[dict[str, Any]] = {"type": "string", "pattern": ID_PATTERN}
Band = Annotated[float, Field(strict=True, ge=0.0, le=1e9)]
IndicatorIds = Annotated[
    tuple[Id, ...],
    Field(min_length=1, max_length=100),
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [_ID_SCHEMA, {"type": "array", "items": _ID_SCHEMA, "minItems": 1}]}),
]


class Resolution(Block):
    """How it is decided whether the outcome has occurred."""

    criteria: RequiredText
    """What must be true, precise enough to be decided without dispute."""
    source: Text | None = None
    """Who or what decides, such as a publication."""
    by: Day | None = None
    """The last day that counts; after the as-of date, by the end of the horizon. Absent: the end of the horizon."""


class Pooling(Block):
    """How far classes, cases and ages may differ: scales of half-normal priors, on the outcome's scale."""

    class_sd: HalfNormalScale = 0.7
    """Standard deviation between reference classes."""
    case_sd: HalfNormalScale = 0.5
    """Standard deviation between cases of a class (frailty); 0 for none, as for aggregated counts."""
    trend_sd: HalfNormalScale = 0.5
    """Standard deviation of the exponent by which the hazard rises or falls with age (event only)."""
    wiggle_sd: HalfNormalScale = 0.3
    """How far the hazard may leave that trend from band to band (event only)."""
    age_bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=40)] | None = None
    """Starts of the age bands in periods, rising from 0 (event only). Absent: 0, H/4, H/2, H, 2H, 4H for horizon H."""

    @model_validator(mode="after")
    def _bands_rise_from_zero(self) -> Self:
        bands = self.age_bands
        if bands is not None and (bands[0] != 0.0 or any(a >= b for a, b in itertools.pairwise(bands))):
            shown = ", ".join(f"{band:g}" for band in bands[:8]) + (", ..." if len(bands) > 8 else "")
            raise field_error(
                f"age_bands are [{shown}]; expected them to start at 0 and to rise strictly, such as [0, 12, 36]; "
                "correct the list"
            )
        return self


class Outcome(Block):
    """Something uncertain, with resolution criteria."""

    id: OutcomeId
    """Name in expressions and tables: a lower-case letter, then lower-case letters, digits and underscores; up to
    64."""
    title: RequiredText
    """Title for readers."""
    kind: OutcomeKind
    """`event`: at some time or not. `binary`: yes or no on one date. `threshold`: an indicator reaches a value.
    `categorical`: exactly one of some options."""
    competes: Id | None = None
    """Label; event outcomes with the same label exclude one another."""
    exhaustive: Annotated[bool, Field(strict=True)] = False
    """Whether one of the outcomes with this `competes` must occur by the last of their dates (event only). Said of one it
    holds for all, and what is stated about them is taken as said under that."""
    at_risk_since: Day | None = None
    """First day on which the present case can have the event (event only), before the last day that counts. Its age counts
    from here. The as-of date: nothing has been observed yet. A later day: it is at risk only from then on. Absent: age 0 on
    the as-of date, and no event-free history."""
    resolution: Resolution
    """The rule and the date of the decision."""
    prior: Prior | None = None
    """What is believed before evidence. Absent: a wide default; a reference class or a judgment must then speak about
    it."""
    pooling: Pooling = Pooling()
    """How far classes, cases and ages may differ."""
    reference: ReferenceField | None = None
    """Weight of each reference class in the present case, by id: 0 or more, at most 1 in all. A new class gets the rest, all
    of it with `{}`. The present case belongs to one of them (the same as `one_of`), or lies between them (`blend`)."""
    covariates: dict[Id, CovariateValue] = {}
    """The present case's value of each covariate, by id, as it would be written in the tables."""
    indicator: IndicatorIds | None = None
    """Id of the indicator, or a list of those whose counts are added (threshold only)."""
    at_least: Annotated[float, Field(strict=True, gt=0.0, le=LARGEST_TOTAL)] | None = None
    """Count to be reached; in any one period, unless `window` says otherwise (threshold only)."""
    at_most: Annotated[float, Field(strict=True, ge=0.0, le=LARGEST_TOTAL)] | None = None
    """Count not to be exceeded, instead of `at_least`; only whole periods show it (threshold only)."""
    window: Window = Window()
    """Which periods count, and whether one of them, a run or all together (threshold only)."""
    options: Annotated[tuple[Option, ...], Field(min_length=2, max_length=MOST_OPTIONS)] | None = None
    """What may turn out, one of them for certain; their order means nothing (categorical only). Links and factors name one
    as `outcome.option`, expressions as `option(outcome, option)`."""
    spread: Scale | None = None
    """Standard deviation of the log ratio of the probabilities of two options, before evidence (categorical only);
    absent: 1.5."""

    @property
    def indicators(self) -> tuple[str, ...]:
        """Ids of the indicators whose counts a threshold looks at."""
        return self.indicator or ()

    @property
    def class_weights(self) -> dict[str, float]:
        """Weight of each reference class, by id."""
        return self.reference.weights if isinstance(self.reference, Reference) else {}

    @property
    def is_blend(self) -> bool:
        """Whether the present case lies between its classes, rather than in one of them."""
        return isinstance(self.reference, Reference) and self.reference.blend is not None

    @property
    def is_modelled(self) -> bool:
        """Whether it has a level of its own; a threshold outcome has not, its indicator speaks for it."""
        return self.kind is not OutcomeKind.THRESHOLD

    @property
    def parts(self) -> tuple[Outcome, ...]:
        """Its options as outcomes of their own, whose scores differ by what `pooling` and `spread` say of log ratios; any
        other outcome itself."""
        if self.options is None or self.kind is not OutcomeKind.CATEGORICAL:
            return (self,)
        stated = [option.probability for option in self.options]
        logs = centred_logs([p if p is not None else 1.0 for p in stated])
        sd, pooling = (self.spread or DEFAULT_SPREAD) * math.sqrt(0.5), self.pooling
        halved = {"class_sd": pooling.class_sd * math.sqrt(0.5), "case_sd": pooling.case_sd * math.sqrt(0.5)}
        return tuple(
            self.model_copy(
                update={
                    "id": part_id(self.id, option.id),
                    "title": f"{self.title}: {option.title or option.id}",
                    "competes": part_id(self.id, ""),
                    "pooling": pooling.model_copy(update=halved),
                    "prior": Prior(distribution=Normal(mean=mean, sd=sd)),
                    "options": None,
                }
            )
            for option, mean in zip(self.options, logs, strict=True)
        )

    def prior_on_scale(self, horizon: int) -> Normal:
        """The stated prior, or the default one: log rate per period (event) or log odds."""
        return default_prior(self.kind, horizon) if self.prior is None else self.prior.on_scale(self.kind, horizon)

    def bands(self, horizon: int) -> tuple[float, ...]:
        """Starts of the age bands in periods, the first one 0: as stated, or 0, H/4, H/2, H, 2H, 4H."""
        if self.pooling.age_bands is not None:
            return tuple(float(band) for band in self.pooling.age_bands)
        return (0.0, *(horizon * factor for factor in (0.25, 0.5, 1.0, 2.0, 4.0)))
