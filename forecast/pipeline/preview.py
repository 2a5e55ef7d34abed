"""What a study's priors alone imply, before anything is sampled: the prior predictive of its outcomes.

The same program and the same simulation as of a forecast, with draws of the prior in place of the posterior's. Evidence
takes no part; a look at what was assumed (Gabry et al. 2019, doi:10.1111/rssa.12378, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forecast.answer import OutcomeForecast
from forecast.figures.answer import horizon_curves
from forecast.figures.style import Figure
from forecast.inference.engine.program import get_program
from forecast.inference.labels import label_quantities
from forecast.model.encoding.cost import require_affordable
from forecast.model.encoding.encode import encode_study
from forecast.pipeline.compute import resolve_seed
from forecast.study import Study
from forecast.summary.outcomes import summarize_outcomes
from forecast.summary.rolled import roll_forward

PRIOR_DRAWS: Final = 2000
REPLICATES: Final = 5
"""Futures of each draw."""


@dataclass(frozen=True)
class PriorCurves:
    """Every outcome under the priors alone."""

    outcomes: tuple[OutcomeForecast, ...]
    figure: Figure
    draws: int


def preview_priors(study: Study) -> PriorCurves:
    """Probabilities of a study's outcomes over time under its priors alone.

    Raises
    ------
    StudyError
        When the study is larger than this machine should compute, or contradicts itself as of its date.
    """
    encoded = encode_study(study)
    require_affordable(encoded)
    seed = resolve_seed(study, None)
    program = get_program()
    drawn = program.draw_prior(encoded.arrays, PRIOR_DRAWS, seed)
    prior = label_quantities(drawn, dict(zip(program.names, program.dims, strict=True)), encoded)
    rolled = roll_forward(encoded, prior, seed=seed, replicates=REPLICATES)
    outcomes = summarize_outcomes(encoded, prior, rolled, None)
    return PriorCurves(outcomes, horizon_curves(study.as_of, outcomes), PRIOR_DRAWS)
