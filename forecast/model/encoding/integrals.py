"""Integrals over the frailties of cases as arrays: what is integrated, with which power, by which nodes.

A case of weight w below 1 counts as the w-th power of its likelihood with the frailty integrated out: given the frailty,
the power of a well measured case would do nothing. A case first observed at an age above 0 is a survivor: its
likelihood is divided by the chance that a case of its kind lives to that age, also integrated over its frailty.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.cells import Cells
from forecast.model.encoding.units import Unit
from forecast.study import Choice, Trial

FloatArray = npt.NDArray[np.float64]

RULES: Final = ((0.0, 5), (0.18, 7), (0.35, 9), (0.55, 11), (0.75, 15), (1.0, 21), (2.0, 41), (3.0, 51))
"""Spread of cases from which on a rule is used, and its nodes on each axis; tests/model/test_integrals.py has the errors."""

MOST_NODES: Final[Mapping[int, int]] = {1: 51, 2: 51, 3: 15, 4: 7, 5: 3, 6: 3}
"""On each axis, by the number of axes: a rule has the product of its axes as points. Beyond, one node is left, which is
Laplace's approximation."""


@dataclass(frozen=True)
class Axis:
    """One outcome that a case carries: what was seen of it."""

    unit: int
    """The first one of its class and covariates."""
    row: int
    """In the Cholesky factor of R; 0 for a frailty that is correlated with no other."""
    yes: float = 0.0
    trials: float = 0.0
    spans: tuple[tuple[int, int, float, float], ...] = ()
    """(band, stage counted from 1 or 0, events, exposure)."""


@dataclass(frozen=True)
class Integral:
    """Of one case over the frailties that are correlated with one another."""

    reference_class: str
    case: str
    power: float
    axes: tuple[Axis, ...]


def find_integrals(
    units: Sequence[Unit], rows: Mapping[str, int], cells: Cells, covariates: FloatArray, *, every_case: bool = False
) -> list[Integral]:
    """The integrals that a study's likelihood has.

    Parameters
    ----------
    rows
        Rows of the outcomes whose frailties may be correlated.
    covariates
        Dims (unit, covariate), as the model sees them.
    every_case
        The likelihood of every case that counts is integrated, with a frailty or without; not of categorical outcomes.
    """
    records = _Records(units, rows, cells, covariates)
    found = []
    for together in _groups(units, rows):
        first = units[together[0]]
        if isinstance(first.data, Choice):
            continue  # no integral: options are weighed together, and cases with a frailty count wholly or not at all
        names, power = (first.case.reference_class, first.case.id), first.case.weight
        if power > 0 and (every_case or first.is_integrated):
            found.append(Integral(*names, power, records.seen(together)))
        late = [place for place in together if units[place].unseen > 0]
        if power > 0 and late:
            found.append(Integral(*names, -power, records.survived(late)))
    return found


def integrated_axes(
    units: Sequence[Unit], rows: Mapping[str, int], cells: Cells
) -> list[tuple[tuple[int, ...], tuple[Axis, ...]]]:
    """Places of the units whose frailties are integrated, those of one integral together, and what was seen of them."""
    records = _Records(units, rows, cells, np.zeros((len(units), 0)))
    groups = (
        tuple(together)
        for together in _groups(units, rows)
        if units[together[0]].is_integrated and not isinstance(units[together[0]].data, Choice)
    )
    return [(together, records.seen(together)) for together in groups]


def integral_arrays(integrals: Sequence[Integral]) -> dict[str, npt.ArrayLike]:
    """The arrays of the block; equal integrals are one, with the sum of their powers."""
    powers: dict[tuple[Axis, ...], float] = {}
    for integral in integrals:
        powers[integral.axes] = powers.get(integral.axes, 0.0) + integral.power
    shape = len(powers), max(map(len, powers), default=0)
    whole = {name: np.zeros(shape, dtype=np.int64) for name in ("unit", "row")}
    real = {name: np.zeros(shape) for name in ("yes", "n")}
    spans: list[tuple[float, ...]] = []
    sizes = [len(axes) for axes in powers]
    first_rules, rules = quadrature_rules(sizes)
    for place, axes in enumerate(powers):
        for column, axis in enumerate(axes):
            whole["unit"][place, column], whole["row"][place, column] = axis.unit + 1, axis.row
            real["yes"][place, column], real["n"][place, column] = axis.yes, axis.trials
            spans.extend((place, column, *span) for span in axis.spans)
    table = np.asarray(spans, dtype=float).reshape(-1, 6)
    return {
        "integral_power": list(powers.values()),
        "integral_rule": np.array([first_rules[size] for size in sizes], dtype=np.int64),
        **{f"integral_{name}": values for name, values in {**whole, **real}.items()},
        "span_integral": table[:, 0].astype(np.int64),
        "span_axis": table[:, 1].astype(np.int64),
        "span_band": table[:, 2].astype(np.int64),
        "span_stage": table[:, 3].astype(np.int64),
        "span_events": table[:, 4],
        "span_exposure": table[:, 5],
        **rules,
    }


