"""Results of jobs as rows for the database."""

from __future__ import annotations

from sqlalchemy.orm import class_mapper

from forecast.answer import Answer
from forecast.jobs.counting import Counter
from forecast.store.repositories.counters import Counts
from forecast.store.tables.core import ExplanationRow, ForecastRow


def copy_of(row: ForecastRow | ExplanationRow) -> ForecastRow | ExplanationRow:
    """The same row, not yet known to any session: one whose transaction failed cannot be stored again."""
    values = {column.key: getattr(row, column.key) for column in class_mapper(type(row)).column_attrs}
    return type(row)(**{name: value for name, value in values.items() if value is not None})


def counts_of(answer: Answer) -> Counts:
    """What a forecast adds to the installation's counters."""
    diagnostics = answer.diagnostics
    counts = {(Counter.STAGE_SECONDS.value, stage): seconds for stage, seconds in diagnostics.seconds.items()}
    counts |= {(Counter.STAGE_RUNS.value, stage): 1 for stage in diagnostics.seconds}
    return counts | {(Counter.DIVERGENCES.value, ""): diagnostics.divergences}
