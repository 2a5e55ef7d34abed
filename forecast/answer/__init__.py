"""The stored answer of one study at one as-of date (`forecast.json`), as typed, frozen objects.

This package is the contract between the pipeline that computes, the API that serves and the pages that show. It
imports pydantic alone, so the web process can read an answer without the science.
"""

from forecast.answer.diagnostics import Check, Diagnostics, Discarded, ParameterDiagnostics, Provenance
from forecast.answer.evidence import (
    CountPoint,
    ExpertKind,
    ExpertSummary,
    FactorEffect,
    FactorSummary,
    IndicatorSummary,
    LinkSummary,
    NextCount,
    QuestionSummary,
    ResidualCorrelation,
    StatePoint,
)
from forecast.answer.explanation import (
    Attribution,
    AttributionStep,
    CauseStep,
    Explanation,
    Influence,
    InfluenceReport,
    Lean,
    PowerScaling,
    ProbabilityStep,
    SensitivityReport,
    Triage,
)
from forecast.answer.method import METHOD_VERSION
from forecast.answer.outcomes import (
    ICD_203,
    CaseSummary,
    ClassSummary,
    CovariateEffect,
    HorizonPoint,
    NewClassSummary,
    OutcomeForecast,
    PairProbability,
    ReferenceSummary,
    ScenarioForecast,
    Timing,
    icd203_words,
)
from forecast.answer.parts import Confidence, Interval, IntervalError, Part, Probability, Spread, Verdict
from forecast.answer.update import Update
from forecast.answer.whole import Answer, StoredForecast

__all__ = [
    "ICD_203",
    "METHOD_VERSION",
    "Answer",
    "Attribution",
    "AttributionStep",
    "CaseSummary",
    "CauseStep",
    "Check",
    "ClassSummary",
    "Confidence",
    "CountPoint",
    "CovariateEffect",
    "Diagnostics",
    "Discarded",
    "ExpertKind",
    "ExpertSummary",
    "Explanation",
    "FactorEffect",
    "FactorSummary",
    "HorizonPoint",
    "IndicatorSummary",
    "Influence",
    "InfluenceReport",
    "Interval",
    "IntervalError",
    "Lean",
    "LinkSummary",
    "NewClassSummary",
    "NextCount",
    "OutcomeForecast",
    "PairProbability",
    "ParameterDiagnostics",
    "Part",
    "PowerScaling",
    "Probability",
    "ProbabilityStep",
    "Provenance",
    "QuestionSummary",
    "ReferenceSummary",
    "ResidualCorrelation",
    "ScenarioForecast",
    "SensitivityReport",
    "Spread",
    "StatePoint",
    "StoredForecast",
    "Timing",
    "Triage",
    "Update",
    "Verdict",
    "icd203_words",
]
