"""How long an update takes beside a new run, in one process; printed by `make bench`."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest

from forecast.pipeline import compute_forecast, warm_up
from forecast.updating import compute_update
from tests.test_updating import forecast_of, karabakh, observed

ALLOWED = 0.2
"""Of a new run's time."""


def test_an_update_after_one_month_is_fast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warm_up()
    last = forecast_of(karabakh(), tmp_path)
    after = observed(karabakh(), clash_days=2)
    compute_update(after, last=last, seed=1)  # loads what loads lazily
    seconds = []
    for work in (lambda: compute_update(after, last=last, seed=2), lambda: compute_forecast(after, seed=3)):
        start = perf_counter()
        computed = work()
        computed.write_draws(tmp_path / "new.nc")
        seconds.append(perf_counter() - start)
        assert computed.answer.verdict == "published"
    updated, refitted = seconds
    with capsys.disabled():
        print(f"\nupdate {updated:.2f} s, new run {refitted:.2f} s, ratio {updated / refitted:.3f}, allowed {ALLOWED}")
    assert updated < ALLOWED * refitted