def quadrature_rules(axes: Collection[int]) -> tuple[dict[int, int], dict[str, npt.ArrayLike]]:
    """Gauss-Hermite rules for these numbers of axes: the first rule of each number, and the arrays of all.

    The weights are those of a standard normal over its shape, for the integral of f(z) exp(z^2 / 2) phi(z): Liu and Pierce
    (1994), doi:10.1093/biomet/81.3.624.
    """
    first: dict[int, int] = {}
    rules: list[tuple[float, int]] = []
    for number in sorted(set(axes)):
        most = MOST_NODES.get(number, 1)
        first[number] = len(rules)
        rules += [(start, count) for start, count in RULES if count <= most] or [(0.0, most)]
    nodes = max((count for _, count in rules), default=0)
    places, weights = np.zeros((len(rules), nodes)), np.zeros((len(rules), nodes))
    for rule, (_, count) in enumerate(rules):
        place, weight = np.polynomial.hermite_e.hermegauss(count)
        places[rule, :count] = place
        weights[rule, :count] = weight / weight.sum() * np.exp(0.5 * place**2)
    return first, {"rule_from": [start for start, _ in rules], "node_place": places, "node_weight": weights}


def _groups(units: Sequence[Unit], rows: Mapping[str, int]) -> Iterator[list[int]]:
    """Places of the units of a case whose frailties are correlated, and each of the others alone."""
    for _, places in itertools.groupby(range(len(units)), lambda p: (units[p].case.reference_class, units[p].case.id)):
        own = list(places)
        together = [place for place in own if units[place].is_frail and units[place].outcome in rows]
        if len(together) > 1:
            yield together
            own = [place for place in own if place not in together]
        yield from ([place] for place in own)


class _Records:
    """What was seen of each unit."""

    def __init__(self, units: Sequence[Unit], rows: Mapping[str, int], cells: Cells, covariates: FloatArray) -> None:
        first: dict[tuple[object, ...], int] = {}
        self._units, self._rows, self._cells = units, rows, cells
        self._first = [first.setdefault((u.level, *covariates[place]), place) for place, u in enumerate(units)]
        self._whole = cells.exposure + cells.unseen
        self._nothing = np.zeros(len(cells.unit))
        self._order = np.argsort(cells.unit, kind="stable")
        self._starts = np.searchsorted(cells.unit[self._order], np.arange(len(units) + 1))

    def seen(self, together: Sequence[int]) -> tuple[Axis, ...]:
        """All that was seen, from age 0."""
        return tuple(self._seen(place, self._row(place, together)) for place in together)

    def survived(self, together: Sequence[int]) -> tuple[Axis, ...]:
        """The time before the case was first observed, of the outcomes that might have ended it."""
        found = []
        for place in together:
            spans = [cell for cell in self._spans(place) if self._cells.unseen[cell] > 0]
            rows = self._rows_of(spans, self._nothing, self._cells.unseen)
            found.append(Axis(self._first[place], self._row(place, together), spans=rows))
        return tuple(found)

    def _seen(self, place: int, row: int) -> Axis:
        data = self._units[place].data
        if isinstance(data, Trial):
            return Axis(self._first[place], row, float(data.successes), float(data.trials))
        spans = self._spans(place)
        events = float(sum(self._cells.events[cell] for cell in spans))
        return Axis(self._first[place], row, events, 0.0, self._rows_of(spans, self._cells.events, self._whole))

    def _row(self, place: int, together: Sequence[int]) -> int:
        return self._rows[self._units[place].outcome] if len(together) > 1 else 0

    def _spans(self, place: int) -> list[int]:
        return [int(cell) for cell in self._order[self._starts[place] : self._starts[place + 1]]]

    def _rows_of(
        self, spans: Sequence[int], events: FloatArray, exposure: FloatArray
    ) -> tuple[tuple[int, int, float, float], ...]:
        band, stage = self._cells.band, self._cells.stage
        return tuple((int(band[cell]), int(stage[cell]), float(events[cell]), float(exposure[cell])) for cell in spans)
