"""Starts the process that draws figures and previews of priors: one spawned child, which lets everything else go first."""

from __future__ import annotations

from forecast.queue.queues import Queue
from forecast.startup.starting import in_one_sentence
from workers.process import listen, prepare_process
from workers.threads import cap_threads


@in_one_sentence()
def main() -> None:
    """Draw until it is stopped."""
    settings = prepare_process("illustrator")
    settings.apply_compiler_environment()
    cap_threads(settings)
    listen(settings, Queue.DRAWINGS, "--pool=prefork", "--concurrency=1")


if __name__ == "__main__":
    main()
