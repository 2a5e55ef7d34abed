"""Queries about errands: what is wanted, claimed, done, and what is to be published."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from forecast.store.tables.errands import ErrandRow
from forecast.store.upsert import insert_into

AGAIN: Final = timedelta(seconds=1)
"""How much later an errand that a worker could not start is published again. The message may come back before the
dispatcher has noted that it was published."""


class ErrandRepository:
    """Errands, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, kind: str, workspace: str, key: str) -> ErrandRow | None:
        return self._session.get(ErrandRow, (kind, workspace, key), populate_existing=True)

    def wanted(self, kind: str, workspace: str, key: str) -> ErrandRow | None:
        """An errand that is not done."""
        row = self.get(kind, workspace, key)
        return None if row is None or row.done_at is not None else row

    def by_key(self, kind: str, keys: Collection[str]) -> dict[str, ErrandRow]:
        """Errands of a kind that are not done, by key."""
        query = select(ErrandRow).where(ErrandRow.kind == kind, ErrandRow.key.in_(keys), ErrandRow.done_at.is_(None))
        return {row.key: row for row in self._session.scalars(query.execution_options(populate_existing=True))}

    def want(self, kind: str, workspace: str, key: str, now: datetime, *, anew: bool = False) -> ErrandRow:
        """Request an errand, from its first attempt on; one that is wanted already is left as it is.

        Parameters
        ----------
        anew
            Whether an attempt that is under way does not count.
        """
        fresh = {"wanted_at": now, "not_before": now, "attempts": 0, "given_up": False}
        new = insert_into(self._session, ErrandRow).values(kind=kind, workspace=workspace, key=key, **fresh)
        # Another request may want the same at the same time.
        self._session.execute(new.on_conflict_do_nothing())
        row = self._session.get_one(ErrandRow, (kind, workspace, key), populate_existing=True, with_for_update=True)
        if row.done_at is None and not anew:
            return row
        row.wanted_at = row.not_before = now
        row.published_at = row.claimed_until = row.done_at = None
        row.attempts, row.given_up = 0, False
        self._session.flush()
        return row

    def claim(self, kind: str, workspace: str, key: str, now: datetime, until: datetime) -> ErrandRow | None:
        """An errand that is due, held by this attempt until a moment; None when another holds it, or it is done."""
        claimed = self._session.scalar(
            update(ErrandRow)
            .where(ErrandRow.kind == kind, ErrandRow.workspace == workspace, ErrandRow.key == key)
            .where(ErrandRow.done_at.is_(None), ErrandRow.not_before <= now, _is_free(now))
            .values(claimed_until=until, attempts=ErrandRow.attempts + 1)
            .returning(ErrandRow.key)
        )
        return None if claimed is None else self.get(kind, workspace, key)

    def held(self, claimed: ErrandRow) -> ErrandRow | None:
        """An errand as it stands, if nothing else was wanted or claimed since an attempt claimed it."""
        # Until the transaction ends, so that a wish of this moment comes after it.
        place = claimed.kind, claimed.workspace, claimed.key
        row = self._session.get(ErrandRow, place, populate_existing=True, with_for_update=True)
        if (
            row is None
            or row.done_at is not None
            or (row.wanted_at, row.attempts) != (claimed.wanted_at, claimed.attempts)
        ):
            return None
        return row

    def given_up(self, claimed: ErrandRow) -> ErrandRow | None:
        """An errand that was given up while an attempt at the same wish went on after all, whose result still counts."""
        row = self.get(claimed.kind, claimed.workspace, claimed.key)
        return row if row is not None and row.given_up and row.wanted_at == claimed.wanted_at else None

    def finish(self, row: ErrandRow, now: datetime, *, given_up: bool = False) -> None:
        """Note that an errand is done, in the transaction of its result."""
        row.done_at, row.claimed_until, row.given_up = now, None, given_up

    def postpone(self, row: ErrandRow, until: datetime) -> None:
        """Let the next attempt begin at a moment; the errand is published then."""
        row.not_before, row.claimed_until, row.published_at = until, None, None

    def next_attempt_at(self, row: ErrandRow) -> datetime:
        """When the next attempt may begin, if the one that holds an errand reports nothing."""
        return row.not_before if row.claimed_until is None else max(row.not_before, row.claimed_until)

    def republish_later(self, kind: str, workspace: str, key: str, now: datetime) -> None:
        """Have an errand that is due and that no attempt holds published again, a moment later."""
        due = update(ErrandRow).where(
            ErrandRow.kind == kind,
            ErrandRow.workspace == workspace,
            ErrandRow.key == key,
            ErrandRow.done_at.is_(None),
            ErrandRow.not_before <= now,
            _is_free(now),
        )
        self._session.execute(due.values(published_at=None, not_before=now + AGAIN))

    def due(self, kind: str, now: datetime, published_before: datetime) -> Select[str, str]:
        """A query of workspace and key of errands that are to be published, the longest due first; the caller limits
        it."""
        return (
            select(ErrandRow.workspace, ErrandRow.key)
            .where(ErrandRow.kind == kind, ErrandRow.done_at.is_(None), ErrandRow.not_before <= now, _is_free(now))
            .where(
                or_(
                    ErrandRow.published_at.is_(None),
                    ErrandRow.published_at < published_before,
                    ErrandRow.published_at < ErrandRow.not_before,
                    ErrandRow.published_at < ErrandRow.claimed_until,
                )
            )
            .order_by(ErrandRow.not_before, ErrandRow.key)
        )

    def due_in_shares(
        self, kind: str, now: datetime, published_before: datetime, of_workspace: int, limit: int
    ) -> tuple[tuple[str, str], ...]:
        """Workspace and key of errands that are to be published, at most so many of each workspace."""
        place = func.row_number().over(partition_by=ErrandRow.workspace, order_by=(ErrandRow.not_before, ErrandRow.key))
        due = self.due(kind, now, published_before)
        found = due.add_columns(ErrandRow.not_before, place.label("place")).order_by(None).subquery()
        query = select(found.c.workspace, found.c.key).where(found.c.place <= of_workspace).order_by(found.c.not_before)
        return tuple((row[0], row[1]) for row in self._session.execute(query.limit(limit)))

    def mark_published(self, kind: str, workspace: str, key: str, now: datetime) -> None:
        found = update(ErrandRow).where(ErrandRow.kind == kind, ErrandRow.workspace == workspace, ErrandRow.key == key)
        self._session.execute(found.values(published_at=now))

    def count_published(self, kind: str, since: datetime) -> int:
        """How many errands of a kind are under way: published since a moment, and not done."""
        query = select(func.count()).select_from(ErrandRow)
        query = query.where(ErrandRow.kind == kind, ErrandRow.done_at.is_(None), ErrandRow.published_at >= since)
        return self._session.scalar(query) or 0

    def count_unclaimed(self, kinds: Collection[str], moment: datetime) -> int:
        """How many were published and have been due, unclaimed, since before a moment."""
        query = (
            select(func.count())
            .select_from(ErrandRow)
            .where(
                ErrandRow.kind.in_(kinds),
                ErrandRow.done_at.is_(None),
                ErrandRow.not_before < moment,
                ErrandRow.published_at >= ErrandRow.not_before,
                or_(ErrandRow.claimed_until.is_(None), ErrandRow.claimed_until < moment),
            )
        )
        return self._session.scalar(query) or 0

    def count_by_kind(self) -> dict[str, int]:
        """How many wait, by kind."""
        query = select(ErrandRow.kind, func.count()).where(ErrandRow.done_at.is_(None)).group_by(ErrandRow.kind)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def count_given_up(self) -> dict[str, int]:
        """How many were given up and not removed since, by kind."""
        query = select(ErrandRow.kind, func.count()).where(ErrandRow.given_up).group_by(ErrandRow.kind)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def remove_done(self, before: datetime) -> None:
        """Forget errands that were done before a moment; their results stay."""
        self._session.execute(delete(ErrandRow).where(ErrandRow.done_at < before))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(ErrandRow.claimed_until.is_(None), ErrandRow.claimed_until <= now)
