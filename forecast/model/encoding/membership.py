"""Which class the present case belongs to: memberships, their options, and the variants of each outcome.

Outcomes that name the same classes with the same weights are in one of them together; an outcome with one class, with a
blend, or with none has a single variant.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.units import Level
from forecast.study import Outcome

LEAST_WEIGHT = 1e-9
"""Weights such as three times 1/3 may miss 1 by rounding."""

NEW = "new class"
"""Label of the option that is a class not seen."""


@dataclass(frozen=True)
class Variant:
    """An outcome of the present case as one option has it; places of options count from 1, and 0 is none."""

    outcome: str
    option: int
    weights: Mapping[str, float]
    """By class; the rest is a class not seen."""


@dataclass(frozen=True)
class Memberships:
    """Which class the present case belongs to, by outcome."""

    groups: tuple[tuple[tuple[str, float], ...], ...]
    """Of each membership its options: (class or `NEW`, prior weight)."""
    of: Mapping[str, int]
    """Place of an outcome's membership, where it has one."""
    variants: tuple[Variant, ...]

    @property
    def coords(self) -> dict[str, list[str]]:
        """Labels of the dims membership, option and variant."""
        labels = [
            "+".join(outcome for outcome, group in self.of.items() if group == place)
            for place in range(len(self.groups))
        ]
        return {
            "membership": labels,
            "option": [f"{labels[group]}:{name}" for group, name, _ in self.options],
            "variant": [
                variant.outcome + (f":{self.options[variant.option - 1][1]}" if variant.option else "")
                for variant in self.variants
            ],
        }

    @property
    def options(self) -> list[tuple[int, str, float]]:
        """(membership, class, prior weight) of all options in their order."""
        return [(place, name, weight) for place, group in enumerate(self.groups) for name, weight in group]

    def options_of(self, membership: int) -> list[int]:
        """Places of the options of a membership, from 1."""
        return [place for place, (group, _, _) in enumerate(self.options, start=1) if group == membership]

    def variant(self, outcome: str, chosen: Mapping[int, int]) -> int:
        """Place of an outcome's variant where each membership has a chosen option."""
        option = chosen[self.of[outcome]] if outcome in self.of else 0
        return next(
            place for place, found in enumerate(self.variants) if (found.outcome, found.option) == (outcome, option)
        )

    def variants_of(self, outcome: str) -> list[int]:
        """Places of all variants of an outcome."""
        return [place for place, found in enumerate(self.variants) if found.outcome == outcome]

    def ways(self, outcomes: Sequence[str]) -> int:
        """In how many ways options combine on which some outcomes depend."""
        return prod(
            len(self.groups[place]) for place in {self.of[outcome] for outcome in outcomes if outcome in self.of}
        )

    def readings(self, outcomes: Sequence[str]) -> list[dict[int, int]]:
        """Every choice of options, by membership, on which some outcomes depend."""
        concerned = sorted({self.of[outcome] for outcome in outcomes if outcome in self.of})
        return [
            dict(zip(concerned, chosen, strict=True))
            for chosen in itertools.product(*(self.options_of(membership) for membership in concerned))
        ]

    def arrays(self, outcomes: Sequence[Outcome], levels: Sequence[Level]) -> dict[str, npt.ArrayLike]:
        """The blocks option and variant, with the weights of levels."""
        places = {outcome.id: place for place, outcome in enumerate(outcomes)}
        weights = np.zeros((len(self.variants), len(levels)))
        for row, variant in enumerate(self.variants):
            for column, level in enumerate(levels):
                if level.outcome == variant.outcome:
                    weights[row, column] = variant.weights.get(level.reference_class, 0.0)
        return {
            "membership_first": np.array(
                [self.options_of(membership)[0] - 1 for membership in range(len(self.groups))], dtype=int
            ),
            "option_membership": np.array([membership for membership, _, _ in self.options], dtype=int),
            "option_log_weight": np.log([weight for _, _, weight in self.options]),
            "variant_outcome": np.array([places[variant.outcome] for variant in self.variants], dtype=int),
            "variant_option": np.array([variant.option for variant in self.variants], dtype=int),
            "present_weights": weights,
            "present_new": np.clip(1.0 - weights.sum(axis=1), 0.0, 1.0),
        }


def find_memberships(outcomes: Sequence[Outcome], levels: Sequence[Level]) -> Memberships:
    """The memberships of some outcomes; a class that has no level of an outcome counts as one not seen."""
    groups: list[tuple[tuple[str, float], ...]] = []
    of: dict[str, int] = {}
    for outcome in outcomes:
        options = _options(outcome, levels)
        if len(options) > 1 and not outcome.is_blend:
            if options not in groups:
                groups.append(options)
            of[outcome.id] = groups.index(options)
    found = Memberships(tuple(groups), of, ())
    variants = []
    for outcome in outcomes:
        if outcome.id not in of:
            variants.append(Variant(outcome.id, 0, outcome.class_weights))
            continue
        for option in found.options_of(of[outcome.id]):
            name = found.options[option - 1][1]
            variants.append(Variant(outcome.id, option, {} if name == NEW else {name: 1.0}))
    return Memberships(tuple(groups), of, tuple(variants))


def _options(outcome: Outcome, levels: Sequence[Level]) -> tuple[tuple[str, float], ...]:
    serving = {level.reference_class for level in levels if level.outcome == outcome.id}
    named = sorted((name, weight) for name, weight in outcome.class_weights.items() if weight > 0.0 and name in serving)
    total = sum(weight for _, weight in named)
    rest = [(NEW, 1.0 - total)] if total < 1.0 - LEAST_WEIGHT else []
    scale = max(total, 1.0)
    return tuple((name, weight / scale) for name, weight in [*named, *rest])
