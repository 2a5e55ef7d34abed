"""The answer to a question about a forecast."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from forecast.cli.tables.text import new_table, percent

if TYPE_CHECKING:
    from forecast.futures.query import QueryAnswer


def print_query(console: Console, answer: QueryAnswer) -> None:
    """Print the probability of an expression under its conditions beside that without any."""
    console.print(f"[bold]{escape(answer.expression)}[/bold]", highlight=False)
    for condition in conditions_text(answer):
        console.print(f"  {escape(condition)}", highlight=False)
    table = new_table("", "Probability", "MCSE", "Without conditions", "MCSE")
    table.add_column("In words")
    found = answer.unconditional
    table.add_row(
        "the expression",
        percent(answer.probability, answer.mcse),
        f"{answer.mcse:.4f}",
        percent(found.probability, found.mcse),
        f"{found.mcse:.4f}",
        answer.words,
    )
    for name, items in (("Outcomes", answer.outcomes), ("Scenarios", answer.scenarios)):
        if not items:
            continue
        table.add_section()
        table.add_row(f"[bold]{name}[/bold]")
        for item in items:
            table.add_row(
                escape(item.id),
                percent(item.probability, item.mcse),
                f"{item.mcse:.4f}",
                percent(item.unconditional.probability, item.unconditional.mcse),
                f"{item.unconditional.mcse:.4f}",
                item.words,
            )
    console.print(table)
    console.print(
        f"{answer.futures:,} futures, worth {answer.effective_draws:,.0f} independent ones",
        highlight=False,
    )


def conditions_text(answer: QueryAnswer) -> Iterable[str]:
    """The conditions of a query, one a line."""
    for condition in answer.observe:
        yield f"given that {condition}"
    for intervention in answer.do:
        when = "never" if intervention.at is None else f"at {intervention.at:g} periods"
        yield f"made so: {intervention.outcome} {when}"
