"""The smallest study there is, a longer one to interrupt, and an answer made without sampling."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

from forecast.answer import (
    Answer,
    Check,
    Diagnostics,
    HorizonPoint,
    Interval,
    NewClassSummary,
    OutcomeForecast,
    Provenance,
    ReferenceSummary,
    Verdict,
)
from forecast.study import Study, study_from_document

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

QUICK = {"draws": 500, "tune": 300, "chains": 2, "seed": 3}
"""A sampler for the smallest study."""

_COIN: dict[str, Any] = {
    "study": "coin",
    "title": "Whether the coin shows heads",
    "as_of": "2021-01-01",
    "period": "month",
    "horizon": 12,
    "outcomes": [
        {
            "id": "heads",
            "title": "The coin shows heads",
            "kind": "binary",
            "resolution": {"criteria": "It lies heads up.", "source": "Us", "by": "2021-12-01"},
            "prior": {"distribution": "normal(0, 1)", "source": "Us", "rationale": "A coin"},
        }
    ],
}


def coin_document(**changes: Any) -> dict[str, Any]:
    """The smallest useful document, with some keys changed."""
    return {**copy.deepcopy(_COIN), **changes}


def coin_study(**changes: Any) -> Study:
    return study_from_document(coin_document(**changes))


def long_document(**changes: Any) -> dict[str, Any]:
    """A document whose sampling lasts long enough to be interrupted."""
    rows = [{"id": f"case-{number}", "successes": number % 7, "trials": 20} for number in range(60)]
    document = coin_document(study="long-coin", **changes)
    document["outcomes"][0]["reference"] = {"tosses": 0.5}
    document["reference_classes"] = [{"id": "tosses", "title": "Tosses", "outcome": "heads", "rows": rows}]
    document.setdefault("sampler", {"draws": 10_000, "tune": 600, "chains": 4, "seed": 7})
    return document


def coin_answer(study: Study) -> Answer:
    """An answer as the pipeline gives it, with made-up numbers."""
    interval = Interval(low=0.2, high=0.8)
    outcome = OutcomeForecast(
        id="heads",
        title="The coin shows heads",
        kind="binary",
        probability=0.5,
        mcse=0.002,
        interval=interval,
        words="roughly even chance",
        by=date(2021, 12, 1),
        horizon=(HorizonPoint(period=1, date=date(2021, 2, 1), probability=0.0, low=0.0, high=0.0),),
        timing=None,
        reference=ReferenceSummary(
            classes=(),
            new_class=NewClassSummary(
                weight=1.0, membership=1.0, measure="probability", rate_or_probability=0.5, interval=interval
            ),
        ),
    )
    return Answer(
        study=study.study,
        study_digest=study.digest,
        title=study.title,
        as_of=study.as_of,
        period=study.period.value,
        horizon_periods=study.horizon,
        method_version="1",
        verdict=Verdict.PUBLISHED,
        verdict_reasons=("every check passed",),
        outcomes=(outcome,),
        scenarios=(),
        checks=(Check(name="rhat", passed=True, value=1.0, threshold=1.01, message="R-hat is 1.00"),),
        diagnostics=Diagnostics(
            parameters=(),
            chains=4,
            draws=1000,
            divergences=0,
            divergence_fraction=0.0,
            bfmi=(1.0, 1.0, 1.0, 1.0),
            tree_depth_mean=2.0,
            tree_depth_max=3,
            tree_depth_limit_hits=0,
            compilations=1,
            seconds={"sample": 0.4},
        ),
        provenance=Provenance(
            seed=1,
            sampler={},
            versions={},
            host="here",
            duration_seconds=1.0,
            evidence={},
            latest_known_at=None,
        ),
    )
