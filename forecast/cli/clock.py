"""`forecast clock`: how the clocks of an installation stand, and the word of an operator that they are right."""

from __future__ import annotations

import typer

from forecast.cli.own_database import own_database

app = typer.Typer(name="clock", help="Clocks of the machines, on the machine of the database.", no_args_is_help=True)


@app.command("show")
def show() -> None:
    """Say what is wrong with the clocks, and what waits for it."""
    from forecast.jobs.clock_guard import find_clock_faults

    with own_database() as database:
        found = find_clock_faults(database)
    for finding in found:
        typer.echo(f"{finding.says}; {finding.to_do}.")
    if not found:
        typer.echo("Nothing is known to be wrong with any clock.")


@app.command("confirm")
def confirm() -> None:
    """Say that the clocks are right: what waits because one has jumped is done at once."""
    from forecast.store import ClockRepository

    with own_database() as database, database.write() as session:
        hosts = ClockRepository(session).confirm()
    typer.echo(f"Confirmed: {', '.join(hosts)}." if hosts else "No clock had to be confirmed.")
