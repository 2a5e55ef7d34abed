"""An encoded study: its arrays, and the labels that belong to every dim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.cells import Cells
from forecast.model.encoding.foreseen import Foreseen
from forecast.model.encoding.membership import Memberships, find_memberships
from forecast.model.encoding.present import Standardization
from forecast.model.encoding.quantities import Quantities
from forecast.model.encoding.said import Opinions
from forecast.model.encoding.selection import EVERYTHING, Selection
from forecast.model.encoding.signals import Signals
from forecast.model.encoding.stated import Level as StatedLevel
from forecast.model.encoding.units import Level, Unit
from forecast.study import (
    Resolved,
    Study,
    Trial,
)


@dataclass(frozen=True)
class EncodedStudy:
    """Arrays for the program and what their positions mean."""

    study: Study
    """With links that are made for conditional judgments after those that it states."""
    arrays: ModelArrays
    levels: tuple[Level, ...]
    units: tuple[Unit, ...]
    bands: dict[str, AgeBands]
    """Age bands of every modelled outcome; binary outcomes have one band that nothing uses."""
    standardizations: dict[str, Standardization]
    cells: Cells
    """Events and exposure of every single case by age band, unweighted and not pooled."""
    ages: dict[str, float]
    """Age of the present case at the as-of date, by event outcome, in periods; negative where its risk begins later."""
    signals: Signals
    opinions: Opinions
    links: tuple[tuple[str, str], ...]
    """(cause, effect_on), in the order of dim link."""
    coords: dict[str, list[str]] = field(default_factory=dict)
    """Labels of the program's parameter dims."""
    selection: Selection = EVERYTHING
    settled: Mapping[str, Resolved] = field(default_factory=dict)
    """Outcomes known to have turned out yes or no."""
    stated: Mapping[str, StatedLevel] = field(default_factory=dict)
    """What stated probabilities of the present case come to, by outcome."""
    foreseen: Foreseen = field(default_factory=Foreseen)
    """What was expected of causes on the day of older statements (`forecast.expectations`)."""
    quantities: Quantities = field(default_factory=Quantities)
    """Numbers at a date."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Event and binary outcomes and options of categorical ones, in the study's order; threshold outcomes have no level."""
        return tuple(self.bands)

    @property
    def memberships(self) -> Memberships:
        """Which classes the present case may belong to."""
        return find_memberships([outcome for outcome in self.study.parts if outcome.is_modelled], self.levels)

    @property
    def factors(self) -> tuple[str, ...]:
        """Factors in the program."""
        return tuple(factor.id for factor in self.signals.factors)

    @property
    def indicators(self) -> tuple[str, ...]:
        """Indicators in the program."""
        return tuple(indicator.id for indicator in self.signals.indicators)

    @property
    def effects(self) -> tuple[tuple[str, str], ...]:
        """(outcome, factor), in the order of dim effect."""
        return self.signals.effects

    @property
    def past_periods(self) -> tuple[date, ...]:
        """First days of the past periods; the last is the last one complete at the as-of date, or the running one if it was counted."""
        return self.signals.past_periods

    @property
    def frailty_rows(self) -> dict[str, int]:
        """Rows in the Cholesky factor of R of the outcomes whose residuals are correlated."""
        places = {*self.arrays["pair_row"].tolist(), *self.arrays["pair_column"].tolist()}
        return {outcome: place for place, outcome in enumerate(self.outcomes) if place in places}

    @property
    def evidence_counts(self) -> dict[str, int]:
        """How many pieces of each kind of evidence the arrays hold."""
        lengths = self.arrays.lengths
        return {
            "reference_classes": len({level.reference_class for level in self.levels}),
            "cases": len({_case(unit) for unit in self.units if unit.case.weight > 0}),
            "binary_cases": len(
                {_case(unit) for unit in self.units if isinstance(unit.data, Trial) and unit.case.weight > 0}
            ),
            "hazard_cells": len(self.cells.unit),
            "history_cells": len(
                set(
                    zip(
                        self.arrays["variant_outcome"][self.arrays["history_variant"]].tolist(),
                        self.arrays["history_band"].tolist(),
                        self.arrays["history_period"].tolist(),
                        strict=True,
                    )
                )
            ),
            "indicators": lengths["indicator"],
            "observations": lengths["count"] + lengths["floor"],
            "experts": lengths["expert"],
            "judgments": lengths["judgment"] + lengths["opinion"],
            "track_records": lengths["record"],
            "links": lengths["link"],
            "values": lengths["sample"],
            "quantiles": lengths["estimate"],
        }


def _case(unit: Unit) -> tuple[str, str]:
    return unit.case.reference_class, unit.case.id
