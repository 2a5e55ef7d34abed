"""Laws of levels and spreads, levels and units, and age bands as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.option_laws import option_laws
from forecast.model.encoding.stated import Law, Spreads
from forecast.model.encoding.stated import Level as StatedLevel
from forecast.model.encoding.units import Level, Unit
from forecast.study import Outcome, Study

FloatArray = npt.NDArray[np.float64]


def prior_arrays(
    study: Study, outcomes: Sequence[Outcome], stated: Mapping[str, StatedLevel]
) -> dict[str, npt.ArrayLike]:
    """Laws of levels and scales of spreads: solved from what is said of the present case, or as they stand."""
    laws, spreads, of_options = [], [], option_laws(study)
    for outcome in outcomes:
        if outcome.id in stated:
            laws.append(stated[outcome.id].law)
            spreads.append(stated[outcome.id].spreads)
        else:
            normal = outcome.prior_on_scale(study.horizon)
            laws.append(of_options.get(outcome.id, Law(normal.mean, normal.sd)))
            spreads.append(Spreads.of(outcome))
    return {
        "mu_loc": [law.mean for law in laws],
        "mu_scale": [law.sd for law in laws],
        "mu_skew": [law.skew for law in laws],
        "tau_scale": [each.classes for each in spreads],
        "sigma_scale": [each.cases for each in spreads],
        "trend_scale": [each.trend for each in spreads],
        "wiggle_scale": [each.wiggle for each in spreads],
        "beta_scale": [covariate.sd for covariate in study.covariates],
    }


def unit_arrays(
    levels: tuple[Level, ...], units: tuple[Unit, ...], covariates: FloatArray, outcomes: dict[str, int]
) -> dict[str, npt.ArrayLike]:
    """Whose levels they are, and of which level each case is."""
    return {
        "level_outcome": np.array([outcomes[level.outcome] for level in levels], dtype=int),
        "unit_level": np.array([unit.level for unit in units], dtype=int),
        "unit_covariates": covariates,
    }


def band_arrays(bands: dict[str, AgeBands], outcomes: dict[str, int]) -> dict[str, npt.ArrayLike]:
    """Age bands of all outcomes, one after the other, and how they walk from one to the next."""
    walks = [ages.walk for ages in bands.values()]
    walk = np.zeros((sum(w.shape[0] for w in walks), sum(w.shape[1] for w in walks)))
    row = column = 0
    for block in walks:
        walk[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return {
        # With types: a study whose outcomes are all thresholds has no bands.
        "band_outcome": np.repeat(
            np.array([outcomes[outcome] for outcome in bands], dtype=int), [len(ages) for ages in bands.values()]
        ),
        "band_log_age": np.concatenate([np.empty(0), *(ages.log_ages for ages in bands.values())]),
        "walk": walk,
    }
