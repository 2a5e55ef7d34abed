"""The command line in this process: what a user sees of it, without the second that a process of its own needs.

That it is the same as a process, with its exit code and without a traceback, each file about the command line looks at once
with `forecast_process`.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from forecast.cli import main
from forecast.runtime.settings import get_settings


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def forecast(*arguments: str | Path, **variables: str) -> Ended:
    """Run the command here; whatever it lets through that a user would see as a traceback goes through.

    Parameters
    ----------
    variables
        Of the environment, as long as it runs; it reads the settings again.
    """
    output, errors = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        mock.patch.dict(os.environ, variables),
        mock.patch.object(sys, "argv", ["forecast", *map(str, arguments)]),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        get_settings.cache_clear()
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        finally:
            get_settings.cache_clear()
    assert code is None or isinstance(code, int), f"a process would print {code!r} and end with 1"
    return Ended(int(code or 0), output.getvalue(), errors.getvalue())


def forecast_process(*arguments: str | Path, **variables: str) -> Ended:
    """Run the command as a user does."""
    found = subprocess.run(
        [sys.executable, "-m", "forecast.cli", *map(str, arguments)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in found.stdout + found.stderr
    return Ended(found.returncode, found.stdout, found.stderr)
