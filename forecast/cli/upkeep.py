"""Commands about what keeps a study current: evidence, its sources, alerts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape

from forecast.cli.schedules import moment_text
from forecast.cli.tables.text import new_table
from forecast.cli.terminal import Url, make_console, note, open_client, print_table
from forecast.errors import FieldError, StudyError
from forecast.study import EvidenceKind
from forecast.study.reading.table_files import read_limited

Study = Annotated[str, typer.Argument(metavar="STUDY", help="Id of a stored study.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")]
MEDIA_TYPES = {".csv": "text/csv", ".json": "application/json"}
BESIDE = ("known_at", "source", "note")


def add(
    study: Study,
    kind: Annotated[EvidenceKind, typer.Argument(help="What the rows are.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rows as .csv or .json.")],
    url: Url = None,
) -> None:
    """Append evidence to a study: all rows or none; a row that repeats what is known changes nothing."""
    media_type = MEDIA_TYPES.get(file.suffix.lower())
    if media_type is None:
        message = f"a {file.suffix or 'nameless'} file; expected .csv or .json; convert it"
        raise StudyError([FieldError(str(file), "media_type", message)])
    body = read_limited(file, str(file))
    with open_client(url) as client:
        found = client.request(
            "POST",
            f"/v1/studies/{quote(study, safe='')}/{kind.value}",
            content=body,
            headers={"Content-Type": media_type},
        )
    make_console().print(f"{found['added']} added, {found['duplicates']} known already.", highlight=False)
    for asked in found["questions"]:
        note(f"question: {asked}")


def evidence(
    study: Study,
    kind: Annotated[EvidenceKind | None, typer.Option("--kind", help="Only of this kind.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Only what was known and recorded then.")
    ] = None,
    limit: Limit = 50,
    url: Url = None,
) -> None:
    """Show the evidence that came since a study was written, newest first, with both its times."""
    asked: dict[str, Any] = {"limit": limit}
    if kind is not None:
        asked["kind"] = kind.value
    if as_of is not None:
        asked["as_of"] = as_of.date().isoformat()
    with open_client(url) as client:
        items = client.request("GET", f"/v1/studies/{quote(study, safe='')}/evidence", params=asked)["items"]
    table = new_table("About")
    for name in ("Says", "Known since", "Recorded", "Came by"):
        table.add_column(name, overflow="fold")
    for row in items:
        said = ", ".join(
            f"{name} {cell}" for name, cell in row["cells"].items() if cell is not None and name not in BESIDE
        )
        recorded = moment_text(row["recorded_at"], "")
        table.add_row(escape(row["subject"]), escape(said), row["known_at"], recorded, escape(row["origin"]))
    print_table(table, f"Nothing has come for the study {study}.")


def sources(
    study: Study,
    ask: Annotated[str | None, typer.Option("--ask", metavar="SOURCE", help="Ask this one now.")] = None,
    url: Url = None,
) -> None:
    """Show the sources that a study names, and how they stand."""
    with open_client(url) as client:
        if ask is not None:
            client.request("POST", f"/v1/studies/{quote(study, safe='')}/sources/{quote(ask, safe='')}/fetch")
        items = client.request("GET", f"/v1/studies/{quote(study, safe='')}/sources")["items"]
    table = new_table("Source")
    for name in ("State", "Last good copy", "Rows", "Next", "Trouble"):
        table.add_column(name, overflow="fold")
    for row in items:
        rows = "" if row["rows"] is None else f"{row['rows']} ({row['added']} new)"
        state = "being asked" if row["fetch_wanted"] else row["status"]
        fetched, due = moment_text(row["fetched_at"], "never"), moment_text(row["next_due"], "")
        table.add_row(escape(row["id"]), state, fetched, rows, due, escape(row["error"] or ""))
    print_table(table, f"The study {study} names no sources.")


def alerts(study: Study, limit: Limit = 20, url: Url = None) -> None:
    """Show the alerts of a study, newest first, and whether they were delivered."""
    with open_client(url) as client:
        items = client.request("GET", "/v1/alerts", params={"study": study, "limit": limit})["items"]
    table = new_table("Raised")
    for name in ("Alert", "Delivery"):
        table.add_column(name, overflow="fold")
    for row in items:
        delivery = row["delivery"]
        words = "listed only" if delivery is None else f"{delivery['state']}, attempts: {delivery['attempts']}"
        table.add_row(moment_text(row["created_at"], ""), escape(row["title"]), words)
    print_table(table, f"The study {study} has no alerts.")
