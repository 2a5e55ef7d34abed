"""Panels of experts with known truth: records on other questions, and judgments of a few outcomes, as a study document."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.documents import Document, binary_outcome, document


@dataclass(frozen=True)
class Panel:
    """A study document, and what it was made from; log odds but for slopes."""

    study: Document
    slope: np.ndarray
    """Dims: expert."""
    bias: np.ndarray
    """Shared and own; dims: expert."""
    truth: np.ndarray
    """Of the judged outcomes; dims: outcome."""


@dataclass(frozen=True)
class Law:
    """Where the numbers of a panel are drawn from; all on the log odds, slopes on their log."""

    questions: int
    """Of track records."""
    answered: float = 1.0
    """Share of them whose answer is known."""
    experts: int = 10
    outcomes: int = 3
    slope: float = 1.0
    slope_sd: float = 0.15
    shared_bias: float = 0.2
    bias_sd: float = 0.3
    noise: float = 0.5
    common_sd: float = 0.4
    base: float = -0.3
    spread: float = 1.2


def make_panel(law: Law, seed: int, *, with_records: bool = True) -> Panel:
    """Everybody speaks on every question and outcome; the same seed has the same outcomes without the records."""
    rng, of_records = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    slope = law.slope * np.exp(law.slope_sd * rng.standard_normal(law.experts))
    bias = law.shared_bias + law.bias_sd * rng.standard_normal(law.experts)

    def stated(truth: np.ndarray, own: np.random.Generator) -> np.ndarray:
        """Probabilities, dims (question, expert)."""
        heard = (truth + law.common_sd * own.standard_normal(len(truth)))[:, None] + bias
        log_odds = slope * heard + law.noise * own.standard_t(4, heard.shape)
        return np.round(1.0 / (1.0 + np.exp(-log_odds)), 4)

    truth = law.base + law.spread * rng.standard_normal(law.outcomes)
    judged = stated(truth, rng)
    asked = law.base + law.spread * of_records.standard_normal(law.questions)
    recorded = stated(asked, of_records)
    happened = of_records.random(law.questions) < 1.0 / (1.0 + np.exp(-asked))
    known = np.arange(law.questions) < law.answered * law.questions
    names = [f"e{place}" for place in range(law.experts)]
    prior = {"distribution": f"normal({law.base}, {law.spread})"}
    study = document(
        *[binary_outcome(id=f"o{place}", prior=prior) for place in range(law.outcomes)],
        judgments={
            "rows": [
                {"expert": name, "outcome": f"o{place}", "probability": float(p), "on": "2019-12-01"}
                for place, row in enumerate(judged)
                for name, p in zip(names, row, strict=True)
            ]
        },
        sampler={"seed": 1},
    )
    if with_records:
        study["track_records"] = {
            "rows": [
                {
                    "expert": name,
                    "question": f"q{place}",
                    "probability": float(p),
                    "outcome": int(yes) if seen else None,
                }
                for place, (row, yes, seen) in enumerate(zip(recorded, happened, known, strict=True))
                for name, p in zip(names, row, strict=True)
            ]
        }
    return Panel(study, slope, bias, truth)
