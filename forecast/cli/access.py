"""`forecast key` and `forecast workspace`: made, listed, ended, on the database itself; and `forecast open`.

They are for the operator of the installation: a user who can write the database needs no key.
"""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer
from rich.markup import escape

from forecast.cli.own_database import own_database
from forecast.cli.tables.text import new_table
from forecast.cli.terminal import Url, make_console, note, open_client, print_table

keys = typer.Typer(name="key", help="Keys of workspaces, on the machine of the database.", no_args_is_help=True)
workspaces = typer.Typer(name="workspace", help="Workspaces, on the machine of the database.", no_args_is_help=True)

Workspace = Annotated[str, typer.Option("--workspace", help="Whose key it is.")]
Limit = Annotated[int | None, typer.Option(min=1)]


@keys.command("create")
def create(
    name: Annotated[str, typer.Option("--name", help="Whose it is, or what for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="read, submit, admin or metrics; may be given again.")],
    workspace: Workspace = "default",
    days: Annotated[int | None, typer.Option("--days", min=1, help="How long it holds; for ever by default.")] = None,
) -> None:
    """Make a key and print it; it is shown this once."""
    from forecast.access import Scope, create_key
    from forecast.store import utc_now

    unknown = [word for word in scope if word not in set(Scope)]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no scope; expected some of {', '.join(Scope)}")
    with own_database() as database, database.write() as session:
        made = create_key(session, workspace, name, [Scope(word) for word in scope], utc_now(), days=days)
    typer.echo(made.text)
    note("keep it now: only its hash is stored")


@keys.command("secret")
def secret() -> None:
    """Print a new key to seal secrets with, for FORECAST_SECRET_KEYS."""
    from forecast.access.sealing import new_secret_key

    typer.echo(new_secret_key())


@keys.command("list")
def list_() -> None:
    """List the keys of all workspaces."""
    from forecast.access import list_keys

    with own_database() as database, database.read() as session:
        rows = list_keys(session)
    table = new_table("Key")
    for column in ("Workspace", "Name", "May", "Made", "Made by", "Last used", "Holds"):
        table.add_column(column, overflow="fold")
    for row in rows:
        holds = "until it is revoked" if row.expires_at is None else f"until {row.expires_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(
            row.id,
            escape(row.workspace),
            escape(row.name),
            ", ".join(row.scopes),
            f"{row.created_at:%Y-%m-%d}",
            row.made_by or "this machine",
            "never" if row.last_used_at is None else f"{row.last_used_at:%Y-%m-%d %H:%M}",
            holds if row.revoked_at is None else f"revoked {row.revoked_at:%Y-%m-%d %H:%M} UTC",
        )
    print_table(table, "No key.")


@keys.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Id of a key.")],
    with_made: Annotated[
        bool, typer.Option("--with-made", help="And the keys that it made, those that these made, and so on.")
    ] = False,
) -> None:
    """End a key now, and every browser that it signed in."""
    from forecast.access import revoke_key
    from forecast.store import utc_now

    with own_database() as database, database.write() as session:
        for row in revoke_key(session, key, utc_now(), with_made=with_made):
            make_console().print(f"Revoked: {row.id} ({escape(row.name)}) of {escape(row.workspace)}", highlight=False)


@workspaces.command("create")
def create_workspace(
    workspace: Annotated[str, typer.Argument(metavar="WORKSPACE", help="Its id: a-z, 0-9, - and _.")],
    title: Annotated[str | None, typer.Option("--title")] = None,
) -> None:
    """Make a workspace."""
    from forecast.access.workspaces import create_workspace
    from forecast.store import utc_now

    with own_database() as database, database.write() as session:
        create_workspace(session, workspace, title or workspace, utc_now())
    make_console().print(f"Made: {escape(workspace)}", highlight=False)


@workspaces.command("list")
def list_workspaces() -> None:
    """List the workspaces with their limits."""
    from forecast.jobs.quotas import JobLimits, quotas_of
    from forecast.runtime.settings import get_settings
    from forecast.store import WorkspaceRepository

    limits = JobLimits.of(get_settings())
    with own_database() as database, database.read() as session:
        rows = WorkspaceRepository(session).all()
    table = new_table("Workspace")
    for column in ("Title", "Running", "Waiting", "In 24 hours"):
        table.add_column(column, overflow="fold")
    for row in rows:
        quotas = quotas_of(row, limits)
        table.add_row(escape(row.id), escape(row.title), str(quotas.running), str(quotas.queued), str(quotas.daily))
    print_table(table, "No workspace.")


@workspaces.command("limit")
def limit(
    workspace: Annotated[str, typer.Argument(metavar="WORKSPACE")],
    running: Annotated[int | None, typer.Option("--running", min=1, help="Jobs at a time.")] = None,
    queued: Annotated[int | None, typer.Option("--queued", min=1, help="Jobs that may wait.")] = None,
    daily: Annotated[int | None, typer.Option("--daily", min=1, help="Jobs accepted within 24 hours.")] = None,
) -> None:
    """Set limits of a workspace; what is not given stays."""
    from forecast.store import WorkspaceRepository

    with own_database() as database, database.write() as session:
        row = WorkspaceRepository(session).known(workspace)
        row.max_running = running or row.max_running
        row.max_queued = queued or row.max_queued
        row.max_daily = daily or row.max_daily
    make_console().print(f"Set: {escape(workspace)}", highlight=False)


def open_(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Which page.")] = "/",
    url: Url = None,
    show: Annotated[bool, typer.Option("--show", help="Print the address instead of opening a browser.")] = False,
) -> None:
    """Open the service in a browser that is signed in."""
    with open_client(url) as client:
        address = client.sign_in_address(path)
    if show or not webbrowser.open(address):
        typer.echo(address)
