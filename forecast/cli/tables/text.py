"""Numbers as text, and the look of the tables."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forecast.answer import Interval
from forecast.wording import numbers


def percent(probability: float, mcse: float | None = None) -> str:
    """A probability in percent, as pages say it."""
    return numbers.plain(numbers.percent(probability, mcse))


def percent_range(interval: Interval, mcse: float | None = None) -> str:
    """An interval of a probability in percent, as pages say it."""
    return numbers.plain(numbers.percent_range(interval, mcse))


def change_text(change: float) -> str:
    """A change of the log odds, with its sign; a change too small to show has none."""
    text = f"{change:+.2f}"
    return "0.00" if float(text) == 0 else text


def name_text(identifier: str, title: str) -> str:
    """An id with its title below."""
    return f"{escape(identifier)}\n[dim]{escape(title)}[/dim]"


def new_table(first: str, *numbers: str) -> Table:
    """A table with a column of names and columns of numbers."""
    table = Table(header_style="bold")
    table.add_column(first, overflow="fold")
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    return table


def print_titled(console: Console, title: str, table: Table, caption: str = "") -> None:
    """Print a table below its title; both may be wider than the table, which would break them."""
    console.print(f"\n[bold]{escape(title)}[/bold]", highlight=False)
    console.print(table)
    if caption:
        console.print(f"[dim]{escape(caption)}[/dim]", highlight=False)
