"""Commands about the jobs of a service: submit, watch, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from forecast.cli.terminal import AsOf, ExitCode, File, Url, complain, load_document, make_console, open_client

if TYPE_CHECKING:
    from forecast.client.client import ForecastClient
    from forecast.jobs.view import JobView


def submit(
    file: File,
    wait: Annotated[bool, typer.Option("--wait", help="Watch the job and print the forecast.")] = False,
    url: Url = None,
    as_of: AsOf = None,
) -> None:
    """Store a study with the service and submit a job for it."""
    study = load_document(file)
    with open_client(url) as client:
        client.put_study(study.study, study.canonical())
        job = client.submit(study=study.study, as_of=as_of.date() if as_of else None)
        if wait:
            raise typer.Exit(_watch(client, job.id))
    typer.echo(job.id)


def watch(job_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a job.")], url: Url = None) -> None:
    """Watch a job and print its forecast, or what it found out about one."""
    with open_client(url) as client:
        raise typer.Exit(_watch(client, job_id))


def jobs(
    url: Url = None, limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20
) -> None:
    """List the newest jobs."""
    with open_client(url) as client:
        found = client.jobs(limit)
    table = Table(header_style="bold")
    # Whole, so that it can be copied.
    table.add_column("Job", no_wrap=True)
    for name in ("Kind", "Study", "As of", "State", "Attempt", "Created"):
        table.add_column(name, overflow="fold")
    for job in found:
        state = f"{job.state.value} ({job.error.code.value})" if job.error else job.state.value
        created = f"{job.created_at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(job.id, job.kind.value, job.study, str(job.as_of), state, str(job.attempt), created)
    make_console().print(table)


def _watch(client: ForecastClient, job_id: str) -> ExitCode:
    console = make_console()
    return finish_job(client, watch_job(client, job_id, console), console)


def watch_job(client: ForecastClient, job_id: str, console: Console) -> JobView:
    """Show a job's progress until it ends."""
    from forecast.cli.live import LiveProgress

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
    from forecast.cli.tables import print_answer, print_explanations

    if job.forecast_id is None:
        complain_of(job)
        return ExitCode.FAILED
    forecast = client.forecast(job.forecast_id)
    page_url = f"{client.url}/forecasts/{forecast.forecast_id}"
    if job.kind.explains:
        print_explanations(console, forecast, only=(job.kind.value,))
        console.print(f"Page: {page_url}", soft_wrap=True, highlight=False)
        return ExitCode.OK
    print_answer(console, forecast, page_url=page_url)
    return ExitCode.REFUSED if forecast.verdict is Verdict.REFUSED else ExitCode.OK


def complain_of(job: JobView) -> None:
    """Say how a job ended that has no result."""
    why = f": {job.error.code.value}: {job.error.detail}" if job.error else ""
    complain(f"job {job.id} ended as {job.state.value}{why}")
