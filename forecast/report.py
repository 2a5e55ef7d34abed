"""A forecast as a table in the terminal: the answer first, then whether to trust it."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forecast.answer import Answer, Interval, Verdict

VERDICT_STYLE: Final = {Verdict.PUBLISHED: "bold green", Verdict.DEGRADED: "bold yellow", Verdict.REFUSED: "bold red"}
VERDICT_MEANING: Final = {
    Verdict.PUBLISHED: "every check passed",
    Verdict.DEGRADED: "read the reasons before using it",
    Verdict.REFUSED: "do not use it",
}


def print_answer(console: Console, answer: Answer, page_url: str | None = None) -> None:
    """Print outcomes, scenarios and verdict."""
    console.print()
    console.print(f"[bold]{escape(answer.title)}[/bold]")
    console.print(f"As of {answer.as_of}, {answer.horizon_periods} {answer.period}s ahead")
    console.print(_outcomes(answer))
    if answer.scenarios:
        console.print(_scenarios(answer))
    print_verdict(console, answer)
    if page_url is not None:
        # Plain, so that a terminal recognises the whole address and a script can read it.
        console.print(f"Page: {page_url}", soft_wrap=True, highlight=False)


def print_verdict(console: Console, answer: Answer) -> None:
    """Print the verdict with its reasons."""
    style = VERDICT_STYLE[answer.verdict]
    meaning = VERDICT_MEANING[answer.verdict]
    console.print(f"Verdict: [{style}]{answer.verdict.value}[/{style}] ({meaning})", highlight=False)
    for reason in answer.verdict_reasons:
        console.print(f"  - {escape(reason)}", highlight=False)


def _outcomes(answer: Answer) -> Table:
    table = _table("Outcome")
    table.add_column("By", no_wrap=True)
    for outcome in answer.outcomes:
        table.add_row(
            f"{outcome.id}\n[dim]{escape(outcome.title)}[/dim]",
            percent(outcome.probability),
            interval_text(outcome.interval),
            f"{outcome.mcse:.4f}",
            outcome.words,
            str(outcome.by),
        )
    return table


def _scenarios(answer: Answer) -> Table:
    table = _table("Scenario")
    for scenario in answer.scenarios:
        table.add_row(
            f"{scenario.id}\n[dim]{escape(scenario.title)}[/dim]",
            percent(scenario.probability),
            interval_text(scenario.interval),
            f"{scenario.mcse:.4f}",
            scenario.words,
        )
    return table


def _table(first: str) -> Table:
    table = Table(title_justify="left", header_style="bold", expand=False)
    table.add_column(first, overflow="fold")
    table.add_column("Probability", justify="right", no_wrap=True)
    table.add_column("90 % interval", justify="right", no_wrap=True)
    table.add_column("MCSE", justify="right", no_wrap=True)
    table.add_column("In words")
    return table


def percent(probability: float) -> str:
    """A probability as a percentage; never rounded to certainty."""
    if 0 < probability < 0.001:
        return "< 0.1 %"
    if 0.999 < probability < 1:
        return "> 99.9 %"
    return f"{100 * probability:.1f} %"


def interval_text(interval: Interval) -> str:
    """The ends of an interval of a probability, as percentages."""
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"
