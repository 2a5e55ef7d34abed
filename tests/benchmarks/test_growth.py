"""How the work grows with a study: cases, months, outcomes, judgments and futures, each alone, with fitted exponents.

Printed by `make bench`, CPU time since the machine is shared. An exponent is the slope of log time on log size over the
sizes; a fixed cost makes it less than 1. The promise is at most 1.1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from forecast.futures.simulation import simulate_futures
from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.pipeline.compute import compute_forecast
from forecast.study import with_sampler
from tests.benchmarks.sizes import MIDDLE, sized_study
from tests.benchmarks.test_engine_speed import microseconds
from tests.futures.present import make_present

TIMES = (1, 2, 4, 8)
MOST = 1.1
SAMPLER = {"seed": 1, "chains": 2, "draws": 200, "tune": 200}
"""Set by hand, so that every size takes as many draws."""


def exponent(seconds: Mapping[int, float]) -> float:
    """The slope of log time on log size."""
    return float(np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)[0])


def row(name: str, unit: str, taken: Mapping[int, float]) -> str:
    return f"| {name} | {unit} | " + " | ".join(f"{taken[k]:.3g}" for k in TIMES) + f" | {exponent(taken):.2f} |"


@pytest.mark.parametrize("part", ["cases", "months", "outcomes", "judgments"])
def test_gradients_and_jobs_grow_no_faster_than_the_study(part: str) -> None:
    program = get_program()
    gradients, outside = {}, {}
    for times in TIMES:
        base = replace(MIDDLE, cases=600, months=48, judgments=100)
        size = replace(base, **{part: getattr(base, part) * times})
        if part == "outcomes":  # each with as many cases and statements
            size = replace(size, cases=base.cases * times, judgments=base.judgments * times)
        study = with_sampler(sized_study(size), **SAMPLER)
        arrays = encode_study(study).arrays
        gradients[times] = microseconds(program.load(arrays), arrays.parameters)
        least = float("inf")
        for _ in range(2):
            began = time.process_time()
            found = compute_forecast(study).answer.diagnostics
            least = min(least, time.process_time() - began)
        outside[times] = least
        assert found.draws == SAMPLER["draws"]
    print(f"\n| {part} | | " + " | ".join(f"x {k}" for k in TIMES) + " | exponent |")
    print("| --- | --- |" + " ---: |" * (len(TIMES) + 1))
    print(row("gradient", "us", gradients))
    print(row("job of 2 x 200 draws", "CPU s", outside))
    assert exponent(gradients) <= MOST


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds, the least of three."""
    least = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return least


def test_futures_grow_with_their_number() -> None:
    present = make_present(np.full((10, 60), 0.01), draws=2_000)
    taken = {k: cpu(lambda k=k: simulate_futures(present, replicates=5 * k, seed=1)) for k in TIMES}  # type: ignore[misc]
    print("\n| futures | | " + " | ".join(f"{10_000 * k:,}" for k in TIMES) + " | exponent |")
    print("| --- | --- |" + " ---: |" * (len(TIMES) + 1))
    print(row("simulation", "CPU s", taken))
    assert exponent(taken) <= MOST
