"""What encoding alone finds wrong with a study, before anything is stored or sampled; light enough for the web process."""

from __future__ import annotations

from forecast.model.encoding.cost import require_affordable
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.foreseen import days_of_causes, study_as_known
from forecast.study import Study


def require_encodable(study: Study) -> None:
    """Refuse all that a run would refuse before it samples.

    Covariates without a unit, stated probabilities that cannot be met, conditions that cannot be read, draws that do not
    fit into memory; and the same of the study as it was known on the days of older statements, as of which it is sampled.

    Raises
    ------
    StudyError
        With what is wrong.
    """
    encoded = encode_study(study)
    require_affordable(encoded)
    # With the links that are made for its judgments, as a run has them.
    for day in sorted({day for day in days_of_causes(encoded.study, encoded.links).values() if day < study.as_of}):
        require_encodable(study_as_known(encoded.study, day))
