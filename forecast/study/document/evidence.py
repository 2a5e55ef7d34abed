"""The evidence blocks of a study: reference classes, covariates, indicators, judgments, track records, resolutions.

A block that has a table holds it as rows: `forecast.study.loading` has put the cells of CSV files in place, so nothing
here touches a file. What the rows mean is read by the functions of `evidence_tables`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, SkipValidation, WithJsonSchema, model_validator

from forecast.study.document.fields import (
    OUTCOME_ID_PATTERN,
    Block,
    Day,
    Flag,
    Id,
    OutcomeId,
    RequiredText,
    Scale,
    Text,
    field_error,
)
from forecast.study.document.missing import MissingCodes
from forecast.study.reading.missing_codes import with_blanks
from forecast.study.reading.table import Cell, Row, canonical_cell

CASE_COLUMNS: Final = frozenset(
    [
        "id",
        "entered",
        "exited",
        "event",
        "origin",
        "duration",
        "entry",
        "exposure",
        "events",
        "age",
        "successes",
        "trials",
        "option",
        "weight",
        "source",
        "note",
        "known_at",
    ]
)
"""Our names of the columns of a table of cases."""

_OUTCOME_SCHEMA: dict[str, Any] = {"type": "string", "pattern": OUTCOME_ID_PATTERN}
_CELL_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
_CELLS_SCHEMA: dict[str, Any] = {"anyOf": [_CELL_SCHEMA, {"type": "array", "items": _CELL_SCHEMA, "minItems": 1}]}


def _cells(value: object) -> object:
    values = value if isinstance(value, list | tuple) else [value]
    if not values or not all(item is None or isinstance(item, str | int | float | bool) for item in values):
        raise field_error("expected a value, or a list of values with at least one; write it as such")
    return tuple(canonical_cell(item) for item in values)


def _condition(value: object) -> object:
    """A `where` rule, as (values, negated)."""
    if isinstance(value, dict):
        if set(value) != {"not"}:
            raise field_error("expected a value, a list of values, or {not: value or list}; use one of these")
        return _cells(value["not"]), True
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], bool) and isinstance(value[0], tuple):
        return value
    return _cells(value), False


OutcomeIds = Annotated[
    tuple[OutcomeId, ...],
    Field(min_length=1),
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [_OUTCOME_SCHEMA, {"type": "array", "items": _OUTCOME_SCHEMA, "minItems": 1}]}),
]
Cells = Annotated[tuple[Cell, ...], SkipValidation, BeforeValidator(_cells), WithJsonSchema(_CELLS_SCHEMA)]
Condition = Annotated[
    tuple[tuple[Cell, ...], bool],
    SkipValidation,
    BeforeValidator(_condition),
    WithJsonSchema(
        {
            "anyOf": [
                *_CELLS_SCHEMA["anyOf"],
                {
                    "type": "object",
                    "properties": {"not": _CELLS_SCHEMA},
                    "required": ["not"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Rows = Annotated[
    tuple[Row, ...],
    SkipValidation,
    WithJsonSchema({"type": "array", "items": {"type": "object", "additionalProperties": _CELL_SCHEMA}}),
]
"""Rows of a table, cells canonical; checked by `forecast.study.reading.table` before they come here."""


class TableBlock(Block):
    """A block that brings a table: either ``table: file.csv`` beside the document, or inline ``rows``."""

    table: Text | None = None
    """A CSV file beside the document, never outside its folder. Replaced by `rows` when the study is loaded."""
    rows: Rows | None = None
    """The table's rows, each a mapping from column to cell, instead of `table`."""
    missing: MissingCodes | None = None
    """Codes that stand for an unknown value, such as [NA, -99], in all columns or by column ({polity: [-66, -88]}). They are
    read as blanks, and rows that lack what is needed are left out, with a note that names them. `[]`: there is no code, and
    rows with blanks are left out. Absent: such a row is an error."""

    @model_validator(mode="after")
    def _has_rows(self) -> Self:
        if self.rows is None:
            raise field_error(
                "no rows; expected `table: file.csv` beside the document or inline `rows`; give one of them"
            )
        return self

    @cached_property
    def table_rows(self) -> tuple[Row, ...]:
        """The rows, cell by column name, with blanks in place of codes for missing values."""
        rows = self.rows or ()
        return with_blanks(rows, self.missing) if self.missing else rows

    @property
    def leaves_out(self) -> bool:
        """Whether rows that lack what is needed are left out."""
        return self.missing is not None


class Covariate(Block):
    """A property of cases that moves the log rate or log odds."""

    id: Id
    """Id of the covariate; also its column in tables of cases."""
    title: Text | None = None
    """Title for readers; absent: the id."""
    sd: Scale = 1.0
    """Standard deviation of the prior of its effect on the log rate or log odds, per unit of the (standardized)
    covariate."""
    standardize: Flag = True
    """Whether to center and scale it first by its mean and standard deviation over the cases (and their time)."""


