"""A clock of a whole installation that a test can move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path


class MovingClock:
    """Goes on by itself, from wherever it was last set; `file` is what `FORECAST_CLOCK_FILE` has to name."""

    def __init__(self, file: Path, start: datetime) -> None:
        self.file = file
        self.set(start)

    def set(self, moment: datetime) -> None:
        """Make it this moment now, in every process."""
        self._ahead = moment - datetime.now(UTC)
        new = self.file.with_suffix(".new")
        new.write_text(repr(self._ahead.total_seconds()), encoding="ascii")
        new.replace(self.file)

    @property
    def now(self) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self.set(self.now + timedelta(seconds=seconds))
