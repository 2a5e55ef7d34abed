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

from forecast.futures.fading import FadingCauses, Occurred, Stages
from forecast.futures.hazards import sure_hazards
from forecast.futures.odds_offsets import odds_offset, probability_without
from forecast.futures.option_offsets import option_offsets
from forecast.futures.present import FloatArray, IntArray, Offsets, PresentCase
from forecast.futures.survivors import MAX_LOG, CauseGroup, FactorLaw

STEPS: Final = 48
"""Parts of periods to the horizon, at least."""
CERTAIN: Final = 30.0
"""Hazard of all options of an outcome on its date: one of them turns out true but for e^-30."""
FEW_PARTS: Final = 2
"""Of a period, up to which once is enough."""


def parts_of_period(horizon: int) -> int:
    """Parts of each of some periods."""
    return -(-STEPS // horizon)


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
    leads = {group: _lead(present, effects.members) for group, effects in found.items()}
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


def _lead(present: PresentCase, effects: IntArray) -> int:
    """Periods from the oldest statement about some outcomes of one group to the as-of date."""
    return int(present.expected.lead[effects].max(initial=0))


def cause_groups(present: PresentCase, effects: IntArray) -> list[CauseGroup]:
    """The groups of outcomes that act on some outcomes of one group through links that leave the marginal alone."""
    links = present.links
    chosen = [link for link, effect in enumerate(links.effect_on) if effect in effects and links.keeps_marginal[link]]
    found = []
    for group in dict.fromkeys(present.groups[links.cause[chosen]].tolist()):
        own = [link for link in chosen if present.groups[links.cause[link]] == group]
        acting = list(dict.fromkeys(links.cause[own].tolist()))
        if present.is_categorical[acting[0]] and not _lead(present, effects):
            acting += [o for o in present.members(acting[0]).tolist() if o not in acting]  # of one date, all of them
        ratios = np.ones((len(acting), len(effects), present.draws))
        for link in own:
            place = acting.index(links.cause[link]), effects.tolist().index(links.effect_on[link])
            ratios[place] = np.exp(np.clip(links.delta[:, link], -MAX_LOG, MAX_LOG))
        lead = _lead(present, effects)
        made = (_cause_group if lead == 0 else _expected_group)(present, group, acting, own, ratios)
        is_plain = all(links.courses[link].is_plain for link in own)
        found.append(made if is_plain else _with_ages(present, made, effects, own, lead))
    return found


def _with_ages(present: PresentCase, made: CauseGroup, effects: IntArray, own: list[int], lead: int) -> FadingCauses:
    """The same group of causes, its effects by the time since each cause occurred."""
    links, stages, ages = present.links, [], []
    for place, cause in enumerate(made.acting):
        courses = {effects.tolist().index(links.effect_on[o]): links.courses[o] for o in own if links.cause[o] == cause}
        since = max(float(next(links.since[o] for o in own if links.cause[o] == cause)) - lead, 0.0)
        stages.append(Stages.of(courses, np.log(made.ratios[place]), since + lead + present.horizon))
        if made.occurred[place].any():
            ages.append(Occurred(place, since, is_spread=False, share=made.occurred[place]))
    width = 1.0 / parts_of_period(present.horizon)
    return FadingCauses(**vars(made), stages=stages, width=width, ages=tuple(ages))


def _expected_group(
    present: PresentCase, group: int, acting: list[int], own: list[int], ratios: FloatArray
) -> CauseGroup:
    """As it was expected on the day of the statement about the effects; dims (draw) have length one."""
    expected = present.expected
    links = [next(link for link in own if present.links.cause[link] == cause) for cause in acting]
    hazards, whole = expected.own[links][:, None, :], expected.group[links].max(axis=0)
    had_occurred = expected.had_occurred[links].astype(float)
    occurred = np.repeat(had_occurred[:, None], present.draws, axis=1)
    return CauseGroup(
        group,
        acting,
        hazards,
        np.maximum(whole - hazards[:, 0].sum(axis=0), 0.0)[None],
        np.full((len(acting), whole.size), np.nan),
        ratios,
        occurred,
        np.full(present.draws, float(not had_occurred.any())),
        is_of_draws=False,
    )


def _cause_group(present: PresentCase, group: int, acting: list[int], own: list[int], ratios: FloatArray) -> CauseGroup:
    """As each draw expects it from the as-of date on."""
    hazards, dates = zip(*(_hazard(present, cause) for cause in acting), strict=True)
    rest = [
        o for o in np.flatnonzero(present.groups == group).tolist() if o not in acting and np.isnan(present.settled[o])
    ]
    others = sum((_hazard(present, o)[0] for o in rest), np.zeros((present.draws, present.horizon)))
    occurred = np.zeros((len(acting), present.draws))
    for place, cause in enumerate(acting):
        if np.isfinite(present.settled[cause]):
            occurred[place] = 1.0
    is_open = not np.isfinite(present.settled[present.groups == group]).any()
    pending = np.full(present.draws, float(is_open))
    return CauseGroup(group, acting, np.stack(hazards), others, np.stack(dates), ratios, occurred, pending)


def _hazard(present: PresentCase, outcome: int) -> tuple[FloatArray, FloatArray]:
    """Hazard of an outcome in each period, dims (draw, horizon), and its dates (`CauseGroup.dates`)."""
    hazard, dates = np.zeros((present.draws, present.horizon)), np.full(present.horizon, np.nan)
    if not np.isnan(present.settled[outcome]):
        return hazard, dates
    if present.is_event[outcome]:
        hazard = sure_hazards(present, outcome) if present.is_sure[outcome] else present.rates[:, outcome, :]
        return hazard, dates
    if present.is_binary[outcome]:
        place = _date_place(present, outcome)
        hazard[:, place] = -np.log1p(-np.minimum(present.yes[:, outcome], 1.0 - 1e-15))
        dates[place] = min(max(present.resolves[outcome] - place, 0.0), 1.0)
    elif present.is_categorical[outcome]:
        place = _date_place(present, outcome)
        hazard[:, place] = CERTAIN * present.yes[:, outcome]
        dates[place] = min(max(present.resolves[outcome] - place, 0.0), 1.0)
    elif present.streams.hazard.size:
        hazard = hazard + present.streams.hazard[outcome]
        ends = _decided_at(present, outcome)
        periods = np.maximum(np.ceil(ends).astype(np.int64) - 1, 0)
        dates[periods] = ends - periods
    return hazard, dates


def _decided_at(present: PresentCase, outcome: int) -> FloatArray:
    """When a threshold outcome may occur, in periods; empty where that is any time at which a count is reached."""
    asked = present.thresholds
    if asked.is_least[outcome]:
        return np.zeros(0)
    if asked.run[outcome] == 0:
        return present.resolves[outcome : outcome + 1]
    ends = present.streams.periods.edges[asked.first[outcome] + 1 : asked.last[outcome] + 2]
    return np.asarray(ends[(ends > 0.0) & (np.ceil(ends) <= present.horizon)])


def _date_place(present: PresentCase, outcome: int) -> int:
    """Of the period with the resolution date."""
    return min(max(int(np.ceil(present.resolves[outcome])) - 1, 0), present.horizon - 1)


def factor_laws(present: PresentCase, effects: IntArray) -> list[FactorLaw]:
    """The factors that move some outcomes of one group."""
    factors, found = present.factors, []
    for factor in dict.fromkeys(factors.effect_factor.tolist()):
        own = [
            effect
            for effect in np.flatnonzero(factors.effect_factor == factor)
            if factors.effect_outcome[effect] in effects
        ]
        if not own:
            continue
        gamma = np.zeros((len(effects), present.draws))
        for effect in own:
            gamma[effects.tolist().index(factors.effect_outcome[effect])] = factors.gamma[:, effect]
        found.append(FactorLaw(gamma, factors.persistence[:, factor], np.zeros(present.draws), np.ones(present.draws)))
    return found
