"""Reference classes and cases as one outcome sees them: the labels of the model's dims level, unit and frailty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forecast.study import Case, Datum, Spell, Study


@dataclass(frozen=True)
class Level:
    """A reference class as one outcome sees it."""

    reference_class: str
    outcome: str

    @property
    def label(self) -> str:
        return f"{self.reference_class}:{self.outcome}"


@dataclass(frozen=True)
class FrailtyTerm:
    """One standard normal of a case, times an element of the Cholesky factor of R (rows and columns are outcomes)."""

    frailty: int
    row: int = 0
    column: int = 0
    """Row 0 and column 0 hold 1: the default is an independent frailty."""


@dataclass(frozen=True)
class Unit:
    """A case as one outcome sees it; its frailty is the sum of some terms, none where it has none or is integrated."""

    case: Case
    outcome: str
    level: int
    frailty: tuple[FrailtyTerm, ...]
    is_frail: bool
    """Whether the case differs from its class in this outcome."""

    @property
    def is_integrated(self) -> bool:
        """Whether its frailty is integrated out, not sampled."""
        return self.is_frail and not self.frailty

    @property
    def data(self) -> Datum:
        """What was seen of the outcome."""
        found = self.case.seen(self.outcome)
        assert found is not None, f"{self.label} says nothing"
        return found

    @property
    def unseen(self) -> float:
        """Periods before it was first observed that it must have survived, whatever its frailty; else 0."""
        return data.entry if self.is_frail and isinstance(data := self.data, Spell) else 0.0

    @property
    def label(self) -> str:
        return f"{self.case.reference_class}/{self.case.id}:{self.outcome}"


@dataclass(frozen=True)
class Units:
    """All units, and the labels of their frailties."""

    items: tuple[Unit, ...]
    frailties: tuple[str, ...]


def make_units(study: Study, cases: Iterable[Case], levels: Sequence[Level], correlated: Sequence[int]) -> Units:
    """Every case once for each outcome of its class of which it says anything.

    The frailty of a case of weight below 1 is integrated, not sampled (`forecast.model.graph.integrals`).

    Parameters
    ----------
    correlated
        Places of the outcomes whose residuals have a correlation, rising; a case that carries several of them has one
        standard normal for each one up to its last, and its frailties are correlated as the present case's are.
    """
    modelled = [outcome for outcome in study.parts if outcome.is_modelled]
    places = {outcome.id: place for place, outcome in enumerate(modelled)}
    has_frailty = {outcome.id: outcome.pooling.case_sd > 0 for outcome in modelled}
    by_class: dict[str, list[tuple[int, str]]] = {}
    for position, level in enumerate(levels):
        by_class.setdefault(level.reference_class, []).append((position, level.outcome))
    units: list[Unit] = []
    labels: list[str] = []
    for case in cases:
        served = [(level, name) for level, name in by_class[case.reference_class] if case.seen(name) is not None]
        shared = [places[outcome] for _, outcome in served if places[outcome] in correlated]
        start = len(labels)
        is_sampled = case.weight == 1
        columns = [place for place in correlated if place <= max(shared)] if is_sampled and len(shared) > 1 else []
        if columns:
            labels += [f"{case.reference_class}/{case.id}:{modelled[place].id}" for place in columns]
        for position, outcome in served:
            place = places[outcome]
            if columns and place in shared:
                terms = tuple(
                    FrailtyTerm(start + index, place, column) for index, column in enumerate(columns) if column <= place
                )
            elif has_frailty[outcome] and is_sampled:
                terms = (FrailtyTerm(len(labels)),)
                labels.append(f"{case.reference_class}/{case.id}:{outcome}")
            else:
                terms = ()
            units.append(Unit(case, outcome, position, terms, has_frailty[outcome]))
    return Units(tuple(units), tuple(labels))
