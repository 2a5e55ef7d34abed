"""Study documents: the questions and all evidence for them, as frozen, checked objects.

`load_study`, `study_from_bytes` and `study_from_document` read them; `resolve_cases` gives the historical cases
as of the study's date. Importing this package never loads the science.
"""

from __future__ import annotations

from typing import Any

from forecast.study.arriving.arrivals import Arrival, accept_arrivals, with_arrivals
from forecast.study.arriving.pulled import News, news_of, read_table
from forecast.study.checks.made_links import asked_through, made_links, with_made_links
from forecast.study.document.calendar import Calendar, Period
from forecast.study.document.cases import Case, Choice, Count, Datum, Spell, Stage, Trial
from forecast.study.document.change import Change
from forecast.study.document.document import Study
from forecast.study.document.evidence import Covariate, Indicator, Judgments, ReferenceClass, Resolutions, TrackRecords
from forecast.study.document.evidence_kind import EvidenceKind
from forecast.study.document.experts import Experts
from forecast.study.document.expression import (
    And,
    Before,
    Between,
    Bound,
    By,
    Compares,
    Comparison,
    Expression,
    HowMany,
    Not,
    Occurs,
    Or,
    Timed,
    Within,
    walk,
)
from forecast.study.document.expression_times import time_problems, times_between
from forecast.study.document.grammar import parse_expression, value_of
from forecast.study.document.influences import Dependence, Factor, Link
from forecast.study.document.outcome import Outcome, Pooling, Resolution
from forecast.study.document.prior import (
    About,
    ElicitedProbability,
    Normal,
    OutcomeKind,
    Prior,
    Quantiles,
    default_prior,
)
from forecast.study.document.pull_source import PullSource
from forecast.study.document.quantity import Quantity
from forecast.study.document.sampler import SamplerSettings
from forecast.study.document.scenario import Scenario
from forecast.study.loading import load_study, study_from_bytes, study_from_document, with_as_of, with_sampler
from forecast.study.rows.conditions import Condition, condition_text
from forecast.study.rows.counts import Observation
from forecast.study.rows.evidence_tables import (
    resolve_cases,
    resolve_judgments,
    resolve_observations,
    resolve_option_statements,
    resolve_quantiles,
    resolve_resolutions,
    resolve_track_records,
    resolve_values,
    settled_outcomes,
)
from forecast.study.rows.judgments import (
    CLIP,
    ExpertKind,
    Judgment,
    TrackRecord,
    latest_judgments,
    log_odds,
    merge_track_records,
)
from forecast.study.rows.observations import Resolved
from forecast.study.rows.option_statements import OptionStatement
from forecast.study.rows.quantity_rows import HistoricalValue, StatedQuantile
from forecast.study.rows.settling import is_open

__all__ = [
    "CLIP",
    "About",
    "And",
    "Arrival",
    "Before",
    "Between",
    "Bound",
    "By",
    "Calendar",
    "Case",
    "Change",
    "Choice",
    "Compares",
    "Comparison",
    "Condition",
    "Count",
    "Covariate",
    "Datum",
    "Dependence",
    "ElicitedProbability",
    "EvidenceKind",
    "ExpertKind",
    "Experts",
    "Expression",
    "Factor",
    "HistoricalValue",
    "HowMany",
    "Indicator",
    "Judgment",
    "Judgments",
    "Link",
    "News",
    "Normal",
    "Not",
    "Observation",
    "Occurs",
    "OptionStatement",
    "Or",
    "Outcome",
    "OutcomeKind",
    "Period",
    "Pooling",
    "Prior",
    "PullSource",
    "Quantiles",
    "Quantity",
    "ReferenceClass",
    "Resolution",
    "Resolutions",
    "Resolved",
    "SamplerSettings",
    "Scenario",
    "Spell",
    "Stage",
    "StatedQuantile",
    "Study",
    "Timed",
    "TrackRecord",
    "TrackRecords",
    "Trial",
    "Within",
    "accept_arrivals",
    "asked_through",
    "condition_text",
    "default_prior",
    "is_open",
    "latest_judgments",
    "load_study",
    "log_odds",
    "made_links",
    "merge_track_records",
    "news_of",
    "parse_expression",
    "read_table",
    "resolve_cases",
    "resolve_judgments",
    "resolve_observations",
    "resolve_option_statements",
    "resolve_quantiles",
    "resolve_resolutions",
    "resolve_track_records",
    "resolve_values",
    "settled_outcomes",
    "study_from_bytes",
    "study_from_document",
    "study_schema",
    "time_problems",
    "times_between",
    "value_of",
    "walk",
    "with_arrivals",
    "with_as_of",
    "with_made_links",
    "with_sampler",
]


def study_schema() -> dict[str, Any]:
    """The JSON schema of a study document; priors/study.schema.json is made from it."""
    from forecast.study.document import (
        schema,  # only then, so that `python -m forecast.study.document.schema` runs it once
    )

    return schema.study_schema()
