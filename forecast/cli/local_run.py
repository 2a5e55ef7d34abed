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

from forecast.answer import Answer, Explanation, StoredForecast, Verdict
from forecast.cli.live import LiveProgress
from forecast.errors import CancelledError, StopRequestedError
from forecast.jobs.explanations import ALONE
from forecast.runtime.settings import get_settings
from forecast.study import Study

if TYPE_CHECKING:
    from forecast.pipeline.compute import ComputedForecast, Progress

FORECAST_FILE: Final = "forecast.json"
DRAWS_FILE: Final = "draws.nc"


def run_locally(
    study: Study, console: Console, seed: int | None, out: Path | None, *, explain: bool = False
) -> StoredForecast:
    """Compute a study's forecast, and write `forecast.json` and `draws.nc` to `out` if given.

    Parameters
    ----------
    explain
        Whether to find out then what moves it, unless its checks refuse it; `forecast.json` is written again with that.

    Raises
    ------
    StudyError, SamplingError
        When it cannot be computed.
    CancelledError
        After Ctrl-C; of what was not written yet, nothing is written then.
    """
    get_settings().apply_compiler_environment()
    with LiveProgress(console) as live, _stop_on_interrupt() as interrupted:
        live.show("load")
        # The science takes seconds to import; only this command needs it.
        from forecast.pipeline.compute import compute_forecast
        from forecast.pipeline.explain import explainer_of

        def show(progress: Progress) -> None:
            live.show(
                progress.stage.value,
                progress.draws_done,
                progress.draws_wanted,
                progress.divergences,
                {outcome: found.probability for outcome, found in progress.estimates.items()},
            )

        def should_stop() -> type[StopRequestedError] | None:
            return CancelledError if interrupted else None

        computed = compute_forecast(study, seed=seed, on_progress=show, should_stop=should_stop)
        forecast = name_forecast(computed.answer)
        if out is not None:
            live.show("store")
            write_draws(computed, out)
            write_forecast(forecast, out)
        if not explain or forecast.verdict is Verdict.REFUSED:
            return forecast
        found: dict[str, Explanation] = {}
        for kind in ALONE:
            console.print(f"Explaining the forecast: {kind.value}", highlight=False)
            explain_it = explainer_of(kind.value, forecast.provenance.sampler)
            found[kind.value] = explain_it(
                study, seed=forecast.provenance.seed, on_progress=show, should_stop=should_stop
            )
        forecast = forecast.model_copy(update=found)
        if out is not None:
            write_forecast(forecast, out)
        return forecast


def name_forecast(answer: Answer) -> StoredForecast:
    """The answer under a new id, made now."""
    from forecast.store.ids import new_id

    return StoredForecast(**answer.model_dump(), forecast_id=new_id(), made_at=datetime.now(UTC), age_seconds=0.0)


def write_draws(computed: ComputedForecast, out: Path) -> None:
    """Write `draws.nc`; a file that was there is replaced whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    draws = out / f".{DRAWS_FILE}.{os.getpid()}.tmp"
    try:
        computed.write_draws(draws)
        draws.replace(out / DRAWS_FILE)
    finally:
        draws.unlink(missing_ok=True)


def write_forecast(forecast: StoredForecast, out: Path) -> None:
    """Write `forecast.json`; a file that was there is replaced whole or not at all."""
    text = json.dumps(forecast.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
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
