"""The effects of covariates, on one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

from api.pages.shared.bars import Bar, Scale, scale_around_zero
from forecast.answer import CovariateEffect
from forecast.wording import numbers


@dataclass(frozen=True)
class CovariateRow:
    """The effect of one covariate."""

    id: str
    effect: str
    sd: str
    interval: str
    factor: str
    """The rate or odds are multiplied by this for each unit."""
    center: str
    scale: str
    bar: Bar


def build_covariates(effects: tuple[CovariateEffect, ...]) -> tuple[CovariateRow, ...]:
    """The effects of all covariates, on one scale."""
    scale = scale_around_zero(effect.interval for effect in effects)
    return tuple(_covariate_row(effect, scale) for effect in effects)


def _covariate_row(effect: CovariateEffect, scale: Scale) -> CovariateRow:
    text, spread = numbers.significant(effect.mean), numbers.number_range(effect.interval)
    return CovariateRow(
        id=effect.id,
        effect=text,
        sd=numbers.significant(effect.sd),
        interval=spread,
        factor=f"×{numbers.significant(math.exp(min(effect.mean, 50.0)))}",
        center=numbers.significant(effect.center, 3) if effect.standardized else numbers.NONE,
        scale=numbers.significant(effect.scale, 3) if effect.standardized else numbers.NONE,
        bar=scale.bar(effect.mean, effect.interval, f"{text}, {numbers.level(effect.interval)} interval {spread}"),
    )
