"""What the routes of evidence answer."""

from __future__ import annotations

import json
from datetime import date, datetime

from api.schemas import Schema
from forecast.store.tables.living import EvidenceRow
from forecast.study import EvidenceKind


class EvidenceItem(Schema):
    """One row of evidence that arrived after the study was written."""

    id: int
    """Number of the row; grows in the order in which rows arrived."""
    kind: EvidenceKind
    """Kind of evidence."""
    subject: str
    """Id of the indicator or outcome that it is about."""
    cells: dict[str, str | int | float | None]
    """The row by column name; blank cells are null or absent."""
    known_at: date
    """Day on which it became known, as its sender says."""
    recorded_at: datetime
    """When the service received it (UTC)."""
    origin: str
    """How it came: `api`, or a source of the study."""


class EvidenceAdded(Schema):
    """Result of appending evidence."""

    study: str
    """Id of the study."""
    kind: EvidenceKind
    """Kind of evidence."""
    added: int
    """Rows that are new."""
    duplicates: int
    """Rows that repeat what holds already; they change nothing."""
    recorded_at: datetime
    """When the service received them (UTC)."""
    items: tuple[EvidenceItem, ...]
    """The new rows."""
    questions: tuple[str, ...] = ()
    """What the study with these rows leaves open and did not before, such as statements that contradict one another."""


class EvidencePage(Schema):
    """A page of evidence."""

    items: tuple[EvidenceItem, ...]
    """Rows, newest first."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""


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
