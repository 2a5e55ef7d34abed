"""What the fields of a document cannot say alone: references between blocks, order of dates, evidence for outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from forecast.errors import ExpressionError, FieldError
from forecast.study.checks.changes import change_errors
from forecast.study.checks.exhaustive import exhaustive_errors
from forecast.study.checks.indicators import course_errors
from forecast.study.checks.influences import factor_errors, link_errors
from forecast.study.checks.made_links import made_link_errors
from forecast.study.checks.missing_columns import missing_column_errors
from forecast.study.checks.options import option_class_errors
from forecast.study.checks.outcomes import outcome_errors
from forecast.study.checks.quantities import quantity_errors
from forecast.study.document.cases import Case
from forecast.study.document.document import Study
from forecast.study.document.evidence import ReferenceClass
from forecast.study.document.expression_times import time_problems
from forecast.study.document.grammar import parse_expression, value_of
from forecast.study.document.prior import OutcomeKind
from forecast.study.document.pull_source import source_errors
from forecast.study.reading.suggest import nearest_hint, unknown_name
from forecast.study.reading.table import MAX_ROWS
from forecast.study.rows.case_rows import read_cases
from forecast.study.rows.counts import read_observations
from forecast.study.rows.event_values import event_value_errors
from forecast.study.rows.evidence_tables import settled_outcomes
from forecast.study.rows.judgment_rows import Statements, read_statements
from forecast.study.rows.observations import read_resolutions
from forecast.study.rows.option_cases import read_option_cases
from forecast.study.rows.row_reader import RowReader


def check_study(study: Study, table_files: Mapping[str, str]) -> tuple[tuple[Case, ...], list[FieldError]]:
    """The cases known on the as-of date, and everything wrong in a document whose fields are in order.

    Parameters
    ----------
    table_files
        CSV file by place in the document, for messages.
    """
    if not study.outcomes and not study.quantities:
        message = "neither outcomes nor quantities; expected at least 1 of either; add what is uncertain"
        return (), [FieldError("outcomes", "too_short", message)]
    end = _end_of_horizon(study)
    if isinstance(end, FieldError):
        return (), [end]
    errors, settled = [*_repeated_ids(study)], settled_outcomes(study)
    for index, outcome in enumerate(study.outcomes):
        errors += outcome_errors(study, outcome, f"outcomes[{index}]", end, settled)
    cases: list[Case] = []
    unread: set[str] = set()
    for index, group in enumerate(study.reference_classes):
        path = f"reference_classes[{index}]"
        found = _class_errors(study, group, path)
        if not found:
            known, found = read_class(study, group, path, table_files.get(path))
            cases += known
        if found:
            unread.update(group.outcomes)
        errors += found
    if len(cases) > MAX_ROWS:
        message = f"{len(cases):,} cases in all; expected at most {MAX_ROWS:,}; leave some out"
        errors.append(FieldError("reference_classes", "too_many_cases", message))
    errors += missing_column_errors(study, table_files)
    errors += quantity_errors(study, table_files)
    errors += factor_errors(study)
    errors += _indicator_errors(study, table_files)
    statements = read_statements(study, table_files)
    errors += statements.errors
    unread.update(outcome.id for outcome in study.outcomes if statements.has_unread_judgments)
    judged = {judgment.outcome for judgment in statements.judgments}
    judged |= {statement.outcome for statement in statements.option_statements}
    errors += _resolution_errors(study, table_files)
    errors += source_errors(study.sources, [indicator.id for indicator in study.indicators])
    errors += link_errors(study)
    errors += change_errors(study)
    errors += exhaustive_errors(study)
    errors += _scenario_errors(study)
    errors += _without_information(study, cases, judged | unread)
    if not errors:
        errors += made_link_errors(study, statements.judgments)
        errors += _incoherent_errors(study, statements, table_files)
    return tuple(cases), errors


def read_class(study: Study, group: ReferenceClass, path: str, file: str | None) -> tuple[list[Case], list[FieldError]]:
    """The cases of one reference class, as of the study's date, and what is wrong with its rows."""
    served = [study.outcome(name) for name in group.outcomes]
    if served[0].options is not None:
        return read_option_cases(group, served[0], study.calendar, path, file)
    binary = [outcome.id for outcome in served if outcome.kind is OutcomeKind.BINARY]
    return read_cases(group, binary, study.calendar, path, file)


def _incoherent_errors(study: Study, statements: Statements, table_files: Mapping[str, str]) -> list[FieldError]:
    """Contradictions, where a study refuses them; only then NumPy is loaded."""
    if study.judgments is None or study.judgments.incoherent == "keep":
        return []
    from forecast.study.checks.coherence import incoherent_errors

    return incoherent_errors(study, statements.judgments, table_files)


def _end_of_horizon(study: Study) -> date | FieldError:
    try:
        return study.calendar.end_of(study.horizon)
    except OverflowError:
        return FieldError(
            "horizon", "horizon", f"{study.horizon} {study.period} periods leave the calendar; shorten it"
        )


