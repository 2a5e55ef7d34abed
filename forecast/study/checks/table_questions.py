"""Questions about what stands in tables: codes for missing values, units, scales and ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forecast.study.checks.ranges import covariate_values, extrapolations
from forecast.study.checks.values import codes, columns, far_values, mixed_percentages
from forecast.study.document.document import Study
from forecast.study.rows.row_reader import RowReader

LARGEST_EFFECT: Final = 5.0
"""On the log rate or log odds, at one standard deviation of an effect's prior: a factor of 150."""
SMALLEST_EFFECT: Final = 0.05
"""The same between the lowest and the highest case: nothing would be seen of it."""

_IN_ANOTHER_UNIT: Final = "is it in another unit, or mistyped? correct it, or leave it if it is meant"


def table_questions(study: Study) -> Iterator[tuple[str, str]]:
    """(name, what is asked or noted) of all tables of a valid study."""
    yield from _odd_values(study)
    yield from _percentages(study)
    yield from _scales(study)
    yield from _outside(study)


def _odd_values(study: Study) -> Iterator[tuple[str, str]]:
    for column in columns(study):
        aside = codes(column)
        for value, rows in aside.items():
            others = [number for number in column.numbers.values() if number not in aside]
            beside = f", where all others lie from {min(others):g} to {max(others):g}" if others else ""
            asked = (
                f"is {value:g} in {column.places(rows)} a code for a missing value{beside}? It is read as a number; say "
                f"`missing: [{value:g}]` if it is one, or `missing: {{{column.name}: []}}` if it is not"
            )
            yield "missing_code", asked
        far = far_values(column)
        if far is not None:
            rows, distance = far
            apart = {*rows, *(row for found in aside.values() for row in found)}
            others = [number for row, number in column.numbers.items() if row not in apart]
            values = ", ".join(dict.fromkeys(f"{column.numbers[row]:g}" for row in rows[:3]))
            how = "on the log scale " if column.is_ratio else ""
            asked = (
                f"{values} in {column.places(rows)} lies far from all others, which go from {min(others):g} to "
                f"{max(others):g}: {how}{distance:.3g} times their range away; {_IN_ANOTHER_UNIT}"
            )
            yield "far_value", asked


def _percentages(study: Study) -> Iterator[tuple[str, str]]:
    for index, group in enumerate(study.reference_classes):
        path = f"reference_classes[{index}]"
        reader = RowReader(group.table_rows, path, study.table_files.get(path))
        for column, percent, number in mixed_percentages(study, group, reader):
            cells = [str(reader.rows[row][column]) for row in (percent, number)]
            asked = (
                f"are {cells[0]} in {reader.place(percent, column)} and {cells[1]} in {reader.place(number, column)} of one "
                "scale? The first is read as a share of 1; write all with %, or none"
            )
            yield "mixed_percentages", asked


def _scales(study: Study) -> Iterator[tuple[str, str]]:
    seen: dict[str, list[float]] = {}
    for case in study.cases:
        for name, value in covariate_values(case) if case.weight > 0.0 else ():
            seen.setdefault(name, []).append(value)
    for covariate in study.covariates:
        values = seen.get(covariate.id)
        if covariate.standardize or not values:
            continue
        low, high = min(values), max(values)
        span = f"{covariate.id} goes from {low:g} to {high:g} with `standardize: false` and sd {covariate.sd:g}"
        largest, difference = covariate.sd * max(-low, high), covariate.sd * (high - low)
        if largest > LARGEST_EFFECT:
            asked = f"an effect of one sd would change the log rate or log odds by {largest:.3g}"
        elif 0.0 < difference < SMALLEST_EFFECT:
            asked = f"an effect of one sd would change the log rate or log odds by {difference:.2g} between all cases"
        else:
            continue
        yield "scale", f"{span}, so that {asked}; is that meant? say `standardize: true`, or choose sd in its unit"


def _outside(study: Study) -> Iterator[tuple[str, str]]:
    for found in extrapolations(study):
        side, end = ("below the lowest", found.low) if found.value < found.low else ("above the highest", found.high)
        cases = f"its cases ({found.low:g} to {found.high:g})"
        if found.distance is None:
            where = f"where all its cases have {end:g}"
        else:
            where = f"{found.distance:.3g} standard deviations {side} of {cases}"
        asked = (
            f"{found.covariate} of the present case of {found.outcome} is {found.value:g}, {where}; {_IN_ANOTHER_UNIT}: "
            "there the effect is a straight line that no case supports, and intervals hold that it ends with the cases, too"
        )
        yield "outside_range", asked
