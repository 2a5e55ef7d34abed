"""Age bands that the present case goes through in the future."""

from __future__ import annotations

import numpy as np

from forecast.futures.present import FloatArray
from forecast.model.encoding.changes import Changes, changes_of
from forecast.model.encoding.encoded import EncodedStudy


def bands_ahead(encoded: EncodedStudy) -> list[tuple[int, str, FloatArray]]:
    """Age bands that the present case goes through: place among all bands, outcome, share of each future period, each
    multiplied by what stated changes multiply the hazard with."""
    result, study = [], encoded.study
    for outcome, own in _own_bands(encoded).items():
        if outcome in encoded.ages:
            times = _time_in_bands(encoded, outcome, changes_of(study, study.outcome(outcome), study.as_of)).T
            result += [(place, outcome, time) for place, time in zip(own, times, strict=True) if time.any()]
    return result


def mean_multiplier(encoded: EncodedStudy, outcome: str, shape: FloatArray) -> FloatArray:
    """Average of exp(g) over all ages that the present case of an event outcome goes through; stated changes, which are
    those of the present case alone, take no part.

    Parameters
    ----------
    shape
        Dims (draw, band): log hazard shape, all bands.

    Returns
    -------
    Dims (draw).
    """
    own = list(_own_bands(encoded)[outcome])
    return np.asarray(
        np.exp(np.minimum(shape[:, own], 300.0)) @ _time_in_bands(encoded, outcome, Changes()).mean(axis=0)
    )


def _own_bands(encoded: EncodedStudy) -> dict[str, range]:
    """Where the age bands of each outcome lie among all bands."""
    ends = np.cumsum([len(ages) for ages in encoded.bands.values()]).tolist()
    return {
        outcome: range(end - len(ages), end) for (outcome, ages), end in zip(encoded.bands.items(), ends, strict=True)
    }


def _time_in_bands(encoded: EncodedStudy, outcome: str, changes: Changes) -> FloatArray:
    """Share of each future period that the present case spends in each age band, with its changes; dims (horizon, band)."""
    age, ages = encoded.ages[outcome], encoded.bands[outcome]
    changes = changes.moved(age)
    return np.stack([changes.exposure(ages, age + h, age + h + 1) for h in range(encoded.study.horizon)])
