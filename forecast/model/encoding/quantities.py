"""Quantities as arrays: their grades, cases and experts' quantiles, on the scale on which the stated prior is standard normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Final

import numpy as np

from forecast.model.encoding.selection import Selection
from forecast.study import HistoricalValue, Quantity, Study, resolve_quantiles, resolve_values

WITHIN_SHARE_SD: Final = 1.0
"""Of the log odds of the share of a quantity's variance that is left within a class; it is a half in the middle."""
BETWEEN: Final = 0.5
"""Of the rest, how much lies between classes."""
ESTIMATOR_SD: Final = 0.3
"""Of the error that goes through all that an expert says of a quantity, in standard deviations of its stated prior."""
ESTIMATE_SCALE: Final = 0.15
"""Scale of the StudentT of single quantiles, likewise."""
NOT_SEEN: Final = "a class not seen"


@dataclass(frozen=True)
class Grade:
    """One reference class as one quantity sees it; None: the class that was not seen."""

    quantity: str
    reference_class: str | None
    weight: float

    @property
    def label(self) -> str:
        """How draws name it."""
        return f"{self.quantity}@{self.reference_class or NOT_SEEN}"


@dataclass(frozen=True)
class Quantities:
    """The quantities of a study and their grades."""

    items: tuple[Quantity, ...] = ()
    grades: tuple[Grade, ...] = ()
    estimators: tuple[tuple[str, str], ...] = ()
    """(quantity, expert)."""
    arrays: dict[str, Any] = field(default_factory=dict)

    @property
    def coords(self) -> dict[str, list[str]]:
        """Labels of the program's dims."""
        return {
            "quantity": [quantity.id for quantity in self.items],
            "grade": [grade.label for grade in self.grades],
            "estimator": [f"{quantity}~{expert}" for quantity, expert in self.estimators],
        }


def encode_quantities(study: Study, selection: Selection) -> Quantities:
    """With the evidence that is used; grades stay whatever is left out."""
    items = study.quantities
    values = resolve_values(study)
    kept = [v for v in values if selection.reference_classes and (v.reference_class, v.case) != selection.without_case]
    said = selection.statements(resolve_quantiles(study))
    grades = tuple(
        grade for quantity in items for grade in _grades(quantity, [v for v in values if v.quantity == quantity.id])
    )
    places = {quantity.id: place for place, quantity in enumerate(items)}
    at = {(grade.quantity, grade.reference_class): place for place, grade in enumerate(grades)}
    curves = {quantity.id: quantity.curve for quantity in items}
    estimators = tuple(dict.fromkeys((statement.quantity, statement.expert) for statement in said))
    arrays = {
        "quantity_share_loc": np.zeros(len(items)),
        "quantity_share_scale": np.full(len(items), WITHIN_SHARE_SD),
        "quantity_between": np.full(len(items), BETWEEN),
        "grade_quantity": [places[grade.quantity] for grade in grades],
        "grade_weight": [grade.weight for grade in grades],
        "sample_grade": [at[value.quantity, value.reference_class] for value in kept],
        "sample_value": [float(curves[value.quantity].places(value.value)) for value in kept],
        "sample_weight": [value.weight for value in kept],
        "estimator_quantity": [places[quantity] for quantity, _ in estimators],
        "estimator_scale": np.full(len(estimators), ESTIMATOR_SD),
        "estimate_estimator": [estimators.index((statement.quantity, statement.expert)) for statement in said],
        "estimate_place": [NormalDist().inv_cdf(statement.quantile) for statement in said],
        "estimate_value": [float(curves[statement.quantity].places(statement.value)) for statement in said],
        "estimate_scale": np.full(len(said), ESTIMATE_SCALE),
    }
    return Quantities(items, grades, estimators, arrays)


def _grades(quantity: Quantity, values: Sequence[HistoricalValue]) -> list[Grade]:
    """The class not seen comes last, and only where the present case may be of it; classes without weight teach spreads alone."""
    weights = quantity.reference or {}
    names = dict.fromkeys([*weights, *(value.reference_class for value in values)])
    rest = max(1.0 - sum(weights.values()), 0.0)
    grades = [Grade(quantity.id, name, weights.get(name, 0.0)) for name in names]
    if rest > 1e-9 or not grades:
        return [*grades, Grade(quantity.id, None, rest)]
    total = sum(weights.values())
    return [Grade(grade.quantity, grade.reference_class, grade.weight / total) for grade in grades]
