"""Offsets that leave the stated probability of an outcome where it was stated, whatever links and factors do to it.

A level is a statement about the marginal: its causes may occur, its factors may be anywhere. So the hazard of an event
is divided, period by period, by the mean of what links and factors multiply it with among those still at risk:

    log offset_jh = -log M_jh,  M_jh = E(exp(sum of delta + sum of gamma s) | none of the group of j has occurred by h)

The mean is a product over groups of causes and over factors, which are taken to be independent given survival. For a
group of causes the chain of its states (none, one that acts, another one) is thinned by the hazards of the effect's
group in each state. A factor stays Gaussian under thinning: with K(s) the hazard of the group, its mean falls by
v E K' and its variance by v^2 E K'' a period (Stein's identity). A binary outcome has the root of
E logistic(x + offset + sum of delta + sum of gamma s) = logistic(x), with s the mean of its path; scores of options have that of
the softmax (`forecast.futures.option_offsets`).

tests/futures/test_offsets.py holds the marginals against exact enumeration and against simulations. Light: NumPy alone.

References
----------
Selection among survivors: Vaupel, Manton and Stallard (1979), Demography 16(3), doi:10.2307/2061224. Marginal structure of
odds: Neuhaus, Kalbfleisch and Hauck (1991), International Statistical Review 59(1), doi:10.2307/1403572. Gaussian moment
closure: Kuehn (2016), doi:10.1007/978-3-319-28028-8_13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.futures.moving import cause_groups, factor_laws, oldest_lead, parts_of_period
from forecast.futures.odds_offsets import odds_offset, probability_without
from forecast.futures.option_offsets import option_offsets
from forecast.futures.present import FloatArray, IntArray, Offsets, PresentCase
from forecast.futures.survivors import CauseGroup, FactorLaw

FEW_PARTS: Final = 2
"""Of a period, up to which once is enough."""


@dataclass
class _Effects:
    """Outcomes that exclude one another, and what moves them."""

    members: IntArray
    rates: FloatArray
    """Dims (horizon, effect, draw)."""
    causes: list[CauseGroup]
    factors: list[FactorLaw]

    def advance(self, period: int, rates: FloatArray) -> FloatArray:
        """Log offsets of one period, dims (effect, draw); the laws go on to the next one.

        An offset holds for a whole period, while those at higher risk go first within it. So the period is gone through
        in parts, with the offset of its beginning; the offset is that of the mean over its parts. Long periods are gone
        through again with it.
        """
        parts = parts_of_period(len(self.rates))
        offset = 1.0 / self._mean(period, 0, parts)
        rounds = 1 if parts <= FEW_PARTS else 2
        for left in range(rounds, 0, -1):
            begun = [cause.masses for cause in self.causes]
            laws = [(factor.mean, factor.variance) for factor in self.factors]
            offset = parts / self._go_through(period, parts, rates * offset / parts)
            if left > 1:
                for cause, masses in zip(self.causes, begun, strict=True):
                    cause.masses = masses
                for factor, law in zip(self.factors, laws, strict=True):
                    factor.mean, factor.variance = law
        for factor in self.factors:
            factor.advance()
        return np.asarray(np.log(offset))

    def _mean(self, period: int, part: int, parts: int) -> FloatArray:
        found: FloatArray = np.ones(self.rates.shape[1:])
        for cause in self.causes:
            found = found * cause.multiplier(period, part, parts)
        for factor in self.factors:
            found = found * factor.multiplier()
        return np.maximum(found, 1e-300)

    def _go_through(self, period: int, parts: int, rates: FloatArray) -> FloatArray:
        """Sum over the parts of a period of the mean multiplier; `rates` are those of a part without causes or factors."""
        total = np.zeros_like(rates)
        for part in range(parts):
            causes = [cause.multiplier(period, part, parts) for cause in self.causes]
            mean = self._mean(period, part, parts)
            total += mean
            for cause, own in zip(self.causes, causes, strict=True):
                cause.advance(period, part, parts, rates * mean / own)
            for factor in self.factors:
                factor.thin(rates * mean)
        return np.maximum(total, 1e-300)

    def on(self, cause: CauseGroup, outcomes: IntArray) -> FloatArray | None:
        """Mean of what some outcomes, the causes of one group here, multiply these hazards with; dims (effect, draw).

        Only for effects that are themselves causes of those outcomes: among those in whom none of the outcomes has
        occurred, the hazard of the cause is its marginal over this mean.
        """
        for own in self.causes:
            if own.is_of_draws and np.isin(own.acting, outcomes).any():
                return np.asarray(own.raised()[[self.members.tolist().index(outcome) for outcome in cause.acting]])
        return None


def marginal_offsets(present: PresentCase) -> Offsets:
    """The offsets of all outcomes that links or factors move."""
    found: dict[int, _Effects] = {}
    for group in np.unique(present.groups[present.is_event]).tolist():
        members = np.flatnonzero((present.groups == group) & present.is_event)
        causes, factors = cause_groups(present, members), factor_laws(present, members)
        if causes or factors:
            rates = np.ascontiguousarray(present.rates[:, members, :].transpose(2, 1, 0))
            found[group] = _Effects(members, rates, causes, factors)
    odds = {int(outcome): odds_offset(present, int(outcome)) for outcome in np.flatnonzero(present.is_binary)}
    scores: dict[int, FloatArray] = {}
    for group in np.unique(present.groups[present.is_categorical]).tolist():
        scores |= option_offsets(present, np.flatnonzero(present.groups == group))
    for group, effects in found.items():
        _let_act_back(present, group, effects, odds)
    leads = {group: oldest_lead(present, effects.members) for group, effects in found.items()}
    for group, effects in found.items():
        # From the day of the statement to the as-of date, with the hazard of the first period after it, as far as at risk.
        for step in range(leads[group]):
            at_risk = np.clip(present.expected.at_risk[effects.members] - (leads[group] - step - 1), 0.0, 1.0)
            effects.advance(step, effects.rates[0] * at_risk[:, None])
    hazards: dict[int, FloatArray] = {
        member: np.zeros((present.draws, present.horizon))
        for effects in found.values()
        for member in effects.members.tolist()
    }
    for period in range(present.horizon):
        for effects in found.values():
            for cause in effects.causes:
                back = found.get(cause.group)
                mean = back.on(cause, effects.members) if back is not None and cause.is_of_draws else None
                cause.scale = None if mean is None else 1.0 / mean
        for group, effects in found.items():
            offsets = effects.advance(leads[group] + period, effects.rates[period])
            for place, member in enumerate(effects.members.tolist()):
                hazards[member][:, period] = offsets[place]
    return Offsets(
        {member: values for member, values in hazards.items() if values.any()},
        {outcome: offset for outcome, offset in odds.items() if offset is not None} | scores,
    )


def _let_act_back(present: PresentCase, group: int, effects: _Effects, odds: Mapping[int, FloatArray | None]) -> None:
    """Binary causes on which the effects act back: among those still at risk of these they have another probability."""
    links = present.links
    for cause in effects.causes:
        for place, outcome in enumerate(cause.acting):
            offset = odds.get(outcome)
            back = (links.effect_on == outcome) & links.keeps_marginal & np.isin(links.cause, effects.members)
            if cause.is_of_draws and offset is not None and back.any() and not present.expected.lead[outcome]:
                chance = probability_without(present, outcome, offset, group)
                hazards = cause.hazards[place]
                hazards[hazards > 0.0] = np.broadcast_to(
                    -np.log1p(-np.minimum(chance, 1.0 - 1e-15))[:, None], hazards.shape
                )[hazards > 0.0]
