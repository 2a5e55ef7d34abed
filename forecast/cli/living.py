"""Commands about studies that are kept current: their history, their ledger, their schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from forecast.cli.tables.text import change_text, new_table, percent, print_titled
from forecast.cli.terminal import Url, make_console, open_client
from forecast.wording.evidence import CAUSES

if TYPE_CHECKING:
    from forecast.timeline.views import HistoryEntry, Ledger, Move

Study = Annotated[str, typer.Argument(metavar="STUDY", help="Id of a stored study.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")]


def history(study: Study, url: Url = None, limit: Limit = 12) -> None:
    """Show how the probabilities of a study moved from forecast to forecast, and why."""
    with open_client(url) as client:
        entries = client.history(study, limit)
    console = make_console()
    if not entries:
        console.print(f"The study {study} has no forecast yet.", highlight=False, markup=False)
        return
    print_titled(
        console,
        f"{escape(study)}: each forecast beside the one before",
        _history(entries),
        "Below each probability: how far it moved the log odds; in brackets where that is within the noise.",
    )
    causes = [entry for entry in entries if entry.triage is not None]
    if causes:
        print_titled(console, "Why", _causes(causes), "The share of each cause in the largest move, on the log odds.")


def ledger(study: Study, url: Url = None) -> None:
    """Show how outcomes were resolved, and how the forecasts and the other forecasters scored."""
    with open_client(url) as client:
        found = client.ledger(study)
    console = make_console()
    if not found.resolutions:
        console.print(f"Nothing in the study {study} has been resolved yet.", highlight=False, markup=False)
        return
    print_titled(console, f"{escape(study)}: resolutions", _resolutions(found))
    if found.standings:
        print_titled(
            console,
            "Scores",
            _standings(found),
            "0 is best. The last column: the published forecasts on the same questions.",
        )


def _history(entries: tuple[HistoryEntry, ...]) -> Table:
    table = new_table("", *(f"{entry.as_of}{_beside(entry)}" for entry in reversed(entries)))
    for what in ("outcomes", "scenarios"):
        names = dict.fromkeys(name for entry in entries for name in getattr(entry, what))
        for name in names:
            table.add_row(escape(name), *(_move(entry, getattr(entry, what).get(name)) for entry in reversed(entries)))
        table.add_section()
    return table


def _beside(entry: HistoryEntry) -> str:
    """Why a forecast has no place in the history."""
    if entry.verdict == "refused":
        return "\n[red]refused[/red]"
    return "\n[dim]sent with a job[/dim]" if entry.study_version is None else ""


def _move(entry: HistoryEntry, move: Move | None) -> str:
    if move is None or entry.verdict == "refused":
        return ""
    if move.log_odds_change is None:
        return percent(move.probability, move.mcse)
    change = change_text(move.log_odds_change)
    return (
        f"{percent(move.probability, move.mcse)}\n[dim]{change if move.beyond_noise else escape(f'[{change}]')}[/dim]"
    )


def _causes(entries: list[HistoryEntry]) -> Table:
    table = new_table("As of", *CAUSES.values())
    table.add_column("Outcome moved most", overflow="fold")
    for entry in entries:
        assert entry.triage is not None
        moved = {
            name: abs(move.log_odds_change) for name, move in entry.outcomes.items() if move.log_odds_change is not None
        }
        if not moved:
            continue
        name = max(moved, key=lambda each: moved[each])
        shares = (step.outcomes.get(name) if step.changed else None for step in entry.triage.steps)
        table.add_row(
            str(entry.as_of), *("" if share is None else change_text(share.change) for share in shares), escape(name)
        )
    return table


def _resolutions(found: Ledger) -> Table:
    table = new_table("Outcome")
    for name in ("Resolved", "On", "Known since", "Source"):
        table.add_column(name, overflow="fold")
    for row in found.resolutions:
        value = row.resolution if row.current else f"[dim]{row.resolution}, corrected[/dim]"
        table.add_row(escape(row.outcome), value, str(row.on), str(row.known_at), escape(row.source or ""))
    return table


def _standings(found: Ledger) -> Table:
    table = new_table("", "Scores", "Brier", "Over time", "Logarithmic", "Published")
    for row in found.standings:
        over_time = "" if row.time_averaged_brier is None else f"{row.time_averaged_brier:.3f}"
        table.add_row(
            escape(row.forecaster),
            str(row.scores),
            f"{row.brier:.3f}",
            over_time,
            f"{row.log_score:.3f}",
            f"{row.published_brier:.3f}",
        )
    return table
