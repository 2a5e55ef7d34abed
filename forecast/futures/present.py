"""The present case as every posterior draw sees it: all that a simulation of its futures needs, in plain arrays.

Light: NumPy alone, so that the web process can roll a stored forecast forward again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from forecast.futures.numbers import Numbers
from forecast.futures.streams import Streams, Thresholds
from forecast.study.document.course import Course

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

EVENT, BINARY, THRESHOLD, CATEGORICAL = "event", "binary", "threshold", "categorical"
DAY_BEFORE = 1e-6
"""Of a period, for each day before the as-of date on which something is known to have happened."""
MAX_RATE = 1e6
"""Largest expected number of events of one future period; larger values make no difference, and sums stay finite."""


@dataclass(frozen=True)
class Factors:
    """Latent states at the last past period, how they persist, and what they move."""

    state: FloatArray
    """Dims (draw, factor); stationary mean 0, variance 1."""
    persistence: FloatArray
    """Dims (draw, factor): correlation between one period and the next."""
    gamma: FloatArray
    """Dims (draw, effect): change of the log rate or log odds per standard deviation."""
    effect_outcome: IntArray
    """Per effect: place of the outcome."""
    effect_factor: IntArray
    """Per effect: place of the factor."""

    def select(self, draws: IntArray) -> Factors:
        return replace(self, state=self.state[draws], persistence=self.persistence[draws], gamma=self.gamma[draws])

    @classmethod
    def none(cls, draws: int) -> Factors:
        """No factor."""
        empty = np.zeros((draws, 0))
        return cls(empty, empty, empty, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Expected:
    """What was expected of causes on the day of a statement about their effects, older than the as-of date."""

    lead: IntArray
    """Per outcome: whole periods from that day to the as-of date; 0 where each draw's own causes are expected."""
    own: FloatArray
    """Dims (link, step): hazard of the cause in each period from that day on."""
    group: FloatArray
    """Dims (link, step): the same of all that exclude one another, the cause included."""
    had_occurred: BoolArray
    """Per link: whether the cause had occurred by that day."""
    at_risk: FloatArray
    """Per outcome: periods before the as-of date in which its event was possible; infinite where nothing says since when."""

    @classmethod
    def none(cls, outcomes: int) -> Expected:
        """Every statement is of the as-of date."""
        none = np.zeros((0, 0))
        return cls(
            np.zeros(outcomes, dtype=np.int64), none, none, np.zeros(0, dtype=np.bool_), np.full(outcomes, np.inf)
        )


@dataclass(frozen=True)
class Links:
    """What an outcome does to another from the moment it occurs."""

    cause: IntArray
    effect_on: IntArray
    """Both per link: places of the outcomes."""
    delta: FloatArray
    """Dims (draw, link): change of the log rate or log odds."""
    keeps_marginal: BoolArray
    """Per link: whether the effect's level is its marginal, with this link in it; else it is a level without the cause."""
    courses: tuple[Course, ...]
    """Per link: from when it acts, and how it fades."""
    since: FloatArray
    """Per link: periods from the day on which its cause is known to have occurred to the as-of date; else 0."""

    def select(self, draws: IntArray) -> Links:
        return replace(self, delta=self.delta[draws])

    @classmethod
    def none(cls, draws: int) -> Links:
        """No link."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, np.zeros((draws, 0)), np.zeros(0, dtype=np.bool_), (), np.zeros(0))


@dataclass(frozen=True)
class Offsets:
    """What is added so that marginals stay; an outcome that nothing moves has no entry."""

    log_hazard: Mapping[int, FloatArray]
    """By place of an event outcome, dims (draw, horizon)."""
    log_odds: Mapping[int, FloatArray]
    """By place of a binary outcome, dims (draw)."""

    def select(self, draws: IntArray) -> Offsets:
        """The same for some of the draws."""
        return Offsets(
            {outcome: values[draws] for outcome, values in self.log_hazard.items()},
            {outcome: values[draws] for outcome, values in self.log_odds.items()},
        )

    def plus(self, correction: FloatArray) -> Offsets:
        """With something added for all draws, dims (outcome, horizon); the first period's number to log odds."""
        return Offsets(
            {outcome: values + correction[outcome] for outcome, values in self.log_hazard.items()},
            {outcome: values + correction[outcome, 0] for outcome, values in self.log_odds.items()},
        )


