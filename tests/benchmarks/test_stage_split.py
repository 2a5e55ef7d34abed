"""Where the time of a job goes, by stage, in a process that holds the program; ratios within one run.

Printed by `make bench`. The goal: no stage but sampling takes over 0.3 s of CPU for the middle study (the times here are
those of the clock). What is looked at in between, to decide whether to go on sampling, counts for its own stage.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest

from forecast.pipeline.compute import compute_forecast, warm_up
from forecast.study import load_study, with_sampler
from priors import study_path
from tests.benchmarks.sizes import MIDDLE, sized_study

STUDIES = ("rat-tumors", "seeds", "baseball", "conflict-recurrence", "karabakh-2021", "rossi", "middle")
STAGES = ("load", "swap", "sample", "diagnose", "futures", "figures", "store")


def test_where_the_time_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = perf_counter()
    warm_up()
    compiled = perf_counter() - start
    compute_forecast(with_sampler(load_study(study_path("seeds")), draws=100, tune=100))  # loads what loads lazily
    rows = []
    for name in STUDIES:
        study = sized_study(MIDDLE) if name == "middle" else load_study(study_path(name))
        start = perf_counter()
        computed = compute_forecast(study)
        seconds = dict(computed.answer.diagnostics.seconds)
        stored = perf_counter()
        computed.write_draws(tmp_path / f"{name}.nc")
        seconds["store"] = perf_counter() - stored
        outside = perf_counter() - start - seconds["sample"]
        rows.append(f"{name:20}" + "".join(f"{seconds.get(s, 0.0):9.3f}" for s in STAGES) + f"{outside:9.3f}")
        assert computed.answer.diagnostics.compilations == 1
    with capsys.disabled():
        print(f"\nprogram ready in {compiled:.1f} s; then, in seconds:")
        print(f"{'study':20}" + "".join(f"{s:>9}" for s in STAGES) + f"{'outside':>9}")
        print("\n".join(rows))
