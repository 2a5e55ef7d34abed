"""What moves the outcomes of one group: causes through links that leave the marginal alone, and factors.

Of each draw, from the as-of date on, or as it was expected on the day of an older statement. `forecast.futures.offsets` says what for.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from forecast.futures.fading import FadingCauses, Occurred, Stages
from forecast.futures.hazards import sure_hazards
from forecast.futures.present import FloatArray, IntArray, PresentCase
from forecast.futures.survivors import MAX_LOG, CauseGroup, FactorLaw

STEPS: Final = 48
"""Parts of periods to the horizon, at least."""
CERTAIN: Final = 30.0
"""Hazard of all options of an outcome on its date: one of them turns out true but for e^-30."""


def parts_of_period(horizon: int) -> int:
    """Parts of each of some periods."""
    return -(-STEPS // horizon)


def oldest_lead(present: PresentCase, effects: IntArray) -> int:
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
        if present.is_categorical[acting[0]] and not oldest_lead(present, effects):
            acting += [o for o in present.members(acting[0]).tolist() if o not in acting]  # of one date, all of them
        ratios = np.ones((len(acting), len(effects), present.draws))
        for link in own:
            place = acting.index(links.cause[link]), effects.tolist().index(links.effect_on[link])
            ratios[place] = np.exp(np.clip(links.delta[:, link], -MAX_LOG, MAX_LOG))
        lead = oldest_lead(present, effects)
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