@dataclass(frozen=True)
class PresentCase:
    """What each posterior draw says about the future; draws of all chains in one row, chain by chain."""

    outcomes: tuple[str, ...]
    """All of the study, in its order."""
    kinds: tuple[str, ...]
    """Per outcome: event, binary, threshold, or categorical for an option, whose group are all options of one outcome."""
    groups: IntArray
    """Per outcome: outcomes of one group exclude one another."""
    resolves: FloatArray
    """Per outcome: periods from the as-of date to its resolution date (or the horizon)."""
    level: FloatArray
    """Dims (draw, outcome): log rate per period, log odds or score of an option; 0 for threshold outcomes."""
    shape: FloatArray
    """Dims (draw, band): log hazard shape of the age bands that the present case goes through."""
    band_outcome: IntArray
    """Per band: place of its event outcome."""
    time_in_band: FloatArray
    """Dims (horizon, band): share of each future period that is spent in the band."""
    factors: Factors
    links: Links
    expected: Expected
    streams: Streams
    thresholds: Thresholds
    settled: FloatArray
    """Per outcome: not a number while it is open; 0 less `DAY_BEFORE` for each day for what is known to have happened,
    so in order and just before all that is to come; infinite for what is known not to happen."""
    is_sure: BoolArray
    """Per outcome: whether it, or one that excludes it, must occur by the last of their resolution dates."""
    correction: FloatArray
    """Dims (outcome, horizon): added to the offsets of marginals (`forecast.futures.correction`); the first one to log odds."""
    chains: int
    begins: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Per outcome: periods from the as-of date until an event can happen, 0 where it can at once; empty where all can."""
    numbers: Numbers | None = None
    """Quantities; None where there are none, or where their numbers are at hand."""
    offsets: Offsets | None = None
    """Without the correction; None: they have not been worked out (`forecast.futures.offsets.marginal_offsets`)."""

    @property
    def draws(self) -> int:
        """Draws over all chains."""
        return int(self.level.shape[0])

    @property
    def horizon(self) -> int:
        """Future periods."""
        return int(self.time_in_band.shape[0])

    @property
    def is_event(self) -> BoolArray:
        """Per outcome."""
        return np.array([kind == EVENT for kind in self.kinds], dtype=bool)

    @property
    def is_binary(self) -> BoolArray:
        """Per outcome."""
        return np.array([kind == BINARY for kind in self.kinds], dtype=bool)

    @property
    def is_categorical(self) -> BoolArray:
        """Per outcome: whether it is an option."""
        return np.array([kind == CATEGORICAL for kind in self.kinds], dtype=bool)

    @property
    def is_dated(self) -> BoolArray:
        """Per outcome: whether it is settled on its resolution date, and no other."""
        return self.is_binary | self.is_categorical

    def members(self, outcome: int) -> IntArray:
        """Places of the outcomes of one group, all options of an outcome among them."""
        return np.flatnonzero(self.groups == self.groups[outcome])

    def select(self, draws: IntArray) -> PresentCase:
        """The same for some of the draws."""
        return replace(
            self,
            level=self.level[draws],
            shape=self.shape[draws],
            factors=self.factors.select(draws),
            links=self.links.select(draws),
            streams=self.streams.select(draws),
            numbers=None if self.numbers is None else self.numbers.select(draws),
            offsets=None if self.offsets is None else self.offsets.select(draws),
        )

    def begins_at(self, outcome: int) -> float:
        """Periods from the as-of date until an event can happen: in the period that holds this time, all of its hazard
        lies after it."""
        return float(self.begins[outcome]) if self.begins.size else 0.0

    def own_rates(self, outcome: int) -> FloatArray:
        """Expected events of an event outcome per future period, factors at 0, nothing else having occurred.

        Returns
        -------
        Dims (draw, horizon): the rate averaged over the ages that each period covers.
        """
        own = np.flatnonzero(self.band_outcome == outcome)
        # Not @: a small product would wake the threads of BLAS, which on a busy machine take longer than the work.
        multiplier: FloatArray = np.einsum("db,hb->dh", _exp(self.shape[:, own]), self.time_in_band[:, own])
        return np.minimum(_exp(self.level[:, outcome])[:, None] * multiplier, MAX_RATE)

    @cached_property
    def rates(self) -> FloatArray:
        """`own_rates` of all outcomes, dims (draw, outcome, horizon); 0 for those that are not events, or known never to occur."""
        result = np.zeros((self.draws, len(self.outcomes), self.horizon))
        for position in np.flatnonzero(self.is_event & (self.settled != np.inf)):
            result[:, position, :] = self.own_rates(int(position))
        return result

    def deadline(self, outcome: int) -> float:
        """Periods until an outcome, or one that excludes it, must have occurred; infinite if none has to."""
        return float(self.resolves[self.groups == self.groups[outcome]].max()) if self.is_sure[outcome] else np.inf

    @cached_property
    def sure_rates(self) -> FloatArray:
        """`rates` until one of a group must have occurred, nothing after that; dims (draw, outcome, horizon)."""
        if not self.is_sure.any():
            return self.rates
        starts = np.arange(self.horizon)
        ends = np.array([self.deadline(outcome) for outcome in range(len(self.outcomes))])
        return np.asarray(self.rates * np.clip(ends[:, None] - starts, 0.0, 1.0))

    @property
    def yes(self) -> FloatArray:
        """Probability of yes, or of an option, factors at 0 and nothing else having occurred; dims (draw, outcome), 0 for
        outcomes without a date of their own."""
        found: FloatArray = np.where(self.is_binary, 1.0 / (1.0 + _exp(-self.level)), 0.0)
        for first in dict.fromkeys(self.groups[self.is_categorical].tolist()):
            found[:, self.groups == first] = softmax(self.level[:, self.groups == first])
        return found

    @cached_property
    def closed(self) -> BoolArray:
        """Per outcome: whether its probability has a closed form for each draw.

        No factor moves it or one that it competes with, nor does an outcome, unless its level is the marginal as of the
        as-of date; and it is not a threshold outcome.
        """
        moved = np.array([kind == THRESHOLD for kind in self.kinds], dtype=bool)
        moved[self.factors.effect_outcome] = True
        moved[self.links.effect_on[~self.links.keeps_marginal]] = True
        moved[self.expected.lead > 0] = True
        moved |= ~np.isnan(self.settled)
        return ~np.isin(self.groups, self.groups[moved])


def softmax(scores: FloatArray) -> FloatArray:
    """Probabilities of options from their scores along the last dim."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _exp(values: FloatArray) -> FloatArray:
    """Far beyond any rate that means something, but finite."""
    return np.asarray(np.exp(np.minimum(values, 300.0)))
