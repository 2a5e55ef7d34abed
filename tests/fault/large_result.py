"""A result whose draws are larger than a small disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.workers.test_runner import result_of


def large_result_of(study: Any, **options: Any) -> Any:
    """An answer made without sampling, with five megabytes of draws."""

    def write(path: Path) -> None:
        path.write_bytes(b"x" * 5_000_000)

    computed = result_of(study, **options)
    return replace(computed, write_draws=write)
