"""What the routes of evidence answer."""

from __future__ import annotations

import json
from datetime import date, datetime

from api.schemas import Schema
from forecast.store.tables.living import EvidenceRow
from forecast.study import EvidenceKind


class EvidenceItem(Schema):
    """One row that arrived."""

    id: int
    """Grows in the order in which rows came."""
    kind: EvidenceKind
    subject: str
    """The indicator or outcome."""
    cells: dict[str, str | int | float | None]
    known_at: date
    """When it became known, as its sender says."""
    recorded_at: datetime
    """When it came here."""
    origin: str
    """How it came: `api`, or a source of the study."""


class EvidenceAdded(Schema):
    """What came of a request."""

    study: str
    kind: EvidenceKind
    added: int
    duplicates: int
    """Rows that repeat what holds already; they change nothing."""
    recorded_at: datetime
    items: tuple[EvidenceItem, ...]


class EvidencePage(Schema):
    items: tuple[EvidenceItem, ...]
    next_cursor: str | None


def view_evidence(row: EvidenceRow) -> EvidenceItem:
    """A stored row."""
    return EvidenceItem(
        id=row.id,
        kind=EvidenceKind(row.kind),
        subject=row.subject,
        cells=json.loads(row.cells),
        known_at=row.known_at,
        recorded_at=row.recorded_at,
        origin=row.origin,
    )
