"""Residual correlation and links of a study as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.units import Unit
from forecast.study import Link, Outcome, OutcomeKind, Study


def correlated_outcomes(study: Study, outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    """Places of the outcomes that have a residual of their own, if the study lets residuals depend on one another; those of the options of
    a categorical outcome are independent."""
    if study.dependence is None:
        return ()
    places = tuple(
        place
        for place, outcome in enumerate(outcomes)
        if outcome.pooling.case_sd > 0 and outcome.kind is not OutcomeKind.CATEGORICAL
    )
    return places if len(places) > 1 else ()


def pair_arrays(study: Study, correlated: Sequence[int]) -> dict[str, npt.ArrayLike]:
    """The free partial correlations, row by row, with the shape of each one's beta prior under LKJ(eta).

    The k-th of d outcomes (from 0) has partial correlations with later ones of shape eta + (d - 2 - k) / 2.
    """
    eta = study.dependence.eta if study.dependence else 1.0
    count = len(correlated)
    pairs = [(row, column) for row in range(count) for column in range(row)]
    return {
        "pair_row": np.array([correlated[row] for row, _ in pairs], dtype=int),
        "pair_column": np.array([correlated[column] for _, column in pairs], dtype=int),
        "pair_shape": np.array([eta + (count - 2 - column) / 2 for _, column in pairs], dtype=float),
    }


def term_arrays(units: Sequence[Unit]) -> dict[str, npt.ArrayLike]:
    """Terms of all frailties."""
    terms = [(place, term) for place, unit in enumerate(units) for term in unit.frailty]
    return {
        "term_unit": np.array([place for place, _ in terms], dtype=int),
        "term_frailty": np.array([term.frailty for _, term in terms], dtype=int),
        "term_row": np.array([term.row for _, term in terms], dtype=int),
        "term_column": np.array([term.column for _, term in terms], dtype=int),
    }


def link_arrays(links: Sequence[Link]) -> dict[str, npt.ArrayLike]:
    """Prior of each link."""
    return {
        "link_loc": np.array([link.log_ratio.mean for link in links], dtype=float),
        "link_scale": np.array([link.log_ratio.sd for link in links], dtype=float),
    }
