"""The command `forecast`. What a user can cause ends with a short text on standard error, never with a traceback."""

from __future__ import annotations

import sys
from typing import Final

import typer

from forecast.cli.access import keys, open_, workspaces
from forecast.cli.backup import backup, restore
from forecast.cli.clock import app as clock
from forecast.cli.doctor import doctor
from forecast.cli.here import check, migrate, run, serve, version
from forecast.cli.living import history, ledger
from forecast.cli.questions import explain, query, report
from forecast.cli.schedules import app as schedules
from forecast.cli.service import finish_job, jobs, submit, watch, watch_job
from forecast.cli.terminal import ExitCode, complain, make_console
from forecast.cli.upkeep import add, alerts, evidence, sources
from forecast.errors import ExpressionError, ForecastError, StopRequestedError, StudyError

__all__ = ["ExitCode", "app", "finish_job", "main", "make_console", "watch_job"]

app = typer.Typer(
    name="forecast",
    help="Probabilities of scenarios, from a study document.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

COMMANDS: Final = (
    check,
    run,
    serve,
    migrate,
    doctor,
    backup,
    restore,
    submit,
    watch,
    jobs,
    history,
    query,
    explain,
    report,
    ledger,
    add,
    evidence,
    sources,
    alerts,
    version,
)
for _command in COMMANDS:
    app.command()(_command)
app.command("open")(open_)
app.add_typer(schedules)
app.add_typer(keys)
app.add_typer(workspaces)
app.add_typer(clock)


BAD_QUESTIONS: Final = {
    "installation_unusable",
    "key_invalid",
    "query_invalid",
    "request_invalid",
    "schedule_invalid",
    "settings_invalid",
    "study_invalid",
}
"""Codes of errors in what was asked for, or set, wherever they were found."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except (StudyError, ExpressionError) as error:
        complain(str(error))
        sys.exit(ExitCode.BAD_DOCUMENT)
    except StopRequestedError as error:
        complain(str(error))
        sys.exit(ExitCode.INTERRUPTED)
    except FileNotFoundError as error:
        complain(str(error))
        sys.exit(ExitCode.BAD_DOCUMENT)
    except (ForecastError, OSError) as error:
        complain(str(error))
        # The second is a problem that a service answered with.
        codes = {getattr(error, "code", ""), getattr(error, "problem_code", "")}
        sys.exit(ExitCode.BAD_DOCUMENT if codes & BAD_QUESTIONS else ExitCode.FAILED)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
