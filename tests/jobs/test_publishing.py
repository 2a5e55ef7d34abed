"""What the publisher's thread imports must not disturb other threads."""

import subprocess
import sys

IMPORTS_IN_A_THREAD = """
import sys, threading
import forecast.queue.publish

before = set(sys.modules)
thread = threading.Thread(target=lambda: __import__("celery").Celery)
thread.start()
thread.join()
print(*sorted(set(sys.modules) - before))
"""


def test_no_class_that_every_callable_is_compared_with_is_made_in_a_thread() -> None:
    """vine's `Thenable` is one: half made, it turns `isinstance(..., Callable)` of other threads into a NameError."""
    made = subprocess.run([sys.executable, "-c", IMPORTS_IN_A_THREAD], capture_output=True, text=True, check=True)
    names = made.stdout.split()
    assert "celery.app.base" in names or "celery" in names
    assert not [name for name in names if name.partition(".")[0] == "vine"]
