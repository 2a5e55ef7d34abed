"""Commands that need no service: check and run a study, and start a service."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.terminal import AsOf, ExitCode, File, load_document, make_console, note
from forecast.wording.numbers import plural


def check(file: File) -> None:
    """Check a study document and say everything that is wrong with it."""
    from forecast.futures.shape import everything_asked
    from forecast.model.encoding.checking import require_encodable

    study = load_document(file)
    require_encodable(study)
    numbers = f"{plural(len(study.quantities), 'quantity')}, " if study.quantities else ""
    make_console().print(
        f"{study.study} is valid: {plural(len(study.outcomes), 'outcome')}, {numbers}"
        f"{plural(len(study.reference_classes), 'reference class')}, {plural(len(study.scenarios), 'scenario')}; "
        f"digest {study.digest[:12]}",
        highlight=False,
        soft_wrap=True,
    )
    for _, asked in everything_asked(study):
        note(f"question: {asked}")


def run(
    file: File,
    out: Annotated[Path | None, typer.Option("--out", help="Write forecast.json and draws.nc to this folder.")] = None,
    as_of: AsOf = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Same seed and document, same numbers.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also find out what moves it: attribution, influence, sensitivity.")
    ] = False,
) -> None:
    """Compute a forecast here, without a service."""
    from forecast.answer import Verdict
    from forecast.cli.local_run import run_locally
    from forecast.cli.tables import print_answer

    study = load_document(file, as_of)
    console = make_console()
    answer = run_locally(study, console, seed, out, explain=explain)
    print_answer(console, answer)
    is_refused = answer.verdict is Verdict.REFUSED
    if explain and is_refused:
        note("the forecast is refused by its checks, so it was not explained")
    if out is not None:
        console.print(f"Written to {out}: forecast.json, draws.nc", highlight=False, soft_wrap=True)
    raise typer.Exit(ExitCode.REFUSED if is_refused else ExitCode.OK)


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


def migrate() -> None:
    """Bring the database to this version's schema, and seal secrets with the key in use; `serve` does so by itself."""
    from forecast.alerts.subscriptions import reseal_secrets
    from forecast.runtime.settings import get_settings
    from forecast.store import Database
    from forecast.store import migrate as migrate_database
    from forecast.store.schema import HEAD

    settings = get_settings()
    migrate_database(settings.database)
    database = Database(settings.database)
    try:
        with database.write() as session:
            count = reseal_secrets(session, settings)
    finally:
        database.dispose()
    typer.echo(f"The database has schema {HEAD}; {count} secrets are sealed with the key in use.")


def version() -> None:
    """Print the version."""
    typer.echo(distribution_version("scenario-forecast"))
