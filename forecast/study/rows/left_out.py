"""Rows of a document that its numbers do not depend on, each with the reason: nothing is dropped without being named."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from forecast.wording.sentences import joined

MOST_NAMED: Final = 12
"""Rows, or runs of rows, that one sentence names."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One row that was not used."""

    table: str
    """Where it stands in the document, as ``indicators[0]``."""
    file: str | None
    """The CSV file that it came from."""
    row: int
    """From 0."""
    why: str
    """The reason, as it ends a sentence."""


def left_out_words(rows: Iterable[LeftOut]) -> tuple[str, ...]:
    """One sentence for each table and reason, in the order of the tables and of their first rows."""
    grouped: dict[tuple[str, str | None, str], list[int]] = {}
    for row in rows:
        grouped.setdefault((row.table, row.file, row.why), []).append(row.row)
    return tuple(f"{row_names(table, file, places)}: {why}" for (table, file, why), places in grouped.items())


def known_later(as_of: date) -> str:
    """What is said of a row that became known later."""
    return f"known only after the as-of date {as_of}, so not used"


def row_names(table: str, file: str | None, places: Sequence[int]) -> str:
    """Rows of one table as a reader finds them: ``i.csv rows 4 and 6 to 9``, ``indicators[0].rows[2]``."""
    runs: list[tuple[int, int]] = []
    for _, group in itertools.groupby(enumerate(sorted(set(places))), key=lambda pair: pair[1] - pair[0]):
        members = [place for _, place in group]
        runs.append((members[0], members[-1]))
    shown, more = runs[:MOST_NAMED], sum(last - first + 1 for first, last in runs[MOST_NAMED:])
    if file is not None:
        names = [f"{first + 2}" if first == last else f"{first + 2} to {last + 2}" for first, last in shown]
        start = f"{file} row{'s' if len(set(places)) > 1 else ''} "
    else:
        names = [f"rows[{first}]" if first == last else f"rows[{first}] to rows[{last}]" for first, last in shown]
        start = f"{table}."
    return start + joined([*names, f"{more} more"] if more else names)
