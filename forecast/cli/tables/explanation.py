"""What moves a forecast: the waterfall of its evidence, the most influential cases and experts, what it leans on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forecast.answer import (
    Attribution,
    InfluenceReport,
    Interval,
    ProbabilityStep,
    SensitivityReport,
    StoredForecast,
    Triage,
)
from forecast.answer.thresholds import SCALING_NOTED
from forecast.cli.tables.text import change_text, new_table, percent, percent_range, print_titled
from forecast.wording.evidence import CAUSES, SHORT_BLOCKS

MAX_ROWS: Final = 12

KINDS: Final = ("attribution", "influence", "sensitivity", "triage")


def print_explanations(console: Console, forecast: StoredForecast, only: Collection[str] = KINDS) -> None:
    """Print what is known of why a forecast says what it says, of the kinds in `only`; nothing for what is not known."""
    if forecast.attribution is not None and "attribution" in only:
        print_titled(
            console,
            "What each block of evidence adds to those before it",
            _attribution(forecast.attribution),
            "Below each probability: how far the block moved the log odds.",
        )
    if forecast.influence is not None and "influence" in only:
        left = len(forecast.influence.items) - MAX_ROWS
        print_titled(
            console,
            "Cases and experts without which the forecast moves most",
            _influence(forecast.influence),
            f"{left} more move it less." if left > 0 else "",
        )
    if forecast.sensitivity is not None and "sensitivity" in only:
        _print_sensitivity(console, forecast.sensitivity)
    if forecast.triage is not None and "triage" in only:
        print_titled(
            console,
            f"Why it differs from the forecast before it, {forecast.triage.previous}",
            _triage(forecast.triage),
            "How far each cause moved the log odds.",
        )


def _attribution(attribution: Attribution) -> Table:
    steps = attribution.steps
    table = new_table("", *(SHORT_BLOCKS[step.block] for step in steps))
    for what in ("outcomes", "scenarios"):
        for name in getattr(steps[-1], what) if steps else ():
            row: list[ProbabilityStep] = [getattr(step, what)[name] for step in steps]
            table.add_row(escape(name), *(_step(step, is_first=step is row[0]) for step in row))
        table.add_section()
    return table


def _triage(triage: Triage) -> Table:
    steps = triage.steps
    table = new_table("", *(CAUSES[step.cause] for step in steps), "Now")
    for what in ("outcomes", "scenarios"):
        for name, last in getattr(steps[-1], what).items() if steps else ():
            shares = [getattr(step, what).get(name) for step in steps]
            moved = (
                change_text(share.change) if share and step.changed else ""
                for share, step in zip(shares, steps, strict=True)
            )
            table.add_row(escape(name), *moved, percent(last.probability, last.mcse))
        table.add_section()
    return table


def _step(step: ProbabilityStep, *, is_first: bool) -> str:
    return f"{percent(step.probability, step.mcse)}\n[dim]{'' if is_first else change_text(step.change)}[/dim]"


def _influence(report: InfluenceReport) -> Table:
    table = new_table("Left out", "Probability", "Log odds", "MCSE", "Pareto k")
    table.add_column("Outcome moved most", overflow="fold")
    for item in report.items[:MAX_ROWS]:
        if not item.outcomes:
            continue
        name, step = max(item.outcomes.items(), key=lambda found: abs(found[1].change))
        table.add_row(
            f"{escape(item.id)} [dim]({item.kind}{'' if item.reliable else '; unreliable'})[/dim]",
            percent(step.probability, step.mcse),
            change_text(step.change),
            f"{step.change_mcse:.2f}",
            "refitted" if item.refitted else "" if item.pareto_k is None else f"{item.pareto_k:.2f}",
            escape(name),
        )
    return table


def _print_sensitivity(console: Console, report: SensitivityReport) -> None:
    if report.scaling:
        print_titled(
            console,
            "How far probabilities follow a prior, or the data, that is weighed more or less",
            _scaling(report),
            f"Above {SCALING_NOTED:g} (marked *) deserves a look.",
        )
    if report.leans:
        print_titled(
            console,
            "How far probabilities lean on effects that were stated, not learned",
            _leans(report),
            "Weaker, stronger: the mean of its prior one standard deviation lower or higher.",
        )


def _scaling(report: SensitivityReport) -> Table:
    table = new_table("Part", "Sensitivity")
    table.add_column("Outcome", overflow="fold")
    for item in sorted(report.scaling, key=lambda found: -found.sensitivity)[:MAX_ROWS]:
        mark = " *" if item.sensitivity > SCALING_NOTED else "  "
        table.add_row(escape(item.component), f"{item.sensitivity:.3f}{mark}", escape(item.outcome))
    return table


def _leans(report: SensitivityReport) -> Table:
    table = new_table("Stated effect", "Probability", "Without it", "Weaker to stronger")
    table.add_column("Outcome", overflow="fold")
    for item in sorted(report.leans, key=lambda found: -abs(found.probability - found.without))[:MAX_ROWS]:
        table.add_row(
            escape(item.effect),
            percent(item.probability),
            percent(item.without),
            percent_range(Interval(low=item.low, high=item.high, level=0.9)),
            escape(item.outcome),
        )
    return table
