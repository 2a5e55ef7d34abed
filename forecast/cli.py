"""The command `forecast`. What a user can cause ends with a short text on standard error, never with a traceback."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from enum import IntEnum
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forecast.errors import ExpressionError, ForecastError, StopRequestedError, StudyError, UnsupportedBlockError

if TYPE_CHECKING:
    from forecast.client import ForecastClient
    from forecast.jobs.view import JobView
    from forecast.study import Study


class ExitCode(IntEnum):
    """How the command ended."""

    OK = 0
    """Done; a forecast was published or degraded."""
    FAILED = 1
    """It could not be done: no service, a failed job, no room."""
    BAD_DOCUMENT = 2
    """The study document, or the command line, cannot be used."""
    REFUSED = 3
    """There is a forecast, and its checks refuse it."""
    INTERRUPTED = 130
    """Ctrl-C."""


app = typer.Typer(
    name="forecast",
    help="Probabilities of scenarios, from a study document.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PIPE_WIDTH = 110

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A study document, its folder, or the id of a bundled study.")
]
Url = Annotated[str | None, typer.Option("--url", envvar="FORECAST_URL", help="Address of the service.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Use what was known on this day."),
]


@app.command()
def check(file: File) -> None:
    """Check a study document and say everything that is wrong with it."""
    from forecast.study import require_supported

    study = _load(file)
    make_console().print(
        f"{study.study} is valid: {len(study.outcomes)} outcomes, {len(study.reference_classes)} reference classes, "
        f"{len(study.scenarios)} scenarios; digest {study.digest[:12]}",
        highlight=False,
        soft_wrap=True,
    )
    try:
        require_supported(study)
    except UnsupportedBlockError as error:
        _note(f"valid, but it cannot be run yet: {error}")


@app.command()
def run(
    file: File,
    out: Annotated[Path | None, typer.Option("--out", help="Write forecast.json and draws.nc to this folder.")] = None,
    as_of: AsOf = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Same seed and document, same numbers.")] = None,
) -> None:
    """Compute a forecast here, without a service."""
    from forecast.answer import Verdict
    from forecast.local_run import run_locally
    from forecast.report import print_answer
    from forecast.study import require_supported

    study = _load(file, as_of)
    require_supported(study)
    console = make_console()
    answer = run_locally(study, console, seed, out)
    print_answer(console, answer)
    if out is not None:
        console.print(f"Written to {out}: forecast.json, draws.nc", highlight=False, soft_wrap=True)
    raise typer.Exit(ExitCode.REFUSED if answer.verdict is Verdict.REFUSED else ExitCode.OK)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 picks a free one.")] = None,
) -> None:
    """Run the service: web process, worker, scheduler and an embedded Redis, until Ctrl-C."""
    if host is not None:
        os.environ["FORECAST_HOST"] = host
    if port is not None:
        os.environ["FORECAST_PORT"] = str(port)
    # Another program, so that this one's imports do not stay in memory for as long as the service runs.
    os.execv(sys.executable, [sys.executable, "-m", "workers.supervisor"])  # noqa: S606


@app.command()
def submit(
    file: File,
    wait: Annotated[bool, typer.Option("--wait", help="Watch the job and print the forecast.")] = False,
    url: Url = None,
    as_of: AsOf = None,
) -> None:
    """Store a study with the service and submit a job for it."""
    study = _load(file)
    with _client(url) as client:
        client.put_study(study.study, study.canonical())
        job = client.submit(study=study.study, as_of=as_of.date() if as_of else None)
        if wait:
            raise typer.Exit(_watch(client, job.id))
    print(job.id)


@app.command()
def watch(job_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a job.")], url: Url = None) -> None:
    """Watch a job and print its forecast."""
    with _client(url) as client:
        raise typer.Exit(_watch(client, job_id))


@app.command()
def jobs(
    url: Url = None, limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20
) -> None:
    """List the newest jobs."""
    with _client(url) as client:
        found = client.jobs(limit)
    table = Table("Job", "Study", "As of", "State", "Attempt", "Created", header_style="bold")
    for job in found:
        state = f"{job.state.value} ({job.error.code.value})" if job.error else job.state.value
        table.add_row(
            job.id, job.study, str(job.as_of), state, str(job.attempt), f"{job.created_at.astimezone():%Y-%m-%d %H:%M}"
        )
    make_console().print(table)


@app.command()
def version() -> None:
    """Print the version."""
    print(distribution_version("scenario-forecast"))


def _load(file: str, as_of: datetime | None = None) -> Study:
    from forecast.bundled import find_study_file
    from forecast.study import load_study

    study = load_study(find_study_file(file))
    return study if as_of is None else study.with_as_of(_day(as_of))


def _day(moment: datetime) -> date:
    return moment.date()


def _client(url: str | None) -> ForecastClient:
    from forecast.client import ForecastClient
    from forecast.settings import get_settings

    settings = get_settings()
    if url is None and settings.address_file.is_file():
        url = settings.address_file.read_text(encoding="utf-8").strip()
    return ForecastClient(url or settings.base_url)


def _watch(client: ForecastClient, job_id: str) -> ExitCode:
    console = make_console()
    return finish_job(client, watch_job(client, job_id, console), console)


def watch_job(client: ForecastClient, job_id: str, console: Console) -> JobView:
    """Show a job's progress until it ends."""
    from forecast.live import LiveProgress

    with LiveProgress(console) as live:
        for update in client.watch(job_id):
            if update.ended is not None:
                return update.ended
            progress = update.progress
            if update.state == "queued" or progress is None:
                live.show("queued")
            else:
                live.show(
                    progress.stage,
                    progress.draws_done,
                    progress.draws_wanted,
                    progress.divergences,
                    progress.estimates,
                )
    raise AssertionError("a watched job ends")


def finish_job(client: ForecastClient, job: JobView, console: Console) -> ExitCode:
    """Print what came of an ended job."""
    from forecast.answer import Verdict
    from forecast.report import print_answer

    if job.forecast_id is None:
        why = f": {job.error.code.value}: {job.error.detail}" if job.error else ""
        _complain(f"job {job.id} ended as {job.state.value}{why}")
        return ExitCode.FAILED
    answer = client.forecast(job.forecast_id)
    print_answer(console, answer, page_url=f"{client.url}/forecasts/{answer.forecast_id}")
    return ExitCode.REFUSED if answer.verdict is Verdict.REFUSED else ExitCode.OK


def make_console() -> Console:
    """Standard output; wide enough for a table when it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def _note(text: str) -> None:
    Console(stderr=True).print(f"[yellow]note:[/yellow] {escape(text)}", highlight=False, soft_wrap=True)


def _complain(text: str) -> None:
    Console(stderr=True).print(f"[red]error:[/red] {escape(text)}", highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except (StudyError, ExpressionError) as error:
        _complain(str(error))
        sys.exit(ExitCode.BAD_DOCUMENT)
    except StopRequestedError as error:
        _complain(str(error))
        sys.exit(ExitCode.INTERRUPTED)
    except FileNotFoundError as error:
        _complain(str(error))
        sys.exit(ExitCode.BAD_DOCUMENT)
    except (ForecastError, OSError) as error:
        _complain(str(error))
        sys.exit(ExitCode.FAILED)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()
