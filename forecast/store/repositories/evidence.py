"""Evidence as it arrived: appended, never changed, and read back as it stood at any moment."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.store.errors import EvidenceFullError
from forecast.store.repositories.pages import Page, decode_cursor, make_page, number_in
from forecast.store.tables.core import StudyRow
from forecast.store.tables.living import EvidenceRow
from forecast.study import Arrival, EvidenceKind
from forecast.study.document.canonical import canonical_json

MAX_STORED: Final = 100_000
"""Rows of one study; its document holds fewer, so this bounds corrections."""

_LISTING: Final = "evidence"


@dataclass(frozen=True)
class Appended:
    """What came of a batch."""

    rows: tuple[EvidenceRow, ...]
    """Those that said something new."""
    duplicates: int
    """Those that repeated what holds already."""


class EvidenceRepository:
    """Evidence, as one transaction sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, study: str, arrivals: Iterable[Arrival], origin: str, now: datetime) -> Appended:
        """Add rows in their order; one that says what its slot holds already is counted and not added.

        Raises
        ------
        EvidenceFullError
            When the study has too many rows.
        """
        # One writer per study at a time, on databases that let several write.
        self._session.scalar(select(StudyRow.id).where(StudyRow.id == study).with_for_update())
        stored, duplicates = self.count(study), 0
        arrived = list(arrivals)
        newest = self._newest_cells(study, [arrival.slot for arrival in arrived])
        added: list[EvidenceRow] = []
        for arrival in arrived:
            cells = canonical_json(arrival.cells)
            if newest.get(arrival.slot) == cells:
                duplicates += 1
                continue
            if stored + len(added) >= MAX_STORED:
                raise EvidenceFullError(
                    f"the study {study!r} has {stored:,} rows of evidence, at most {MAX_STORED:,} are kept; put what is "
                    "settled into its document, under another id"
                )
            newest[arrival.slot] = cells
            added.append(
                EvidenceRow(
                    study=study,
                    kind=arrival.kind.value,
                    subject=arrival.subject,
                    slot=arrival.slot,
                    cells=cells,
                    known_at=arrival.known_at,
                    recorded_at=now,
                    origin=origin,
                )
            )
        self._session.add_all(added)
        self._session.flush()
        return Appended(tuple(added), duplicates)

    def count(self, study: str) -> int:
        return (
            self._session.scalar(select(func.count()).select_from(EvidenceRow).where(EvidenceRow.study == study)) or 0
        )

    def newest(self, study: str) -> int:
        """Number of the newest row of a study, 0 without any."""
        return self._session.scalar(select(func.max(EvidenceRow.id)).where(EvidenceRow.study == study)) or 0

    def known(
        self, study: str, as_of: date | None = None, recorded_by: datetime | None = None
    ) -> tuple[EvidenceRow, ...]:
        """Rows known on a day and recorded by a moment, in the order in which they came; None sets no bound."""
        query = select(EvidenceRow).where(EvidenceRow.study == study).order_by(EvidenceRow.id)
        if as_of is not None:
            query = query.where(EvidenceRow.known_at <= as_of)
        if recorded_by is not None:
            query = query.where(EvidenceRow.recorded_at <= recorded_by)
        return tuple(self._session.scalars(query))

    def page(
        self,
        study: str,
        limit: int,
        cursor: str | None = None,
        *,
        kind: EvidenceKind | None = None,
        as_of: date | None = None,
        recorded_by: datetime | None = None,
    ) -> Page[EvidenceRow]:
        """Rows of a study, newest first, within the same bounds."""
        query = select(EvidenceRow).where(EvidenceRow.study == study).order_by(EvidenceRow.id.desc()).limit(limit + 1)
        if (before := decode_cursor(_LISTING, cursor)) is not None:
            query = query.where(EvidenceRow.id < number_in(before))
        if kind is not None:
            query = query.where(EvidenceRow.kind == kind.value)
        if as_of is not None:
            query = query.where(EvidenceRow.known_at <= as_of)
        if recorded_by is not None:
            query = query.where(EvidenceRow.recorded_at <= recorded_by)
        rows = list(self._session.scalars(query))
        return make_page(_LISTING, rows, [str(row.id) for row in rows], limit)

    def _newest_cells(self, study: str, slots: Sequence[str]) -> dict[str, str]:
        """What the newest row of each slot says, for those that have one."""
        found: dict[str, str] = {}
        for some in itertools.batched(slots, 500):
            query = select(EvidenceRow.slot, EvidenceRow.cells).where(
                EvidenceRow.study == study, EvidenceRow.slot.in_(some)
            )
            found |= {row.slot: row.cells for row in self._session.execute(query.order_by(EvidenceRow.id))}
        return found


def as_arrival(row: EvidenceRow) -> Arrival:
    """A stored row as it was accepted."""
    return Arrival(EvidenceKind(row.kind), row.subject, json.loads(row.cells), row.known_at, row.slot)
