"""What the evidence beyond base rates says: what indicators should show next, and what experts are worth."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forecast.answer import Answer
from forecast.cli.tables.text import change_text, name_text, new_table, percent, print_titled


def print_evidence(console: Console, answer: Answer) -> None:
    """Print indicators and experts, if there are any."""
    if answer.indicators:
        print_titled(console, "What indicators should show next", _indicators(answer))
    if answer.experts:
        together = sum(expert.effective_number for expert in answer.experts)
        caption = f"Together as much as {together:.1f} ordinary experts who share no error; scatter and contradictions lower it."
        print_titled(console, "What experts are worth", _experts(answer), caption)


def _indicators(answer: Answer) -> Table:
    table = new_table("Indicator", "Observed", "Next", "Median", "90 % interval", "None at all")
    for indicator in answer.indicators:
        ahead = indicator.next
        table.add_row(
            name_text(indicator.id, indicator.title),
            str(indicator.observations),
            str(ahead.period),
            f"{ahead.median:,.0f}",
            f"{ahead.interval.low:g} to {ahead.interval.high:g}",
            percent(ahead.zero_probability),
        )
    return table


def _experts(answer: Answer) -> Table:
    table = new_table("Expert", "Judgments", "Track record", "Bias (log odds)", "Slope", "Weight", "Effective number")
    for expert in answer.experts:
        table.add_row(
            f"{escape(expert.id)} [dim]({expert.kind})[/dim]",
            str(expert.judgments),
            str(expert.track_records),
            change_text(expert.bias.mean),
            f"{expert.slope.mean:.2f}",
            percent(expert.weight),
            f"{expert.effective_number:.2f}",
        )
    return table
