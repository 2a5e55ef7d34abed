"""Arrays of quantities: numbers at a date, on the scale on which their stated prior is standard normal.

`forecast.model.graph.quantities` says what they mean.
"""

from __future__ import annotations

from typing import Final

from forecast.model.array_specs import index, number, positive

QUANTITIES: Final = {
    # Prior of the share of a quantity's variance that is left within a class (log odds), and how much of the rest is between
    # classes.
    "quantity_share_loc": number("quantity"),
    "quantity_share_scale": positive("quantity"),
    "quantity_between": positive("quantity"),
    # A grade is one reference class as one quantity sees it, or the class that was not seen; the present case is of one of the
    # grades of a quantity, with these weights, which add up to 1.
    "grade_quantity": index("grade", "quantity"),
    "grade_weight": positive("grade"),
    # Cases: their values, and the powers of their likelihoods.
    "sample_grade": index("sample", "grade"),
    "sample_value": number("sample"),
    "sample_weight": positive("sample"),
    # An estimator is one expert on one quantity, with one error in all that it says of it; an estimate is one quantile that
    # it states, with the place that the quantile of a standard normal has.
    "estimator_quantity": index("estimator", "quantity"),
    "estimator_scale": positive("estimator"),
    "estimate_estimator": index("estimate", "estimator"),
    "estimate_place": number("estimate"),
    "estimate_value": number("estimate"),
    "estimate_scale": positive("estimate"),
}
