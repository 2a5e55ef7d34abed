"""A forecast in this process, without a service: the same pipeline, the same files."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from rich.console import Console

from forecast.answer import Answer, StoredForecast
from forecast.errors import CancelledError, StopRequestedError
from forecast.live import LiveProgress
from forecast.settings import get_settings
from forecast.study import Study

if TYPE_CHECKING:
    from forecast.pipeline import ComputedForecast, Progress

FORECAST_FILE: Final = "forecast.json"
DRAWS_FILE: Final = "draws.nc"


def run_locally(study: Study, console: Console, seed: int | None, out: Path | None) -> Answer:
    """Compute a study's forecast, and write `forecast.json` and `draws.nc` to `out` if given.

    Raises
    ------
    StudyError, SamplingError
        When it cannot be computed.
    CancelledError
        After Ctrl-C; nothing is written then.
    """
    get_settings().apply_compiler_environment()
    with LiveProgress(console) as live, _stop_on_interrupt() as interrupted:
        live.show("load")
        # The science takes seconds to import; only this command needs it.
        from forecast.pipeline import compute_forecast

        def show(progress: Progress) -> None:
            live.show(
                progress.stage.value,
                progress.draws_done,
                progress.draws_wanted,
                progress.divergences,
                progress.estimates,
            )

        def should_stop() -> type[StopRequestedError] | None:
            return CancelledError if interrupted else None

        computed = compute_forecast(study, seed=seed, on_progress=show, should_stop=should_stop)
        if out is not None:
            live.show("store")
            write_files(computed, out)
    return computed.answer


def write_files(computed: ComputedForecast, out: Path) -> None:
    """Write both files of a forecast; a file that was there is replaced whole or not at all."""
    from forecast.store.ids import new_id

    out.mkdir(parents=True, exist_ok=True)
    stored = StoredForecast(
        **computed.answer.model_dump(), forecast_id=new_id(), made_at=datetime.now(UTC), age_seconds=0.0
    )
    draws = out / f".{DRAWS_FILE}.{os.getpid()}.tmp"
    try:
        computed.write_draws(draws)
        draws.replace(out / DRAWS_FILE)
    finally:
        draws.unlink(missing_ok=True)
    text = json.dumps(stored.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    answer = out / f".{FORECAST_FILE}.{os.getpid()}.tmp"
    answer.write_text(text, encoding="utf-8")
    answer.replace(out / FORECAST_FILE)


@contextmanager
def _stop_on_interrupt() -> Iterator[list[bool]]:
    """A list that is no longer empty after Ctrl-C; a second Ctrl-C interrupts at once."""
    interrupted: list[bool] = []

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(True)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
