"""How an errand is claimed, and what happens when an attempt fails or never ends.

An attempt holds its errand for a limited time. If it reports nothing by then (its worker was killed), it counts as an
attempt, and the errand is due again. The number of attempts is one more than the pauses of its kind; after the last one
the errand is given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from sqlalchemy.orm import Session

from forecast.queue.queues import ErrandKind
from forecast.runtime.settings import Settings
from forecast.store import ErrandRepository
from forecast.store.tables.errands import ErrandRow

MARGIN_SECONDS: Final = 60.0
"""How much longer an attempt holds its errand than a request may take."""
HELD_SECONDS: Final = {ErrandKind.DRAWING: 180.0, ErrandKind.PREVIEW: 120.0}
"""Longer than any figures take to draw, and any priors to roll forward."""


@dataclass(frozen=True)
class ErrandRule:
    """How often errands of a kind are attempted."""

    pauses: tuple[float, ...]
    """Seconds between attempts."""
    held_seconds: float
    """How long an attempt holds its errand."""

    @classmethod
    def of(cls, kind: ErrandKind, settings: Settings) -> Self:
        """As an installation wants it."""
        pauses = {
            ErrandKind.FETCH: settings.fetch_retry_seconds,
            ErrandKind.DELIVERY: settings.webhook_retry_seconds,
            ErrandKind.DRAWING: settings.drawing_retry_seconds,
            ErrandKind.PREVIEW: settings.preview_retry_seconds,
        }[kind]
        return cls(pauses, HELD_SECONDS.get(kind, settings.outgoing_seconds + MARGIN_SECONDS))

    @property
    def most_attempts(self) -> int:
        """How many are made."""
        return len(self.pauses) + 1

    def is_spent(self, errand: ErrandRow) -> bool:
        """Whether an errand that was just claimed has had all its attempts: none of them came to its end."""
        return errand.attempts > self.most_attempts

    @property
    def gave_up(self) -> str:
        """Why an errand without a result is done."""
        return f"given up after {self.most_attempts} attempts that did not end"


def begin_errand(
    session: Session, kind: ErrandKind, workspace: str, key: str, rule: ErrandRule, now: datetime
) -> ErrandRow | None:
    """Claim an errand that is due; None when it is not, so a second message changes nothing. Ask the rule whether it is spent."""
    until = now + timedelta(seconds=rule.held_seconds)
    errand = ErrandRepository(session).claim(kind, workspace, key, now, until)
    if errand is not None and errand.attempts <= len(rule.pauses):
        # Should this attempt never come to its end, the next one follows after its pause.
        errand.claimed_until = until + timedelta(seconds=rule.pauses[errand.attempts - 1])
    return errand


def settle_attempt(session: Session, errand: ErrandRow, rule: ErrandRule, now: datetime) -> bool:
    """After an attempt that failed: whether that was the last one. If not, the next one follows after its pause."""
    errands = ErrandRepository(session)
    if errand.attempts >= rule.most_attempts:
        errands.finish(errand, now)
        return True
    errands.postpone(errand, now + timedelta(seconds=rule.pauses[errand.attempts - 1]))
    return False
