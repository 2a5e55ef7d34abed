"""Starts the Celery worker: a light parent, and a pool of spawned children that hold the compiled program.

It runs jobs and nothing else, so that no job waits behind a receiver that does not answer, or behind a drawing.
"""

from __future__ import annotations

from forecast.queue.queues import Queue
from forecast.startup.starting import in_one_sentence
from workers.process import listen, prepare_process
from workers.threads import cap_threads


@in_one_sentence()
def main() -> None:
    """Run the worker until it is stopped."""
    settings = prepare_process("worker")
    settings.apply_compiler_environment()
    cap_threads(settings)
    listen(settings, Queue.JOBS, "--pool=prefork")


if __name__ == "__main__":
    main()
