"""Likelihood of what one expert said under every draw.

It is conditional on all that the draw holds: his own bias, slope and noise, the questions' common errors and latent
log odds. Dividing the posterior by it gives the posterior without the expert, in which what was his own falls back to
its prior. A question of the track records on which nobody else spoke leaves with him, its answer included; otherwise
the answer stays. The formulas are those of `forecast.model.opinions`; tests/explain/test_expert_likelihood.py holds
them against the compiled program.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.explain.runs import Fit
from forecast.model.constants import FREEDOM, TINY

FloatArray = npt.NDArray[np.float64]


class ExpertLikelihood:
    """Log likelihoods of experts' statements under the draws of a fit."""

    def __init__(self, fit: Fit) -> None:
        self._arrays = {name: np.asarray(value) for name, value in fit.encoded.arrays.items()}
        kinds = self._arrays["expert_kind"]
        self._slope, self._noise = fit.values("slope"), fit.values("noise")
        self._offset = fit.values("shared_bias")[:, kinds] + fit.values("bias") if len(kinds) else np.zeros((0, 0))
        self.judgments = self._judgments(fit)
        """Log density of each judgment, dims (draw, judgment)."""
        self.records, self.answers = self._track_records(fit)
        """Log density of each statement, dims (draw, record), and of each answer, dims (draw, exercise)."""

    def of(self, expert: int) -> FloatArray:
        """Log likelihood of all that one expert said, up to a constant; dims (draw)."""
        a = self._arrays
        own = a["record_expert"] == expert
        others = set(a["record_exercise"][~own].tolist())
        alone = sorted(set(a["record_exercise"][own].tolist()) - others)
        return np.asarray(
            self.judgments[:, a["judgment_expert"] == expert].sum(axis=1)
            + self.records[:, own].sum(axis=1)
            + self.answers[:, alone].sum(axis=1)
        )

    def _log_density(self, said: FloatArray, centre: FloatArray, expert: npt.NDArray[np.int64]) -> FloatArray:
        noise = self._noise[:, expert]
        residual = (said - self._slope[:, expert] * (centre + self._offset[:, expert])) / noise
        return np.asarray(-np.log(noise) - 0.5 * (FREEDOM + 1.0) * np.log1p(residual**2 / FREEDOM))

    def _judgments(self, fit: Fit) -> FloatArray:
        a = self._arrays
        if not len(a["judgment_expert"]):
            return np.zeros((fit.draws, 0))
        common = fit.values("common_sd")[:, a["topic_panel"]] * fit.values("common_z")
        centre = fit.values("judged_log_odds") + common[:, a["question_topic"]]
        return self._log_density(a["judgment_log_odds"], centre[:, a["judgment_question"]], a["judgment_expert"])

    def _track_records(self, fit: Fit) -> tuple[FloatArray, FloatArray]:
        a = self._arrays
        if not len(a["exercise_exam"]):
            return np.zeros((fit.draws, 0)), np.zeros((fit.draws, 0))
        of = a["exercise_exam"]
        base, centre = fit.values("exam_base")[:, of], fit.values("exercise_log_odds")
        truth = fit.values("exam_spread")[:, of] ** 2 + TINY
        error = fit.values("common_sd")[:, a["exam_panel"]][:, of] ** 2
        said = self._log_density(a["record_log_odds"], centre[:, a["record_exercise"]], a["record_expert"])
        rest = np.sqrt(truth * error / (truth + error) + TINY)
        log_odds = base + (centre - base) * truth / (truth + error) + rest * fit.values("truth_z")
        return said, np.asarray(a["exercise_yes"] * log_odds - np.logaddexp(0.0, log_odds))
