"""The study: a frozen, validated document with its digest.

A `Study` is made by `study_from_document`, `study_from_bytes` or `load_study`, which check everything that the fields
alone cannot say. What is made there can be computed; nothing later needs to check the document again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PrivateAttr

from forecast.study.document.calendar import Calendar, Period, Weekday, YearName
from forecast.study.document.canonical import canonical_json
from forecast.study.document.cases import Case
from forecast.study.document.change import Change
from forecast.study.document.evidence import Covariate, Indicator, Judgments, ReferenceClass, Resolutions, TrackRecords
from forecast.study.document.experts import Experts
from forecast.study.document.fields import Block, Day, RequiredText, StudyId, Text
from forecast.study.document.influences import Dependence, Factor, Link
from forecast.study.document.outcome import Outcome
from forecast.study.document.period_labels import read_period
from forecast.study.document.pull_source import MAX_SOURCES, PullSource
from forecast.study.document.quantity import HistoricalValues, Quantity, StatedQuantiles
from forecast.study.document.sampler import SamplerSettings
from forecast.study.document.scenario import Scenario

MAX_HORIZON = 600
MAX_OUTCOMES = 50


class Study(Block):
    """A versioned document: outcomes, evidence, priors and scenarios, as of one date."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"minItems": 1}}} for name in ("outcomes", "quantities")
            ]
        }
    )

    study: StudyId
    """Id of the study: 1 to 64 lower-case letters, digits and hyphens."""
    title: RequiredText
    """Title for readers."""
    as_of: Day
    """What was known on this day is used, nothing later."""
    period: Period
    """Length of one time step; rates are per period."""
    horizon: Annotated[int, Field(strict=True, ge=1, le=MAX_HORIZON)]
    """Number of future periods, from the as-of date."""
    week_starts: Weekday = Weekday.MONDAY
    """Day on which weeks of counts begin. Week 1 of a year is the one that holds 4 January: with `monday` weeks are those of
    ISO 8601, with `sunday` those of epidemiologists."""
    year_starts: Annotated[int, Field(strict=True, ge=1, le=12)] = 1
    """Month (1 to 12) in which years of counts begin, such as fiscal years; quarters are counted from it."""
    year_named: YearName | None = None
    """Calendar year that names such a year: that of its `start` or of its `end`. Absent: a label of one year, such as 2024,
    is refused; 2023/24 says which is meant."""
    outcomes: Annotated[tuple[Outcome, ...], Field(max_length=MAX_OUTCOMES)] = ()
    """What is uncertain; at least one, or a quantity."""
    quantities: Annotated[tuple[Quantity, ...], Field(max_length=MAX_OUTCOMES)] = ()
    """Numbers at a date; they may also stand among the outcomes, with `kind: quantity`."""
    values: HistoricalValues | None = None
    """What quantities were in historical cases."""
    quantiles: StatedQuantiles | None = None
    """What experts say of quantities."""
    reference_classes: Annotated[tuple[ReferenceClass, ...], Field(max_length=200)] = ()
    """Groups of comparable historical cases."""
    covariates: Annotated[tuple[Covariate, ...], Field(max_length=50)] = ()
    """Properties of cases that move rates or odds."""
    factors: Annotated[tuple[Factor, ...], Field(max_length=50)] = ()
    """Latent states over time that drive indicators and move outcomes."""
    indicators: Annotated[tuple[Indicator, ...], Field(max_length=100)] = ()
    """Streams of counts per period."""
    judgments: Judgments | None = None
    """Probabilities that experts stated for the study's outcomes."""
    track_records: TrackRecords | None = None
    """Experts' earlier probabilities with what happened; from these the model learns their errors."""
    experts: Experts = Experts()
    """How far experts may err before their track records are read; absent: the defaults."""
    links: Annotated[tuple[Link, ...], Field(max_length=500)] = ()
    """Effects of one outcome on another."""
    changes: Annotated[tuple[Change, ...], Field(max_length=200)] = ()
    """Changes of rates and odds of the present case on stated days."""
    dependence: Dependence | None = None
    """Residual correlation of outcomes; absent: outcomes depend on one another only through the rest of the model."""
    scenarios: Annotated[tuple[Scenario, ...], Field(max_length=100)] = ()
    """Named expressions over outcomes."""
    resolutions: Resolutions | None = None
    """How outcomes turned out."""
    sources: Annotated[tuple[PullSource, ...], Field(max_length=MAX_SOURCES)] = ()
    """Tables elsewhere that are fetched repeatedly and become evidence."""
    sampler: SamplerSettings = SamplerSettings()
    """How much is sampled and simulated."""
    notes: Text | None = None
    """Free text about the study as a whole."""

    _document: dict[str, Any] | None = PrivateAttr(default=None)
    _cases: tuple[Case, ...] = PrivateAttr(default=())
    _table_files: dict[str, str] = PrivateAttr(default_factory=dict)

    def adopt(self, document: dict[str, Any], cases: tuple[Case, ...], table_files: dict[str, str]) -> Study:
        """The study itself, with what loading found; for `forecast.study.loading` alone."""
        self._document, self._cases, self._table_files = document, cases, table_files
        return self

    @property
    def document(self) -> dict[str, Any]:
        """The canonical document itself, not to be changed; `canonical` gives a copy.

        Raises
        ------
        RuntimeError
            When the study was not made by one of the loading functions, and so was never checked.
        """
        if self._document is None:
            raise RuntimeError(
                "a Study made by hand was never checked; expected study_from_document; make it with that"
            )
        return self._document

    @property
    def table_files(self) -> dict[str, str]:
        """By the path of a table in the document, the file that it came from; for messages."""
        return self._table_files

    @property
    def cases(self) -> tuple[Case, ...]:
        """The historical cases known on the as-of date, by reference class in the order of their tables."""
        return self._cases if self.document else ()

    @property
    def calendar(self) -> Calendar:
        """Periods around the as-of date."""
        return Calendar(self.period, self.as_of, self.week_starts, self.year_starts, self.year_named)

    @property
    def parts(self) -> tuple[Outcome, ...]:
        """The outcomes, with the options of a categorical one, each as an outcome of its own, in its place."""
        return tuple(part for outcome in self.outcomes for part in outcome.parts)

    def outcome(self, id: str) -> Outcome:
        """The outcome, or option as an outcome of its own, of that id.

        Raises
        ------
        KeyError
            When the study has none.
        """
        # Parts are made anew each time, and hardly ever needed.
        for outcome in itertools.chain(self.outcomes, (part for whole in self.outcomes for part in whole.parts)):
            if outcome.id == id:
                return outcome
        raise KeyError(f"no outcome {id!r}; expected one of {', '.join(o.id for o in self.outcomes)}")

    def resolves_by(self, id: str) -> date:
        """The last day that counts for an outcome: its `resolution.by`, the end of the period that it names, or the
        end of the horizon."""
        outcome = self.outcome(id)
        if outcome.window.period is not None:
            return read_period(outcome.window.period, self.calendar)[1]
        return outcome.resolution.by or self.calendar.end_of(self.horizon)

    def sure_until(self, outcome: Outcome) -> date | None:
        """The last day on which an outcome, or one that excludes it, must have occurred; None where none has to."""
        rivals = [
            other for other in self.outcomes if outcome.competes is not None and other.competes == outcome.competes
        ]
        if not any(other.exhaustive for other in rivals):
            return None
        return max(self.resolves_by(other.id) for other in rivals)

    def canonical(self) -> dict[str, Any]:
        """The document as its author wrote it, with each table inlined as `rows`; a copy that is JSON throughout.

        Cells are canonical (``1`` whether a CSV file or a number said so, blank as null), absent keys stay absent.
        """
        copied: dict[str, Any] = json.loads(self.canonical_json)
        return copied

    @cached_property
    def canonical_json(self) -> str:
        """The canonical document as JSON with sorted keys and no spaces, as it is stored and digested."""
        return canonical_json(self.document)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical document: what makes a version a version."""
        return hashlib.sha256(self.canonical_json.encode("utf-8")).hexdigest()

    def drawn_as(self, used: Mapping[str, Any]) -> Study:
        """The same document, sampled as one of its forecasts was: what the sampler had set itself is fixed.

        Parameters
        ----------
        used
            `Provenance.sampler` of the forecast; one whose draws were weighed, not sampled, fixes nothing.
        """
        fixed = {name: used[name] for name in ("draws", "tune", "target_accept") if "target_accept" in used}
        return self.model_copy(update={"sampler": self.sampler.model_copy(update=fixed)})
