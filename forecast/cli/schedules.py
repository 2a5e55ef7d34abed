"""`forecast schedules`: made, listed, paused, run now, deleted; and what came of each due time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape

from forecast.cli.tables.text import new_table
from forecast.cli.terminal import Url, make_console, note, open_client, print_table

app = typer.Typer(name="schedules", help="Forecasts that are made by themselves.", no_args_is_help=True)

Schedule = Annotated[str, typer.Argument(metavar="SCHEDULE", help="Id of a schedule.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")]


@app.command("list")
def list_schedules(
    study: Annotated[str | None, typer.Argument(metavar="STUDY", help="Only of this study.")] = None, url: Url = None
) -> None:
    """List the schedules."""
    with open_client(url) as client:
        items = client.request("GET", "/v1/schedules", params={"limit": 200, **({"study": study} if study else {})})
    table = new_table("Schedule")
    for name in ("Study", "Rule", "Next due"):
        table.add_column(name, overflow="fold")
    for row in items["items"]:
        table.add_row(row["id"], escape(row["study"]), escape(rule_text(row)), moment_text(row["next_due"], "paused"))
    print_table(table, "No schedule.")


@app.command()
def add(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Id of a stored study.")],
    cron: Annotated[
        str | None, typer.Option("--cron", help="Minute, hour, day of month, month, day of week: '0 6 1 * *'.")
    ] = None,
    every: Annotated[float | None, typer.Option("--every", metavar="SECONDS", help="An interval instead.")] = None,
    timezone: Annotated[str, typer.Option("--timezone", help="IANA name, such as Europe/Berlin.")] = "UTC",
    catch_up: Annotated[str, typer.Option("--catch-up", help="Of missed due times: once, skip or all.")] = "once",
    overlap: Annotated[
        str, typer.Option("--overlap", help="While its last job goes on: skip, or allow another beside it.")
    ] = "skip",
    always: Annotated[bool, typer.Option("--always", help="Also when nothing has changed.")] = False,
    title: Annotated[str | None, typer.Option("--title")] = None,
    url: Url = None,
) -> None:
    """Make a schedule."""
    wanted = {
        "study": study,
        "cron": cron,
        "every_seconds": every,
        "timezone": timezone,
        "catch_up": catch_up,
        "overlap": overlap,
        "unchanged": "run" if always else "skip",
        "title": title,
    }
    with open_client(url) as client:
        made = client.request(
            "POST", "/v1/schedules", json={key: value for key, value in wanted.items() if value is not None}
        )
    note(f"Next due {moment_text(made['next_due'], 'never')}.")
    make_console().print(made["id"], highlight=False)


@app.command()
def pause(schedule: Schedule, url: Url = None) -> None:
    """Pause a schedule; due times of the pause are not made up for."""
    _change(schedule, url, enabled=False)


@app.command()
def resume(schedule: Schedule, url: Url = None) -> None:
    """Let a paused schedule go on."""
    _change(schedule, url, enabled=True)


@app.command()
def run(schedule: Schedule, url: Url = None) -> None:
    """Make a forecast now; prints the id of its job."""
    with open_client(url) as client:
        made = client.request("POST", f"/v1/schedules/{quote(schedule, safe='')}/run")
    make_console().print(made["job_id"], highlight=False)


@app.command()
def delete(schedule: Schedule, url: Url = None) -> None:
    """Delete a schedule; its forecasts stay."""
    with open_client(url) as client:
        client.request("DELETE", f"/v1/schedules/{quote(schedule, safe='')}")


@app.command()
def runs(schedule: Schedule, url: Url = None, limit: Limit = 20) -> None:
    """Show what came of a schedule's due times, newest first."""
    with open_client(url) as client:
        found = client.request("GET", f"/v1/schedules/{quote(schedule, safe='')}/runs", params={"limit": limit})
    table = new_table("Due")
    for name in ("What came of it", "Job", "Why"):
        table.add_column(name, overflow="fold")
    for row in found["items"]:
        table.add_row(moment_text(row["due_at"], ""), row["status"], row["job_id"] or "", escape(row["reason"] or ""))
    print_table(table, "No due time has come yet.")


def rule_text(row: dict[str, Any]) -> str:
    """A cron expression with its zone, or an interval."""
    return f"every {row['every_seconds']:g} s" if row["every_seconds"] else f"{row['cron']}, {row['timezone']}"


def moment_text(text: str | None, otherwise: str) -> str:
    """A moment of the service's answers, to the minute."""
    return otherwise if text is None else f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _change(schedule: str, url: str | None, *, enabled: bool) -> None:
    with open_client(url) as client:
        row = client.request("PATCH", f"/v1/schedules/{quote(schedule, safe='')}", json={"enabled": enabled})
    note(f"Next due {moment_text(row['next_due'], 'never: it is paused')}.")
