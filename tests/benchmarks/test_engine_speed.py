"""What a gradient costs, and a whole job on a process that is warm, for studies of three sizes and two bundled ones.

Printed by `make bench` as a Markdown table, CPU seconds since the machine is shared. docs/measurements.md keeps the last run.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from forecast.inference.engine.loaded_study import LoadedStudy
from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.pipeline.compute import compute_forecast
from forecast.study import Study, load_study
from priors import study_path
from tests.benchmarks.sizes import LARGE, MIDDLE, SMALL, sized_study

STUDIES: dict[str, Callable[[], Study]] = {
    "small": lambda: sized_study(SMALL),
    "karabakh-2021": lambda: load_study(study_path("karabakh-2021")),
    "middle": lambda: sized_study(MIDDLE),
    "replication-survey": lambda: load_study(study_path("replication-survey")),
    "large": lambda: sized_study(LARGE),
}


def microseconds(loaded: LoadedStudy, parameters: int) -> float:
    """CPU time of one gradient, Python's way to it included; the best of seven times 300."""
    point = np.random.default_rng(1).normal(0, 0.3, parameters)
    best = float("inf")
    for _ in range(7):
        began = time.process_time()
        for _ in range(300):
            loaded.log_density(point)
        best = min(best, time.process_time() - began)
    return 1e6 * best / 300


def test_gradients_and_jobs() -> None:
    program = get_program()
    compute_forecast(sized_study(SMALL))  # imports what is imported late
    print(
        "\n| study | parameters | gradient, us | job, CPU s | job, s | sampling, s | draws | ESS of the worst probability | verdict |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for name, make in STUDIES.items():
        study = make()
        arrays = encode_study(study).arrays
        gradient = microseconds(program.load(arrays), arrays.parameters)
        cpu, wall = time.process_time(), time.perf_counter()
        answer = compute_forecast(study).answer
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        found = answer.diagnostics
        sizes = [
            p.ess_bulk
            for p in found.parameters
            if p.name.startswith(("probability", "share_of_futures")) and p.ess_bulk
        ]
        print(
            f"| {name} | {arrays.parameters} | {gradient:.1f} | {cpu:.1f} | {wall:.1f} | {found.seconds['sample']:.1f} "
            f"| {found.chains} x {found.draws} | {min(sizes):.0f} | {answer.verdict.value} |"
        )
        assert answer.verdict == "published"
