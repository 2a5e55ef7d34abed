"""The numbers that a method gives, kept under its number: a change of the numbers needs a new number.

`python -m tests.contract.method` writes them for the method's present number and removes those of the one before. Under
the same number it adds a section that is new, and changes none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.study import study_from_document
from tests.contract.method.futures import futures_of, with_all_kinds
from tests.documents import Document, binary_outcome, document, event_outcome
from tests.quantities import quantiles, quantity, values

FOLDER: Final = Path(__file__).parent
DIGITS: Final = 12
DRAWS: Final = 50


def golden_document() -> Document:
    """A small study with every block of the model."""
    pooling = {"class_sd": 0.5, "case_sd": 0.6, "trend_sd": 0.3, "wiggle_sd": 0.2, "age_bands": [0, 12]}
    counts = (6, 4, 9, 5, 7, 3, 8, 6)
    spells = ((30, 1, 1.0, 0), (12, 0, 1.0, 0), (48, 1, 0.4, 0), (60, 0, 0.4, 12), (8, 1, 1.0, 0), (25, 0, 1.0, 6))
    return document(
        event_outcome(
            pooling=pooling,
            reference={"bases": 0.6},
            covariates={"mountains": 1},
            at_risk_since="2019-05-01",
        ),
        event_outcome(id="collapse", title="It collapses", competes="exit", pooling=pooling, prior={"distribution": "normal(-4, 1)"}),
        binary_outcome(),
        {
            "id": "winner",
            "title": "Who wins",
            "kind": "categorical",
            "options": [{"id": "left"}, {"id": "right"}],
            "resolution": {"criteria": "Most seats.", "by": "2022-10-01"},
        },
        quantities=[quantity(reference={"wars": 0.6})],
        values=values(30_000.0, 90_000.0, 12_000.0),
        quantiles=quantiles(("e0", 0.5, 40_000.0), ("e0", 0.9, 150_000.0), ("e1", 0.25, 8_000.0)),
        reference_classes=[
            {
                "id": "bases",
                "title": "Bases abroad",
                "outcome": "exit",
                "columns": {"duration": "months", "event": "left", "weight": "weight", "entry": "from"},
                "covariates": ["mountains"],
                "rows": [
                    {"id": f"b{k}", "months": months, "left": left, "weight": weight, "from": entry, "mountains": k % 2}
                    for k, (months, left, weight, entry) in enumerate(spells)
                ],
            }
        ],
        covariates=[{"id": "mountains", "sd": 0.5, "standardize": False}],
        factors=[{"id": "friction", "effects": {"exit": "normal(0.5, 0.2)", "agreement": "normal(-0.3, 0.2)"}}],
        indicators=[
            {
                "id": "incidents",
                "factor": "friction",
                "rows": [{"period": f"2019-{month:02d}", "value": value} for month, value in enumerate(counts, 5)],
            },
            {
                "id": "visits",
                "season": "pooled",
                "rows": [
                    {"period": f"{2018 + month // 12}-{month % 12 + 1:02d}", "value": month % 5 + 3 * (month % 12 == 6)}
                    for month in range(24)
                ],
            },
        ],
        judgments={
            "rows": [
                *(
                    {"expert": f"e{k}", "outcome": outcome, "by": by, "probability": p, "on": "2019-12-01"}
                    for k, (outcome, by, p) in enumerate(
                        (("exit", "2021-12-31", 0.3), ("agreement", "2024-01-01", 0.4), ("exit", "2022-12-31", 0.5))
                    )
                ),
                *(
                    {"expert": "e0", "outcome": "winner", "option": option, "probability": p, "on": "2019-12-01"}
                    for option, p in (("left", 0.6), ("right", 0.4))
                ),
            ]
        },
        track_records={
            "rows": [
                {"expert": f"e{k % 3}", "question": f"q{k}", "probability": p, "outcome": happened, "known_at": "2018-01-01"}
                for k, (p, happened) in enumerate(((0.2, 0), (0.7, 1), (0.4, 1), (0.9, 1), (0.1, 0), (0.6, 0)))
            ]
        },
        dependence={"eta": 2.0},
        links=[{"cause": "collapse", "effect_on": "agreement", "log_ratio": "normal(0.4, 0.4)"}],
    )  # fmt: skip


def numbers_of(study: Document) -> dict[str, Any]:
    """Log density and gradient at a point, and draws from the prior."""
    program, arrays = get_program(), encode_study(study_from_document(study)).arrays
    point = np.linspace(-0.8, 0.9, arrays.parameters)
    logp, gradient = program.load(arrays).log_density(point)
    prior = program.draw_prior(arrays, DRAWS, seed=1)
    return {
        "log_density": _said(logp),
        "gradient": _said(gradient),
        "prior": {name: _said(values) for name, values in sorted(prior.items()) if values.size},
    }


def _said(values: Any) -> Any:
    """Plain numbers of twelve digits."""
    if np.ndim(values):
        return [_said(value) for value in values]
    return float(f"{float(values):.{DIGITS - 1}e}")


def file_of(method: str) -> Path:
    """Where the numbers of a method are kept."""
    return FOLDER / f"{method}.json"


def with_new_sections(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a method, and the sections that it did not have yet.

    Raises
    ------
    ValueError
        When a section that is kept has changed, or is gone.
    """
    if changed := [name for name in before if before[name] != now.get(name)]:
        raise ValueError(f"{', '.join(changed)} would change")
    return {**before, **now}


def write(method: str) -> None:
    """Keep the numbers of this method, and no other's."""
    study, own = golden_document(), file_of(method)
    kept: dict[str, Any] = {
        "document": study_from_document(study).canonical(),
        "numbers": numbers_of(study),
        "futures": futures_of(with_all_kinds(study)),
    }
    if own.is_file():
        try:
            kept = with_new_sections(json.loads(own.read_text(encoding="utf-8")), kept)
        except ValueError as error:
            raise SystemExit(f"method {method}: {error}; give METHOD_VERSION another number first") from None
    for old in FOLDER.glob("*.json"):
        old.unlink()
    own.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
