"""A forecast as the pipeline would store it, with numbers like those of the Karabakh study, made without sampling."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from forecast.answer import (
    Check,
    CovariateEffect,
    Diagnostics,
    Interval,
    IntervalError,
    ParameterDiagnostics,
    Provenance,
    ScenarioForecast,
    StoredForecast,
    Verdict,
    icd203_words,
)
from forecast.wording.confidence import confidence_level
from tests.api import sample_evidence, sample_explanations
from tests.api.sample_outcomes import AS_OF, HORIZON, binary_outcome, event_outcome, threshold_outcome

FORECAST_ID = "01980000-0000-7000-8000-000000000001"
MADE_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def sample_forecast(**changes: Any) -> StoredForecast:
    """The forecast, with everything there can be in one, and with fields replaced as asked."""
    outcomes = (
        event_outcome("withdrawal", "The Russian peacekeeping contingent leaves Karabakh", 0.0071, 0.3137),
        event_outcome("conversion", "The contingent is turned into a military base", 0.0011, 0.0513),
        binary_outcome(),
        threshold_outcome(),
    )
    values: dict[str, Any] = {
        "forecast_id": FORECAST_ID,
        "study": "karabakh-2021",
        "study_digest": "5d1f" * 16,
        "title": "Karabakh after the 44-day war",
        "as_of": AS_OF,
        "period": "month",
        "horizon_periods": HORIZON,
        "method_version": "1",
        "made_at": MADE_AT,
        "age_seconds": 252.0,
        "verdict": Verdict.PUBLISHED,
        "verdict_reasons": (),
        "outcomes": outcomes,
        "scenarios": scenarios(),
        "remainder": sample_evidence.remainder(),
        "pairs": sample_evidence.pairs(outcomes),
        "covariates": (
            CovariateEffect(
                id="consent",
                mean=0.42,
                sd=0.31,
                interval=Interval(low=-0.08, high=0.94),
                standardized=True,
                center=0.61,
                scale=0.44,
            ),
        ),
        "factors": sample_evidence.factors(),
        "indicators": sample_evidence.indicators(),
        "experts": sample_evidence.experts(),
        "questions": sample_evidence.questions(),
        "links": sample_evidence.links(),
        "changes": sample_evidence.changes(),
        "correlations": sample_evidence.correlations(),
        "checks": checks(),
        "diagnostics": diagnostics(),
        "provenance": provenance(),
    }
    return StoredForecast(**{**values, **changes})


ADDED_LATER = (
    "remainder",
    "pairs",
    "factors",
    "indicators",
    "experts",
    "questions",
    "links",
    "changes",
    "correlations",
)
"""What answers of the first version do not have."""


def explained_forecast() -> StoredForecast:
    """The same, with all that explains it."""
    return sample_forecast(
        attribution=sample_explanations.attribution(),
        influence=sample_explanations.influence(),
        sensitivity=sample_explanations.sensitivity(),
    )


def degraded_forecast() -> StoredForecast:
    """The same, with two checks that failed."""
    failed = {
        "rhat": (1.023, "worst R-hat is 1.023 (tau[withdrawal]); at most 1.01 is needed; sample longer"),
        "ess_bulk": (
            212.0,
            "worst bulk effective sample size is 212 (tau[withdrawal]); at least 400 is needed; sample longer",
        ),
    }
    changed = tuple(
        check.model_copy(update={"passed": False, "value": failed[check.name][0], "message": failed[check.name][1]})
        if check.name in failed
        else check
        for check in checks()
    )
    reasons = tuple(check.message for check in changed if check.passed is False)
    return sample_forecast(verdict=Verdict.DEGRADED, verdict_reasons=reasons, checks=changed)


def scenarios() -> tuple[ScenarioForecast, ...]:
    rows = [
        (
            "permanent_presence",
            "The Russian presence becomes permanent: turned into a base, or still there after the first term",
            "conversion or not by(withdrawal, 2025-11-10)",
            0.6863,
            Interval(low=0.41, high=0.897),
        ),
        (
            "exit_before_notice",
            "The contingent is gone before notice can be given for the end of the first term",
            "by(withdrawal, 2025-05-10)",
            0.2712,
            Interval(low=0.083, high=0.52),
        ),
        (
            "orderly_exit",
            "The contingent leaves within the first term and a comprehensive agreement is signed",
            "by(withdrawal, 2025-11-10) and comprehensive_agreement",
            0.00042,
            Interval(low=0.0, high=0.0031),
        ),
    ]
    return tuple(
        ScenarioForecast(
            id=name,
            title=title,
            when=when,
            probability=probability,
            mcse=0.0045,
            effective_draws=probability * (1 - probability) / 0.0045**2,
            interval=interval,
            interval_mcse=IntervalError(low=interval.low / 50, high=interval.high / 224),
            words=icd203_words(probability),
            confidence=confidence_level(interval),
        )
        for name, title, when, probability, interval in rows
    )


def checks() -> tuple[Check, ...]:
    return (
        Check(name="finite", passed=True, value=0.0, threshold=0.0, message="every reported quantity is finite in every draw"),
        Check(name="rhat", passed=True, value=1.004, threshold=1.01, message="worst R-hat is 1.004 (tau[withdrawal]); at most 1.01 is needed"),
        Check(name="ess_bulk", passed=True, value=1322.0, threshold=400.0, message="worst bulk effective sample size is 1322 (tau[withdrawal]); at least 400 is needed"),
        Check(name="ess_tail", passed=True, value=1588.0, threshold=400.0, message="worst tail effective sample size is 1588 (sigma[conversion]); at least 400 is needed"),
        Check(name="divergences", passed=True, value=0.0005, threshold=0.005, message="3 of 6000 draws diverged (0.05 %); at most 0.5 % is needed"),
        Check(name="bfmi", passed=True, value=0.87, threshold=0.3, message="lowest E-BFMI is 0.87; above 0.3 is needed"),
        Check(name="tree_depth", passed=None, value=0.0, threshold=None, message="0 draws reached the largest tree depth; this costs speed, not correctness"),
        Check(name="mcse", passed=True, value=0.0045, threshold=0.01, message="largest Monte Carlo error of a probability is 0.0045 (scenario permanent_presence); at most 0.01 is needed"),
    )  # fmt: skip


def diagnostics(latent: int = 60) -> Diagnostics:
    outcomes = ("withdrawal", "conversion", "comprehensive_agreement")
    reported = [
        f"{name}[{outcome}]" for name in ("share_of_futures", "theta", "mu", "tau", "sigma") for outcome in outcomes
    ]
    parameters = [
        ParameterDiagnostics(
            name=name,
            reported=True,
            mean=-4.9 + 0.3 * place,
            sd=0.4 + 0.01 * place,
            rhat=1.0004 + 0.0002 * place,
            ess_bulk=6200.0 - 320.0 * place,
            ess_tail=4800.0 - 190.0 * place,
            mcse=0.0061,
        )
        for place, name in enumerate(reported)
    ]
    parameters.append(
        ParameterDiagnostics(
            name="wiggle[comprehensive_agreement]",
            reported=True,
            mean=0.0,
            sd=0.0,
            rhat=None,
            ess_bulk=None,
            ess_tail=None,
            mcse=None,
        )
    )
    parameters += [
        ParameterDiagnostics(
            name=f"frailty_z[{place}]",
            reported=False,
            mean=0.001 * place,
            sd=0.99,
            rhat=1.001,
            ess_bulk=8100.0 + place,
            ess_tail=4100.0 - place,
            mcse=0.011,
        )
        for place in range(latent)
    ]
    return Diagnostics(
        parameters=tuple(parameters),
        chains=4,
        draws=1500,
        divergences=3,
        divergence_fraction=0.0005,
        bfmi=(0.91, 0.87, 0.95, 0.9),
        tree_depth_mean=4.21,
        tree_depth_max=7,
        tree_depth_limit_hits=0,
        compilations=1,
        seconds={"load": 0.021, "compile": 0.0004, "swap": 0.0012, "sample": 5.6, "diagnose": 0.31, "futures": 0.62},
    )


def provenance() -> Provenance:
    return Provenance(
        seed=20210910,
        sampler={"draws": 1500, "tune": 1000, "chains": 4, "target_accept": 0.95, "futures_per_draw": 5},
        versions={"pymc": "6.4.2", "pytensor": "3.0.4", "nutpie": "0.16.11", "python": "3.13.1"},
        host="forecaster",
        duration_seconds=6.9,
        evidence={"cases": 32, "reference_classes": 4},
        latest_known_at=AS_OF,
    )


def sample_figures(forecast: StoredForecast) -> dict[str, dict[str, Any]]:
    """The figures of the forecast, from invented draws."""
    import numpy as np

    from forecast.figures.answer import horizon_figure, rank_figure, trace_figure
    from forecast.figures.signals import signal_figures

    random = np.random.default_rng(1)
    panels = {
        outcome.id: 1
        / (1 + np.exp(-random.normal(math.log(outcome.probability / (1 - outcome.probability)), 0.5, (4, 1500))))
        for outcome in forecast.outcomes
    }
    return {
        "horizon": horizon_figure(forecast),
        "trace": trace_figure(panels),
        "rank": rank_figure(panels),
        **signal_figures(forecast),
    }
