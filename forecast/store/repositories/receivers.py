"""Which receivers of alerts do not answer, and until when they are left alone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forecast.store.tables.alerts import ReceiverRow


class ReceiverRepository:
    """Receivers that a workspace's alerts go to; one that answers has no row."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, workspace: str, origin: str) -> ReceiverRow | None:
        return self._session.get(ReceiverRow, (workspace, origin), populate_existing=True)

    def note_silence(self, workspace: str, origin: str) -> ReceiverRow:
        """Count an attempt without an answer."""
        row = self.get(workspace, origin)
        if row is None:
            row = ReceiverRow(workspace=workspace, origin=origin, silences=0)
            self._session.add(row)
        row.silences += 1
        return row

    def note_answer(self, workspace: str, origin: str) -> None:
        """Forget that a receiver was silent; any answer shows that it is there."""
        if (row := self.get(workspace, origin)) is not None:
            self._session.delete(row)
