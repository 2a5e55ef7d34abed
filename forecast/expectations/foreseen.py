"""Causes as they were expected on an earlier day: the study as it was known then, sampled for itself.

References
----------
A marginal statement keeps its meaning under later evidence on its parents only if the parents' law at the time of the
statement is kept with it: Jeffrey's rule, see Diaconis and Zabell (1982), doi:10.1080/01621459.1982.10477893.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np

from forecast.errors import StopRequestedError
from forecast.futures.hazards import cumulative_incidence
from forecast.futures.present import FloatArray, PresentCase
from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.inference.labels import label_posterior
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.foreseen import Foreseen, ForeseenCause, days_of_causes, study_as_known
from forecast.runtime.machine import sampling_cores
from forecast.study import SamplerSettings, Study
from forecast.summary.posterior import present_case

SAMPLER: Final = SamplerSettings(draws=500, tune=300, chains=4)
"""For means of probabilities: their Monte Carlo error is some .005."""

REMEMBERED: Final = 8
_known: dict[tuple[str, date, int], PresentCase] = {}


type ShouldStop = Callable[[], type[StopRequestedError] | None]


def with_expectations(encoded: EncodedStudy, seed: int, should_stop: ShouldStop | None = None) -> EncodedStudy:
    """The same study, with what was expected of causes where a statement about their effect is older than the as-of date.

    Parameters
    ----------
    should_stop
        Asked while a study is sampled as it was known then; returns the error to stop with, or None.

    Raises
    ------
    StudyError
        When the study contradicts itself as of the day of such a statement.
    SamplingError
        When it cannot be sampled.
    StopRequestedError
        The class that `should_stop` returned.
    """
    study = encoded.study
    kept = [
        (link.cause, link.effect_on)
        for link in study.links
        if link.keeps_marginal and (link.cause, link.effect_on) in encoded.links
    ]
    days = days_of_causes(study, encoded.links)
    if not days:
        return encoded
    lead = {effect: round(study.calendar.periods_between(day, study.as_of)) for effect, day in days.items()}
    lead = {effect: periods for effect, periods in lead.items() if periods > 0}
    causes = {
        (cause, effect): _foreseen(
            _as_known(study, days[effect], seed, should_stop), cause, lead[effect] + study.horizon
        )
        for cause, effect in kept
        if effect in lead
    }
    return replace(encoded, foreseen=Foreseen(lead, causes))


def _as_known(study: Study, day: date, seed: int, should_stop: ShouldStop | None) -> PresentCase:
    """The present case as it was seen on a day, under draws of the study as it was known then."""
    key = study.digest, day, seed
    if key not in _known:
        then = study_as_known(study, day)
        encoded = with_expectations(encode_study(then), seed, should_stop)
        loaded = get_program().load(encoded.arrays)
        tree = sample_posterior(loaded, SAMPLER, seed=seed, cores=sampling_cores(), should_stop=should_stop)
        posterior, _ = label_posterior(tree, encoded)
        while len(_known) >= REMEMBERED:
            del _known[next(iter(_known))]
        _known[key] = present_case(encoded, posterior)
    return _known[key]


def _foreseen(present: PresentCase, cause: str, steps: int) -> ForeseenCause:
    """Hazards of the mean over draws; beyond the horizon of that day the last one goes on."""
    place = present.outcomes.index(cause)
    settled = present.settled[place]
    members = np.flatnonzero(present.groups == present.groups[place])
    incidence = cumulative_incidence(present).mean(axis=0)
    if np.isnan(settled):
        gains = np.diff(incidence[members], axis=1, prepend=0.0)
        left = np.maximum(1.0 - incidence[members].sum(axis=0), 1e-12)
        group = -np.diff(np.log(left), prepend=0.0)
        total = gains.sum(axis=0)
        own = np.divide(group * gains[members == place][0], total, out=np.zeros_like(group), where=total > 0)
        if present.streams.hazard.size and present.thresholds.streams[place].any():
            own = group = present.streams.hazard[place]
    else:
        own = group = np.zeros(present.horizon)
    goes_on = bool(present.is_event[place])
    return ForeseenCause(_extended(own, steps, goes_on), _extended(group, steps, goes_on), bool(np.isfinite(settled)))


def _extended(hazard: FloatArray, steps: int, goes_on: bool) -> FloatArray:
    more = max(steps - len(hazard), 0)
    return np.concatenate([hazard, np.full(more, hazard[-1] if goes_on else 0.0)])[:steps]
