"""Numbers at a date, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from forecast.answer import QuantityForecast
from forecast.cli.tables.text import name_text, new_table, percent, percent_range, print_titled
from forecast.wording.numbers import plain
from forecast.wording.quantities import rounded, rounded_range, statement_said


def print_quantities(console: Console, quantities: Sequence[QuantityForecast]) -> None:
    """Medians with where the number lies, and how probable it is that asked numbers are exceeded."""
    if not quantities:
        return
    table = new_table("Quantity", "Median", "50 %", "90 %", "MCSE")
    table.add_column("Unit")
    table.add_column("By", no_wrap=True)
    for quantity in quantities:
        at = {found.quantile: found for found in quantity.quantiles}
        table.add_row(
            name_text(quantity.id, quantity.title),
            plain(rounded(quantity.median, at[0.5].mcse)),
            plain(rounded_range(at[0.25].value, at[0.75].value)),
            plain(rounded_range(quantity.interval.low, quantity.interval.high)),
            plain(rounded(at[0.5].mcse)),
            escape(quantity.unit or ""),
            f"{quantity.by}",
        )
    print_titled(console, "Numbers at a date", table)
    for quantity in quantities:
        console.print(f"[dim]{escape(quantity.id)}: {escape(plain(statement_said(quantity)))}[/dim]", highlight=False)
        for asked in quantity.exceedance:
            console.print(
                f"{escape(quantity.id)} > {plain(rounded(asked.value))}: {percent(asked.probability, asked.mcse)} "
                f"({percent_range(asked.interval)} by what is known)",
                highlight=False,
            )
