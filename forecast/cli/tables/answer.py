"""The answer itself: outcomes, scenarios, pairs of outcomes and the verdict."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forecast.answer import (
    Answer,
    OutcomeForecast,
    OutcomeGroup,
    PairProbability,
    ScenarioForecast,
    StoredForecast,
    Verdict,
    outcome_groups,
)
from forecast.cli.tables.evidence import print_evidence
from forecast.cli.tables.explanation import print_explanations
from forecast.cli.tables.quantities import print_quantities
from forecast.cli.tables.text import name_text, new_table, percent, percent_range, print_titled
from forecast.wording.confidence import confidence_level
from forecast.wording.notes import TOLD
from forecast.wording.numbers import ends_error, plain
from forecast.wording.stated import median_and_statement

VERDICT_STYLE: Final = {Verdict.PUBLISHED: "bold green", Verdict.DEGRADED: "bold yellow", Verdict.REFUSED: "bold red"}
VERDICT_MEANING: Final = {
    Verdict.PUBLISHED: "every check passed",
    Verdict.DEGRADED: "read the reasons before using it",
    Verdict.REFUSED: "do not use it",
}
MAX_MATRIX: Final = 12
"""Outcomes whose pairs still fit in a terminal."""

NUMBERS: Final = ("Probability", "90 % interval", "MCSE")


def print_answer(console: Console, answer: Answer, page_url: str | None = None) -> None:
    """Print all of an answer that fits in a terminal; what explains it too, if it is known."""
    console.print()
    console.print(f"[bold]{escape(answer.title)}[/bold]")
    console.print(f"As of {answer.as_of}, {answer.horizon_periods} {answer.period}s ahead")
    if answer.outcomes:
        console.print(_outcomes(answer))
    for outcome in answer.outcomes:
        if said := median_and_statement(outcome):
            console.print(f"[dim]{escape(outcome.id)}: {escape(plain(said))}[/dim]", highlight=False)
    print_quantities(console, answer.quantities)
    if answer.scenarios:
        console.print(_scenarios(answer))
    if answer.pairs and 2 <= len(answer.outcomes) <= MAX_MATRIX:
        print_titled(
            console,
            "Each outcome if the one of the column comes true, and below it both together",
            _pairs(answer),
            "Each by its own date; on the diagonal the outcome alone. -: the column's comes true in too few draws.",
        )
    print_evidence(console, answer)
    if isinstance(answer, StoredForecast):
        print_explanations(console, answer)
    print_notes(console, answer)
    print_verdict(console, answer)
    if page_url is not None:
        # Plain, so that a terminal recognises the whole address and a script can read it.
        console.print(f"Page: {page_url}", soft_wrap=True, highlight=False)


def print_notes(console: Console, answer: Answer) -> None:
    """Print what of the document was not used, or was read in one of two ways."""
    for check in answer.checks:
        if check.passed is None and check.name in TOLD:
            console.print(f"Note: {escape(check.message)}", highlight=False, soft_wrap=True)


def print_verdict(console: Console, answer: Answer) -> None:
    """Print the verdict with its reasons."""
    style = VERDICT_STYLE[answer.verdict]
    meaning = VERDICT_MEANING[answer.verdict]
    console.print(f"Verdict: [{style}]{answer.verdict.value}[/{style}] ({meaning})", highlight=False)
    for reason in answer.verdict_reasons:
        console.print(f"  - {escape(reason)}", highlight=False)


def _outcomes(answer: Answer) -> Table:
    table = new_table("Outcome", *NUMBERS)
    table.add_column("In words")
    table.add_column("Confidence")
    table.add_column("By", no_wrap=True)
    for group in outcome_groups(answer.outcomes):
        if group.id is not None:
            table.add_section()
            table.add_row(name_text(group.id, group.title), *_shares(group))
        for outcome in group.outcomes:
            _add_outcome(table, outcome)
        if group.id is not None:
            table.add_section()
    return table


SHARES_WIDTH: Final = 20
"""Characters of the bar of a categorical outcome."""
SHADES: Final = "█▓▒░"


def _shares(group: OutcomeGroup) -> tuple[str, str]:
    """Nothing, and one bar of all options in the order of their rows."""
    ends = [
        round(SHARES_WIDTH * sum(o.probability for o in group.outcomes[: place + 1]))
        for place in range(len(group.outcomes))
    ]
    widths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return "", "".join(SHADES[place % len(SHADES)] * width for place, width in enumerate(widths))


def _add_outcome(table: Table, outcome: OutcomeForecast) -> None:
    table.add_row(
        name_text(outcome.id, outcome.option or outcome.title),
        percent(outcome.probability, outcome.mcse),
        _interval(outcome),
        f"{outcome.mcse:.4f}",
        outcome.words,
        confidence_level(outcome.interval),
        str(outcome.by),
    )


def _interval(part: OutcomeForecast | ScenarioForecast) -> str:
    """With the errors of its ends below, where rounding does not hide them."""
    error = plain(ends_error(part.interval_mcse, part.mcse))
    return percent_range(part.interval, part.mcse) + (f"\nends {error}" if error else "")


def _scenarios(answer: Answer) -> Table:
    table = new_table("Scenario", *NUMBERS)
    table.add_column("In words")
    table.add_column("Confidence")
    rest = () if answer.remainder is None else (answer.remainder,)
    for scenario in (*answer.scenarios, *rest):
        if scenario is answer.remainder:
            table.add_section()
        table.add_row(
            name_text(scenario.id, scenario.title),
            percent(scenario.probability, scenario.mcse),
            _interval(scenario),
            f"{scenario.mcse:.4f}",
            scenario.words,
            confidence_level(scenario.interval),
        )
    return table


def _pairs(answer: Answer) -> Table:
    ids = [outcome.id for outcome in answer.outcomes]
    found = {(pair.outcome, pair.given): pair for pair in answer.pairs}
    numbers = [str(position) for position in range(1, len(ids) + 1)]
    table = new_table("Outcome", *numbers)
    for number, row in zip(numbers, answer.outcomes, strict=True):
        cells = [
            f"[dim]{percent(row.probability, row.mcse)}[/dim]" if given == row.id else _pair(found.get((row.id, given)))
            for given in ids
        ]
        table.add_row(f"{number} {escape(row.id)}", *cells)
    return table


def _pair(pair: PairProbability | None) -> str:
    if pair is None:
        return ""
    conditional = "-" if pair.conditional is None else percent(pair.conditional, pair.conditional_mcse)
    return f"{conditional}\n[dim]{percent(pair.joint, pair.joint_mcse)}[/dim]"
