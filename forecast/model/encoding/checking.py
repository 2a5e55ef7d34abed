"""What encoding alone finds wrong with a study, before anything is stored or sampled; light enough for the web process."""

from __future__ import annotations

from forecast.model.encoding.encode import encode_study
from forecast.study import Study


def require_encodable(study: Study) -> None:
    """Refuse a study whose covariates have no unit, whose stated probabilities cannot be met, or whose conditions cannot be read.

    Raises
    ------
    StudyError
        With what is wrong.
    """
    encode_study(study)
