"""Which outcomes exclude one another, and in which of these groups one must occur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from forecast.study.document.document import Study
from forecast.study.document.prior import OutcomeKind


@dataclass(frozen=True, slots=True)
class Sure:
    """That one of a group must occur."""

    members: frozenset[str]
    until: date
    """The last day on which one has."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Outcomes that exclude one another; each other one is a group of its own."""

    of: Mapping[str, str]
    """By outcome, its group."""
    sure: Mapping[str, Sure]
    """By group, where one of it must occur."""


def groups_of(study: Study) -> Groups:
    """Those of a study, the options of a categorical outcome among them."""
    parts = study.parts
    members: dict[str, list[str]] = {}
    for part in parts:
        members.setdefault(part.competes or f"only {part.id}", []).append(part.id)
    sure = {}
    for part in parts:
        until = study.resolves_by(part.id) if part.kind is OutcomeKind.CATEGORICAL else study.sure_until(part)
        if part.competes is not None and part.competes not in sure and until is not None:
            sure[part.competes] = Sure(frozenset(members[part.competes]), until)
    return Groups({name: group for group, names in members.items() for name in names}, sure)
