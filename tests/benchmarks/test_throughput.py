"""Small jobs a minute with one worker and with two, and the memory of each process afterwards; printed by `make bench`."""

from __future__ import annotations

import time
from contextlib import ExitStack

from forecast.jobs.states import JobState
from tests.coin import coin_document
from tests.load.driver import SMALL
from tests.load.processes import look_at, role_of
from tests.load.steady import second_worker
from tests.stack import running_stack

JOBS = 60


def test_jobs_a_minute() -> None:
    found: dict[int, float] = {}
    memory: list[tuple[str, int]] = []
    ended: list[JobState] = []
    for workers in (1, 2):
        with ExitStack() as resources:
            stack = resources.enter_context(running_stack(threads=1, draw_unasked=True, workspace_daily=10_000))
            if workers == 2:
                resources.enter_context(second_worker(stack))
            with stack.client as client:
                for seed in range(2 * workers):
                    stack.wait_for_end(client.submit(document=coin_document(sampler={**SMALL, "seed": seed})).id)
                began = time.perf_counter()
                jobs = [
                    client.submit(document=coin_document(sampler={**SMALL, "seed": 100 + n})).id for n in range(JOBS)
                ]
                for job in jobs:
                    stack.wait_for_end(job)
                found[workers] = 60 * JOBS / (time.perf_counter() - began)
                roles = {pid: role_of(command) for pid, command in stack.processes().items()}
                looks = [look_at(pid, role, 0.0) for pid, role in roles.items() if role is not None]
                memory = sorted((look.role, look.resident_bytes) for look in looks if look is not None)
    print(f"\nsmall jobs a minute, figures drawn beside: {found[1]:.0f} with one worker, {found[2]:.0f} with two")
    print("| process | MB |\n| --- | ---: |")
    for role, size in memory:
        print(f"| {role} | {size / 1e6:.0f} |")
    assert all(state == JobState.SUCCEEDED for state in ended)