def _repeated_ids(study: Study) -> Iterable[FieldError]:
    blocks: dict[str, Iterable[str]] = {
        "outcomes": (block.id for block in study.outcomes),
        "reference_classes": (block.id for block in study.reference_classes),
        "covariates": (block.id for block in study.covariates),
        "factors": (block.id for block in study.factors),
        "indicators": (block.id for block in study.indicators),
        "scenarios": (block.id for block in study.scenarios),
        "sources": (block.id for block in study.sources),
        "quantities": (block.id for block in study.quantities),
    }
    for key, ids in blocks.items():
        first: dict[str, int] = {}
        for index, name in enumerate(ids):
            if first.setdefault(name, index) != index:
                message = f"{name!r} is also the id of {key}[{first[name]}]; expected different ids; rename one"
                yield FieldError(f"{key}[{index}].id", "duplicate_id", message)


def _class_errors(study: Study, group: ReferenceClass, path: str) -> list[FieldError]:
    outcomes = {outcome.id: outcome for outcome in study.outcomes}
    covariates = {covariate.id for covariate in study.covariates}
    errors: list[FieldError] = []
    for index, name in enumerate(group.outcomes):
        errors += unknown_name(f"{path}.outcome[{index}]", name, outcomes, "an outcome")
    for index, name in enumerate(group.covariates):
        errors += unknown_name(f"{path}.covariates[{index}]", name, covariates, "a covariate")
    if len(set(group.outcomes)) < len(group.outcomes):
        errors.append(
            FieldError(f"{path}.outcome", "duplicate_id", "an outcome is named twice; expected it once; remove one")
        )
    if len(set(group.covariates)) < len(group.covariates):
        message = "a covariate is named twice; expected it once; remove one"
        errors.append(FieldError(f"{path}.covariates", "duplicate_id", message))
    kinds = {name: study.outcome(name).kind for name in group.outcomes if name in outcomes}
    errors += option_class_errors(group, [study.outcome(name) for name in kinds], path)
    if OutcomeKind.THRESHOLD in kinds.values():
        message = "a threshold outcome has no historical cases; expected an event or binary outcome; leave it out"
        errors.append(FieldError(f"{path}.outcome", "kind", message))
    binary = [name for name, kind in kinds.items() if kind is OutcomeKind.BINARY]
    for key in ("success_columns", "trial_columns"):
        for name in getattr(group, key):
            if name not in binary:
                message = f"{name!r} is not a binary outcome of the class; {nearest_hint(name, binary)}"
                errors.append(FieldError(f"{path}.{key}.{name}", "unknown_outcome", message))
    events = [name for name, kind in kinds.items() if kind is OutcomeKind.EVENT]
    return errors or event_value_errors(group, events, path)


def _indicator_errors(study: Study, table_files: Mapping[str, str]) -> list[FieldError]:
    factors = {factor.id for factor in study.factors}
    errors: list[FieldError] = []
    for index, indicator in enumerate(study.indicators):
        path = f"indicators[{index}]"
        if indicator.factor is not None:
            errors += unknown_name(f"{path}.factor", indicator.factor, factors, "a factor")
        reader = RowReader(indicator.table_rows, path, table_files.get(path))
        found = read_observations(reader, study.calendar)
        errors += reader.errors or course_errors(indicator, found, study.calendar, path)
    return errors


def _resolution_errors(study: Study, table_files: Mapping[str, str]) -> list[FieldError]:
    if study.resolutions is None:
        return []
    block = study.resolutions
    reader = RowReader(block.table_rows, "resolutions", table_files.get("resolutions"), leaves_out=block.leaves_out)
    read_resolutions(reader, study.outcomes, study.as_of)
    return reader.errors


def _scenario_errors(study: Study) -> list[FieldError]:
    outcomes = [*(part.id for part in study.parts), *(value_of(quantity.id) for quantity in study.quantities)]
    answers = {o.id: study.resolves_by(o.id) for o in study.outcomes if o.kind is OutcomeKind.BINARY}
    errors: list[FieldError] = []
    for index, scenario in enumerate(study.scenarios):
        path = f"scenarios[{index}].when"
        try:
            expression = parse_expression(scenario.when, outcomes)
        except ExpressionError as error:
            errors.append(FieldError(path, ExpressionError.code, str(error)))
            continue
        problems = time_problems(expression, study.calendar, study.horizon, answers)
        errors.extend(FieldError(path, ExpressionError.code, problem) for problem in problems)
    return errors


def _without_information(study: Study, cases: Iterable[Case], informed: set[str]) -> list[FieldError]:
    """Outcomes about which nothing at all is said; `informed` are those that need not be looked at."""
    classes = {group.id: group.outcomes for group in study.reference_classes}
    parts = {outcome.id: [part.id for part in outcome.parts] for outcome in study.outcomes}
    served = {
        outcome
        for case in cases
        if case.weight > 0
        for outcome in classes[case.reference_class]
        if any(case.seen(part) is not None for part in parts[outcome])
    }
    return [
        FieldError(
            f"outcomes[{index}]",
            "no_information",
            f"{outcome.id!r} has no information as of {study.as_of}: no prior, no case of a reference class, no judgment; "
            "expected one of them; state a prior"
            + (", as the `probability` of each option" if outcome.options is not None else ""),
        )
        for index, outcome in enumerate(study.outcomes)
        if outcome.kind is not OutcomeKind.THRESHOLD  # whose information is its indicator
        and outcome.prior is None
        and not any(option.probability for option in outcome.options or ())
        and outcome.id not in served
        and outcome.id not in informed
    ]
