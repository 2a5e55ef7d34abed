"""A steady load on a service with two workers: jobs at one a second, reads at fifty a second, and what that takes.

``make load MINUTES=60`` runs it; the report says whether memory, open files and the queue stay where they were after
the warm-up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

from tests.coin import coin_document
from tests.load.driver import SMALL, Driver
from tests.load.report import Load
from tests.stack import Stack, running_stack


@contextmanager
def second_worker(stack: Stack) -> Iterator[None]:
    """Another worker beside the one that the supervisor runs."""
    with (stack.settings.logs / "worker-2.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.worker"],
            env={**stack.environment, **stack.settings.compiler_environment()},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def run_load(minutes: float, warm_up_minutes: float, jobs: float = 1.0, reads: float = 50.0) -> Load:
    """A whole run on a service of its own."""
    with ExitStack() as resources:
        # A day's worth of an hour's jobs; the rest as it is by default.
        settings: dict[str, Any] = {
            "threads": 1,
            "draw_unasked": True,
            "workspace_daily": 100_000,
            "lease_seconds": 30.0,
            "heartbeat_seconds": 10.0,
            "dispatcher_interval_seconds": 2.0,
            "progress_seconds": 1.0,
        }
        stack = resources.enter_context(running_stack(**settings))
        resources.enter_context(second_worker(stack))
        with stack.client as client:
            for seed in range(4):
                job = client.submit(document=coin_document(sampler={**SMALL, "seed": seed}))
                stack.wait_for_end(job.id)
        load = Driver(stack, minutes, warm_up_minutes, jobs, reads).run()
        if not load.is_clean:
            sys.stderr.write(stack.logs() + "\n")
    return load


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--warm-up-minutes", type=float, default=10.0)
    parser.add_argument("--jobs-per-second", type=float, default=1.0)
    parser.add_argument("--reads-per-second", type=float, default=50.0)
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("FORECAST_") and name != "FORECAST_CACHE_DIR"]:
        del os.environ[name]
    load = run_load(given.minutes, given.warm_up_minutes, given.jobs_per_second, given.reads_per_second)
    print(json.dumps(asdict(load), indent=1))
    return 0 if load.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
