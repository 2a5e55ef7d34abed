"""What all commands share: how they end, what they print to, and the options that several take."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forecast.study import with_as_of

if TYPE_CHECKING:
    from forecast.client.client import ForecastClient
    from forecast.study import Study

PIPE_WIDTH: Final = 110


class ExitCode(IntEnum):
    """How the command ended."""

    OK = 0
    """Done; a forecast was published or degraded."""
    FAILED = 1
    """It could not be done: no service, a failed job, no room."""
    BAD_DOCUMENT = 2
    """The study document, the command line, the settings or the installation cannot be used."""
    REFUSED = 3
    """There is a forecast, and its checks refuse it."""
    INTERRUPTED = 130
    """Ctrl-C."""


File = Annotated[
    str, typer.Argument(metavar="FILE", help="A study document, its folder, or the id of a bundled study.")
]
Url = Annotated[str | None, typer.Option("--url", envvar="FORECAST_URL", help="Address of the service.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Use what was known on this day."),
]


def make_console() -> Console:
    """Standard output; wide enough for a table when it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def print_table(table: Table, otherwise: str) -> None:
    """Print a table, or what to say where it has no rows."""
    console = make_console()
    if table.row_count:
        console.print(table)
    else:
        console.print(otherwise, highlight=False, markup=False)


def note(text: str) -> None:
    """Say something beside the result, on standard error."""
    Console(stderr=True).print(f"[yellow]note:[/yellow] {escape(text)}", highlight=False, soft_wrap=True)


def complain(text: str) -> None:
    """Say what went wrong, on standard error."""
    Console(stderr=True).print(f"[red]error:[/red] {escape(text)}", highlight=False, soft_wrap=True)


def load_document(file: str, as_of: datetime | None = None) -> Study:
    """The study in a file, in a folder, or bundled under a name."""
    from forecast.cli.bundled import find_study_file
    from forecast.study import load_study

    study = load_study(find_study_file(file))
    return study if as_of is None else with_as_of(study, as_of.date())


def open_client(url: str | None) -> ForecastClient:
    """A client of the service at this address, else of the one that runs on our directory."""
    from forecast.client.client import ForecastClient
    from forecast.runtime.settings import get_settings

    settings = get_settings()
    chosen = url or settings.own_address
    return ForecastClient(chosen, key=settings.key_for(chosen))
