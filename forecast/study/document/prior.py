"""Priors: a normal distribution on the outcome's own scale, stated there or elicited as a probability.

`event` outcomes live on the log rate per period, `binary` and `threshold` ones on the log odds.
"""

from __future__ import annotations

import math
import re
from datetime import date
from enum import StrEnum
from statistics import NormalDist
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from forecast.study.document.fields import Block, Day, OpenProbability, Positive, Scale, Text, field_error, rising

FIT_TOLERANCE: Final = 0.05
"""Largest difference in probability between stated and fitted quantiles that is still called a fit."""

_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_NORMAL = re.compile(rf"\s*normal\(\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\)\s*", re.ASCII)


class OutcomeKind(StrEnum):
    """What it means that an outcome occurs."""

    EVENT = "event"
    """Happens at some time, or not by the horizon."""
    BINARY = "binary"
    """Resolves yes or no on one date."""
    THRESHOLD = "threshold"
    """An indicator reaches a value in some period up to a date."""
    CATEGORICAL = "categorical"
    """Exactly one of some options turns out true; the model has an outcome for each option."""


class About(StrEnum):
    """Which case a stated probability speaks of."""

    PRESENT = "present"
    """The present case, with all that classes, cases and ages may add, and with its competitors."""
    TYPICAL = "typical"
    """A typical case of a typical class, as if nothing competed; what classes, cases and ages add comes on top."""


class Normal(Block):
    """A normal distribution; written ``normal(mean, sd)`` in a document."""

    mean: Annotated[float, Field(strict=True, ge=-50.0, le=50.0)]
    """Mean, on the log rate per period or the log odds."""
    sd: Scale
    """Standard deviation on the same scale."""

    def __str__(self) -> str:
        return f"normal({self.mean:g}, {self.sd:g})"


def parse_normal(value: object) -> Normal:
    """The distribution that a text such as ``normal(-5.0, 1.0)`` names.

    Raises
    ------
    ValueError
        When the text is of another form, or the mean or the standard deviation is out of range.
    """
    if isinstance(value, Normal):
        return value
    match = _NORMAL.fullmatch(value) if isinstance(value, str) and len(value) <= 200 else None
    if match is None:
        raise ValueError(
            f"{str(value)[:60]!r} is not a prior; expected text such as normal(-5.0, 1.0): mean, then standard deviation"
        )
    mean, sd = (float(number) for number in match.groups())
    if not (abs(mean) <= 50.0 and 0.0 < sd <= 50.0):
        raise ValueError(
            f"{value!r} is out of range; expected a mean within -50 to 50 and a standard deviation above 0, up to 50, "
            "on the log rate or log odds; correct the numbers"
        )
    return Normal(mean=mean, sd=sd)


def _normal_field(value: object) -> Normal:
    try:
        return parse_normal(value)
    except ValueError as error:
        raise field_error(str(error)) from None


NormalText = Annotated[
    Normal,
    BeforeValidator(_normal_field),
    WithJsonSchema({"type": "string", "pattern": r"^\s*normal\(.+,.+\)\s*$", "examples": ["normal(-5.0, 1.0)"]}),
]