class ReferenceClass(TableBlock):
    """A group of comparable historical cases of one outcome, or of several that share their cases.

    Columns of an event are days (entered, exited, event, origin), ages in periods (duration, event, entry), or counts
    (exposure, events, age). Of a binary outcome they are successes and trials, and of both id, weight, source, note and known_at.

    Rows with days or durations may share an id: they are one case whose covariates vary in time. Each row enters where
    the one before ends; between them the case is not at risk. Only the last row may have an event.

    Of a categorical outcome, which has a class for itself: a column of counts for each option, or a column `option` that names
    the one that turned out true, with a row for each case.

    A class may serve events and binary outcomes together. Where it serves several outcomes, blank successes say nothing of
    theirs, nor do columns of an event that are blank throughout; the case carries the others.
    """

    id: Id
    """Id of the reference class."""
    outcome: OutcomeIds
    """Id of an outcome, or a list of those that share the cases."""
    title: Text | None = None
    """Title for readers; absent: the id."""
    where: dict[str, Condition] = {}
    """Which rows count: column -> value, list of values, or {not: value or list}; all conditions hold together."""
    columns: dict[str, RequiredText] = {}
    """Column name of this format (or a covariate's id) -> the table's; the same name where absent."""
    event_value: dict[OutcomeId, Cells] = {}
    """Outcome -> the value (or values) of the event column that mean it; any other value is a censoring."""
    success_columns: dict[OutcomeId, RequiredText] = {}
    """Binary outcome -> its column of successes, or of yes and no. Absent: the outcome's id in a class of several binary
    outcomes, else `successes`."""
    trial_columns: dict[OutcomeId, RequiredText] = {}
    """Binary outcome -> its column of trials; absent: the column `trials`, which the outcomes share."""
    option_columns: dict[OutcomeId, RequiredText] = {}
    """Option of a categorical outcome -> its column of counts; absent: the option's id, if the table has such a column."""
    option_value: dict[OutcomeId, Cells] = {}
    """Option -> the value (or values) of the column `option` that mean it; absent: its id."""
    covariates: tuple[Id, ...] = ()
    """Ids of the covariates that the table has."""
    source: Text | None = None
    """Where the cases come from."""
    rationale: Text | None = None
    """Why they are comparable."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Ids of the outcomes that the class serves."""
        return self.outcome

    def column(self, name: str) -> str:
        """The table's name of one of our columns or of a covariate."""
        return self.columns.get(name, name)


class Indicator(TableBlock):
    """A stream of counts per calendar period; columns period, value, exposure, known_at.

    `period` is 2024-03, 2024 for years, or any day in it. A blank `value` says that it was not observed, which is not 0.
    `exposure` is the share of the period that was counted (default 1). `known_at` is the day on which the count became known
    (default the end of the period; for a part of the running period the as-of date). A count that was known before its period
    was over and has no exposure is a lower bound. Of several rows on one period the one known last counts.
    """

    id: Id
    """Id of the indicator."""
    title: Text | None = None
    """Title for readers; absent: the id."""
    factor: Id | None = None
    """Id of the factor that drives it; absent: none does."""
    direction: Literal[1, -1] = 1
    """1 when the counts rise with the factor, -1 when they fall."""
    season: Literal["none", "pooled"] | None = None
    """Whether weeks, months or quarters of the year have means of their own, drawn towards one another. Absent: `pooled` where
    there are counts of two years or more."""
    breaks: tuple[Day, ...] = ()
    """Days on which the level may have jumped, for instance because reporting changed: between the period of the day and the one
    before it."""
    source: Text | None = None
    """Where the counts come from."""


class Judgments(TableBlock):
    """Stated probabilities; columns expert, outcome, option, by, probability, on, known_at, given, given_at,
    kind.

    Of a categorical outcome each row has an `option`; the rows of one expert on one day are one statement, have all options
    and add up to 1.

    `by` is a date, a number of periods from `on`, or blank for the day the outcome resolves. `given` says
    what is supposed: an outcome that has occurred by then or, where `given_at` is `once`, occurs at once, on `on`; `not talks` for
    one that has not; `ceasefire and not war` for up to three. A probability without it is the marginal one, whatever links there
    are; one with it needs a link, and where there is none one is made. `kind` of the expert is person (the default), crowd or market, the same in all rows; a blank repeats what other rows say. Of several
    rows of one expert about one thing the latest `on` counts.
    """

    incoherent: Literal["keep", "refuse"] = "keep"
    """What becomes of statements that no distribution allows together, such as a later date that is less likely. `keep` uses
    them, and names them in `check` and in the answer; `refuse` makes them errors. By default `keep`."""


class TrackRecords(TableBlock):
    """Probabilities on other questions, with what happened; columns expert, question, probability, outcome, on, known_at, kind.

    `outcome` is 0 or 1, or blank while a question is open: what several experts say of it teaches how they differ. An answer
    counts for all rows on its question, and must not differ between them. `known_at` is when the row was known (default `on`),
    `kind` as in judgments. Of several rows of one expert on one question the latest `on` counts.
    """


class Resolutions(TableBlock):
    """How outcomes turned out; columns outcome, resolution (yes, no, ambiguous, annulled; of a categorical outcome the id of
    its option), on, source, known_at."""
