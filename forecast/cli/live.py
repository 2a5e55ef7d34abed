"""A running forecast in the terminal: a moving bar for people, plain lines for logs and pipes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from forecast.wording.stages import stage_of

LINE_SECONDS: Final = 5.0
"""How often a plain line reports a stage that goes on."""

SHOWN_ESTIMATES: Final = 4


class LiveProgress:
    """Shows the stages of one forecast."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None, note="")
        self._stage = ""
        self._line_due = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(
        self,
        stage: str,
        draws_done: int = 0,
        draws_wanted: int = 0,
        divergences: int = 0,
        estimates: Mapping[str, float] | None = None,
    ) -> None:
        """Show where the forecast is."""
        text = stage_of(stage).explanation
        note = _note(divergences, estimates or {}) if stage == "sample" else ""
        if self._console.is_terminal:
            total = draws_wanted or None
            self._progress.update(self._task, description=text, completed=draws_done, total=total, note=note)
            return
        now = time.monotonic()
        if stage == self._stage and now < self._line_due:
            return
        self._stage, self._line_due = stage, now + LINE_SECONDS
        draws = f": {draws_done} of {draws_wanted} draws" if stage == "sample" and draws_wanted else ""
        self._console.print(f"  {text}{draws}{'; ' + note if note else ''}", highlight=False, soft_wrap=True)


def _note(divergences: int, estimates: Mapping[str, float]) -> str:
    parts = [f"{outcome} {100 * value:.0f} %" for outcome, value in list(estimates.items())[:SHOWN_ESTIMATES]]
    if divergences:
        parts.append(f"{divergences} divergences")
    return ", ".join(parts)
