"""What encoding alone finds wrong with a study, before anything is stored or sampled; light enough for the web process."""

from __future__ import annotations

from forecast.model.encoding.covariates import standardize
from forecast.model.encoding.stated import stated_levels
from forecast.study import Study, resolve_cases


def require_encodable(study: Study) -> None:
    """Refuse a study whose covariates have no unit, or whose stated probabilities cannot be met.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    stated_levels(study, standardize(study, resolve_cases(study)))
