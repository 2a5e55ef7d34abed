"""What rows of judgments and of track records have in common: kinds of experts, and probabilities."""

from __future__ import annotations

from typing import cast

from forecast.study.reading.problems import shown
from forecast.study.reading.table import cell_text
from forecast.study.rows.judgments import EXPERT_KINDS, ExpertKind
from forecast.study.rows.row_reader import RowReader, finite_number


def read_kinds(*readers: RowReader) -> dict[str, ExpertKind]:
    """What kind each expert is; a blank states nothing, and an expert without a stated kind is a person."""
    stated: dict[str, tuple[str, str]] = {}
    for reader in readers:
        for index, row in enumerate(reader.rows):
            kind = reader.word(index, "kind", EXPERT_KINDS, "person, crowd or market", required=False)
            if kind is None:
                continue
            expert = cell_text(row.get("expert"))
            other, place = stated.setdefault(expert, (kind, reader.place(index)))
            if other != kind:
                message = (
                    f"{expert[:60]!r} is a {kind} here and a {other} in {place}; expected one kind per expert; "
                    "correct it, or name the two apart"
                )
                reader.fail(index, "kind", "two_kinds", message)
    return {expert: cast("ExpertKind", kind) for expert, (kind, _) in stated.items()}


def read_probability(reader: RowReader, index: int, expert: str | None) -> float | None:
    """A number from 0 to 1; one that looks like per cent is named as such."""
    value = finite_number(reader.rows[index].get("probability"))
    if value is None or not 1.0 < value <= 100.0:
        return reader.number(index, "probability", low=0.0, high=1.0)
    message = (
        f"{value:g} of {shown(expert)} is not a number from 0 to 1; expected a probability; write {value / 100:g} if {value:g} "
        "per cent is meant"
    )
    reader.fail(index, "probability", "number", message)
    return None
