"""Stated probabilities of the present case as laws of the outcomes' levels, with the spreads that leave room for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forecast.errors import FieldError, StudyError
from forecast.model.encoding.present import Standardization
from forecast.model.encoding.stated.groups import find_groups, statement_errors, states_present
from forecast.model.encoding.stated.law import Law
from forecast.model.encoding.stated.problems import unmet
from forecast.model.encoding.stated.rounds import Unsettled
from forecast.model.encoding.stated.solving import solve_group
from forecast.model.encoding.stated.statement import Spreads
from forecast.study import Study


@dataclass(frozen=True)
class Level:
    """The prior of an outcome's level, and the spreads around it."""

    law: Law
    spreads: Spreads
    factor: float
    """By which spreads that the study does not state are smaller than their defaults."""


def stated_levels(study: Study, standardizations: Mapping[str, Standardization]) -> dict[str, Level]:
    """What the stated probabilities of present cases come to, by outcome.

    Factors, links and the residual correlation of outcomes take no part.

    Raises
    ------
    StudyError
        With every statement that cannot be met.
    """
    errors: list[FieldError] = list(statement_errors(study))
    found: dict[str, Level] = {}
    for group in () if errors else find_groups(study, standardizations):
        solved = solve_group(group)
        if isinstance(solved, Unsettled):
            errors.append(unmet(study, group, solved))
            continue
        for member, law, spreads in zip(group.members, solved.laws, group.shrunk(solved.factor), strict=True):
            if member.statement is not None:
                found[member.outcome] = Level(law, spreads, solved.factor if member.can_shrink else 1.0)
    if errors:
        raise StudyError(errors)
    return found


__all__ = ["Law", "Level", "Spreads", "stated_levels", "states_present"]
