"""How long an update takes beside a new run, in one process; printed by `make bench`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from forecast.pipeline.compute import ComputedForecast, compute_forecast, warm_up
from forecast.pipeline.update import compute_update
from tests.pipeline.test_update import CASES, forecast_of

ALLOWED = 0.2
"""Of a new run's time."""


def test_an_update_after_one_month_is_fast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warm_up()
    case = CASES["karabakh"]()
    last = forecast_of(case.study, tmp_path)
    after = case.observed(case.usual)
    compute_update(after, last=last, seed=1)  # loads what loads lazily
    updates = [timed(tmp_path, lambda: compute_update(after, last=last, seed=2)) for _ in range(3)]
    updated, refitted = median(updates), timed(tmp_path, lambda: compute_forecast(after, seed=3))
    with capsys.disabled():
        shown = ", ".join(f"{seconds:.2f}" for seconds in updates)
        print(
            f"\nupdate {updated:.2f} s (median of {shown}), new run {refitted:.2f} s, ratio {updated / refitted:.3f}, allowed {ALLOWED}"
        )
    assert updated < ALLOWED * refitted


def timed(folder: Path, work: Callable[[], ComputedForecast]) -> float:
    """Seconds of a computation with the writing of its draws."""
    start = perf_counter()
    computed = work()
    computed.write_draws(folder / "new.nc")
    assert computed.answer.verdict == "published"
    return perf_counter() - start
