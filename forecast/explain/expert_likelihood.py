"""Likelihood of what one expert said under every draw.

It is conditional on everything in the draw: the expert's own bias, slope and noise, and the questions' common errors
and latent log odds. Dividing the posterior by it gives the posterior without the expert, in which the expert's own
parameters return to their prior. A track-record question that no other expert answered is removed together with its
answer; otherwise the answer stays. The terms are the program's own (`forecast.model.graph.opinions`);
tests/explain/test_density.py holds them against differences of its density.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from forecast.explain.density import keep_rows, likelihood_terms, sampled_points, with_arrays
from forecast.explain.runs import Fit
from forecast.inference.engine.program import Program

FloatArray = npt.NDArray[np.float64]


class ExpertLikelihood:
    """Log likelihoods of experts' statements under the draws of a fit."""

    def __init__(self, fit: Fit, program: Program, going_on: Callable[[], None] = lambda: None) -> None:
        arrays = fit.encoded.arrays
        self._arrays = {name: np.asarray(value) for name, value in arrays.items()}
        without_cases = {
            name: values
            for dim in ("span", "integral")
            for name, values in keep_rows(arrays, dim, np.zeros(arrays.lengths[dim], dtype=bool)).items()
        }
        terms = likelihood_terms(program, with_arrays(arrays, **without_cases), sampled_points(fit), going_on)
        self.judgments, self.records, self.answers = (terms[n] for n in ("judgments", "track_records", "answers"))
        self.about_options = terms["option_statements"]
        """Log density of each judgment, dims (draw, judgment), statement on a question of a track record, (draw, record),
        answer, (draw, answer), and statement about options, (draw, opinion)."""

    def of(self, expert: int) -> FloatArray:
        """Log likelihood of all that one expert said, up to a constant; dims (draw)."""
        a = self._arrays
        own = a["record_expert"] == expert
        others = set(a["record_exercise"][~own].tolist())
        alone = [exercise not in others for exercise in a["answer_exercise"].tolist()]
        return np.asarray(
            self.judgments[:, a["judgment_expert"] == expert].sum(axis=1)
            + self.about_options[:, a["opinion_expert"] == expert].sum(axis=1)
            + self.records[:, own].sum(axis=1)
            + self.answers[:, alone].sum(axis=1)
        )
