"""Outcomes: what is uncertain, how it resolves, and what the model is told about it beforehand."""

from __future__ import annotations

import itertools
from typing import Annotated, Self

from pydantic import Field, model_validator

from forecast.study.document.fields import (
    LARGEST_COUNT,
    Block,
    CovariateValue,
    Day,
    HalfNormalScale,
    Id,
    OutcomeId,
    RequiredText,
    Text,
    field_error,
)
from forecast.study.document.prior import Normal, OutcomeKind, Prior, default_prior

Band = Annotated[float, Field(strict=True, ge=0.0, le=1e9)]


class Resolution(Block):
    """How everybody will agree whether it has happened."""

    criteria: RequiredText
    source: Text | None = None
    by: Day | None = None
    """The last day that counts; after the as-of date, by the end of the horizon. Absent: the end of the horizon."""


class Pooling(Block):
    """How far classes, cases and ages may differ: scales of half-normal priors, on the outcome's scale."""

    class_sd: HalfNormalScale = 0.7
    """Between reference classes."""
    case_sd: HalfNormalScale = 0.5
    """Between cases of a class (frailty); 0 for none, as for aggregated counts."""
    trend_sd: HalfNormalScale = 0.5
    """How the hazard rises or falls with age: standard deviation of its exponent (event only)."""
    wiggle_sd: HalfNormalScale = 0.3
    """How far the hazard may leave that trend from band to band (event only)."""
    age_bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=40)] | None = None
    """Starts of the age bands in periods, from 0 upwards (event only). Absent: 0, H/4, H/2, H, 2H, 4H."""

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
    title: RequiredText
    kind: OutcomeKind
    competes: Id | None = None
    """Event outcomes of one label exclude one another."""
    at_risk_since: Day | None = None
    """Since when the present case could have had the event and has not (event only); before the as-of date.

    Its age counts from here. Absent: it is at age 0 on the as-of date, and has no event-free history.
    """
    resolution: Resolution
    prior: Prior | None = None
    """May be left out when a reference class or a judgment speaks about the outcome; then a wide default is used."""
    pooling: Pooling = Pooling()
    reference: dict[Id, Annotated[float, Field(strict=True, ge=0.0)]] | None = None
    """Weights of the present case over reference classes, summing to at most 1; the rest goes to a new class."""
    covariates: dict[Id, CovariateValue] = {}
    """The present case's values, as they would stand in the tables."""
    indicator: Id | None = None
    """Threshold only: which indicator."""
    at_least: Annotated[float, Field(strict=True, gt=0.0, le=LARGEST_COUNT)] | None = None
    """Threshold only: the value to be reached in any one period."""

    @property
    def is_modelled(self) -> bool:
        """Whether it has a level of its own; a threshold outcome has not, its indicator speaks for it."""
        return self.kind is not OutcomeKind.THRESHOLD

    def prior_on_scale(self, horizon: int) -> Normal:
        """The stated prior, or the default one: log rate per period (event) or log odds."""
        return default_prior(self.kind, horizon) if self.prior is None else self.prior.on_scale(self.kind, horizon)

    def bands(self, horizon: int) -> tuple[float, ...]:
        """Starts of the age bands in periods, the first one 0: as stated, or 0, H/4, H/2, H, 2H, 4H."""
        if self.pooling.age_bands is not None:
            return tuple(float(band) for band in self.pooling.age_bands)
        return (0.0, *(horizon * factor for factor in (0.25, 0.5, 1.0, 2.0, 4.0)))