class Quantiles(Block):
    """A stated belief about a probability: the median, and the ends of a central interval."""

    median: OpenProbability
    """Median of the probability."""
    low: OpenProbability
    """Lower end of the interval; below the median."""
    high: OpenProbability
    """Upper end of the interval; above the median."""
    level: OpenProbability = 0.9
    """Belief that the probability lies in low..high; the rest is split evenly over both sides."""

    @model_validator(mode="before")
    @classmethod
    def _not_alone(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise field_error(
                f"{value:g} alone; expected the median with the ends of an interval, since a prior says how sure it is; "
                f"write {{low: ..., median: {value:g}, high: ...}}, or state it as a row of `judgments`"
            )
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        rising(self.low, self.median, self.high)
        return self


class ElicitedProbability(Block):
    """A probability with its quantiles, by a number of periods from the day on which it is stated.

    By default it is about the present case: what classes, cases and ages may add, and the competitors, are inside it.
    So is the quiet time before its day; quiet time after it is data.
    """

    probability: Quantiles
    """Quantiles of the probability."""
    by: Positive | None = None
    """Periods from `on`; absent: the study's horizon or, where one of several outcomes must occur, the last of their dates.
    Binary outcomes resolve on one date and do not use it."""
    about: About = About.PRESENT
    """`present`: the present case, all spreads inside. `typical`: a typical case, so that spreads come on top."""
    on: Day | None = None
    """Day on which it is stated, up to the as-of date; absent: the as-of date. Only for `about: present`."""

    @model_validator(mode="after")
    def _dated(self) -> Self:
        _require_undated(self.about, self.on)
        return self

    def on_scale(self, kind: OutcomeKind, horizon: int) -> Normal:
        """The normal distribution closest to the three quantiles on the outcome's scale, in closed form.

        What a statement about a typical case means; for the present case it is where solving begins
        (`forecast.model.encoding.stated`).

        On that scale the quantiles of a normal are mean + sd z with z = -q, 0, +q, so least squares over the three
        of them (the median counts as one of three) gives mean = (low + median + high) / 3 and
        sd = (high - low) / 2q. Quantiles that are lopsided on that scale are met only approximately: `fit_error`
        says how far off.

        Parameters
        ----------
        kind
            `event`: log rate per period of the constant hazard that gives the probability by `by` periods,
            log(-log(1 - p) / by). Otherwise the log odds.
        horizon
            Periods, used when `by` is absent.
        """
        low, median, high = (self._to_scale(p, kind, horizon) for p in self._stated())
        return Normal(mean=(low + median + high) / 3.0, sd=(high - low) / (2.0 * self._z()))

    def fitted(self, kind: OutcomeKind, horizon: int) -> tuple[float, float, float]:
        """Low, median and high of the fitted distribution, as probabilities."""
        normal, z = self.on_scale(kind, horizon), self._z()
        low, median, high = (self._from_scale(normal.mean + normal.sd * k, kind, horizon) for k in (-z, 0.0, z))
        return low, median, high

    def fit_error(self, kind: OutcomeKind, horizon: int) -> float:
        """The largest absolute difference in probability between a stated and a fitted quantile."""
        return max(abs(a - b) for a, b in zip(self._stated(), self.fitted(kind, horizon), strict=True))

    def _stated(self) -> tuple[float, float, float]:
        return self.probability.low, self.probability.median, self.probability.high

    def _z(self) -> float:
        return NormalDist().inv_cdf((1.0 + self.probability.level) / 2.0)

    def _to_scale(self, p: float, kind: OutcomeKind, horizon: int) -> float:
        if kind is OutcomeKind.EVENT:
            return math.log(-math.log1p(-p) / (self.by or horizon))
        return math.log(p) - math.log1p(-p)

    def _from_scale(self, y: float, kind: OutcomeKind, horizon: int) -> float:
        if kind is OutcomeKind.EVENT:
            return -math.expm1(-math.exp(min(y, 700.0)) * (self.by or horizon))
        return 1.0 / (1.0 + math.exp(-y)) if y >= 0.0 else math.exp(y) / (1.0 + math.exp(y))


def _require_undated(about: About | None, on: date | None) -> None:
    if about is About.TYPICAL and on is not None:
        raise field_error(
            f"on: {on} beside about: typical; expected it for the present case alone: a typical case has no day; "
            "remove one of them"
        )


def _distribution_tag(value: object) -> str:
    return "<elicited>" if isinstance(value, dict | ElicitedProbability) else "<normal>"


Distribution = Annotated[
    Annotated[NormalText, Tag("<normal>")] | Annotated[ElicitedProbability, Tag("<elicited>")],
    Discriminator(_distribution_tag),
]


class Prior(Block):
    """What is believed of an outcome before its reference classes are seen, and why.

    Either ``distribution: normal(m, s)`` on the outcome's scale, or an elicited ``probability`` with ``by``, which
    may also stand under ``distribution``. The mean is within -50 to 50, the standard deviation above 0 and at most 50.
    """

    distribution: Distribution | None = None
    """Normal distribution on the log rate per period (event) or the log odds; or an elicited probability."""
    probability: Quantiles | None = None
    """Quantiles of the probability, instead of `distribution`. Where one of several outcomes must occur, it is that this one
    does, given that: medians add up to about 1."""
    by: Positive | None = None
    """Periods from `on` by which `probability` is meant; absent: the study's horizon. Where one of several outcomes must
    occur (`exhaustive`), absent means the last of their dates."""
    about: About | None = None
    """`present` (the default): `probability` is that of the present case. `typical`: of a typical case, spreads come on
    top. A normal distribution is about a typical class."""
    on: Day | None = None
    """Day on which `probability` is stated, up to the as-of date; absent: the as-of date. Quiet time after it is data."""
    source: Text | None = None
    """Where the prior comes from."""
    rationale: Text | None = None
    """Why it was chosen."""

    @model_validator(mode="after")
    def _one_statement(self) -> Self:
        if (self.distribution is None) == (self.probability is None):
            seen = "neither" if self.distribution is None else "both"
            raise field_error(
                f"{seen} of distribution and probability given; expected one of them; state the prior once"
            )
        for key, value in (("by", self.by), ("on", self.on)):
            if value is not None and self.probability is None:
                raise field_error(f"{key} without probability; expected it beside an elicited probability; remove it")
        if isinstance(self.distribution, Normal) and self.about is About.PRESENT:
            raise field_error(
                f"about: present beside {self.distribution}; expected it beside a probability: a normal distribution is "
                "about a typical class; remove it, or state the probability"
            )
        if isinstance(self.distribution, ElicitedProbability) and self.about is not None:
            raise field_error(
                "about beside distribution; expected it beside the probability that it speaks of; move it there"
            )
        _require_undated(self.about, self.on)
        return self

    @property
    def elicited(self) -> ElicitedProbability | None:
        """The elicited statement, None when the distribution was given on the outcome's scale."""
        if self.probability is not None:
            about = self.about or About.PRESENT
            return ElicitedProbability(probability=self.probability, by=self.by, about=about, on=self.on)
        return self.distribution if isinstance(self.distribution, ElicitedProbability) else None

    def on_scale(self, kind: OutcomeKind, horizon: int) -> Normal:
        """The prior of a typical class as a normal on the outcome's scale: log rate per period (`event`) or log odds.

        An elicited probability is fitted in closed form, see `ElicitedProbability.on_scale`.
        """
        elicited = self.elicited
        if elicited is not None:
            return elicited.on_scale(kind, horizon)
        assert isinstance(self.distribution, Normal)
        return self.distribution

    def fit_error(self, kind: OutcomeKind, horizon: int) -> float:
        """How far the fit is from the stated quantiles: the largest difference in probability; 0 if none were."""
        elicited = self.elicited
        return 0.0 if elicited is None else elicited.fit_error(kind, horizon)


def default_prior(kind: OutcomeKind, horizon: int) -> Normal:
    """The prior of an outcome that states none: even odds by the horizon, and very wide.

    For `event` the median rate gives probability 1/2 by the horizon under a constant hazard; its standard deviation
    of 2 spans a factor of about 50 either way (95 %). For the others it is normal(0, 1.5) on the log odds, which is
    close to flat on the probability.
    """
    if kind is OutcomeKind.EVENT:
        return Normal(mean=math.log(math.log(2.0) / horizon), sd=2.0)
    return Normal(mean=0.0, sd=1.5)
