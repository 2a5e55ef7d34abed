"""Whether to trust a forecast: its checks, the convergence of every parameter, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from forecast.answer import Check, Diagnostics, ParameterDiagnostics, Provenance
from forecast.answer.thresholds import ESS_PUBLISHED, RHAT_PUBLISHED
from forecast.wording import numbers
from forecast.wording.stages import stage_of, stage_position

CHECK_NAMES: Final = {
    "finite": "Finite",
    "rhat": "R-hat",
    "ess_bulk": "Bulk ESS",
    "ess_tail": "Tail ESS",
    "divergences": "Divergences",
    "bfmi": "E-BFMI",
    "tree_depth": "Tree depth",
    "mcse": "Monte Carlo error",
    "counts": "Counts",
    "default_prior": "Default prior",
}

CHECK_MEANINGS: Final = {
    "finite": "Every reported quantity is a number in every draw.",
    "rhat": "Whether the chains agree with one another; 1 is perfect.",
    "ess_bulk": "How many independent draws the middle of the posterior is worth.",
    "ess_tail": "How many independent draws the tails, and so the intervals, are worth.",
    "divergences": "Share of draws at which the sampler could not follow the posterior's shape.",
    "bfmi": "Whether the sampler moved freely between levels of energy; below 0.3 it did not.",
    "tree_depth": "Draws that reached the longest path allowed; costs time, not correctness.",
    "mcse": "How far a probability might move if the same forecast were computed with another seed.",
    "counts": "How often counts that the model makes in place of the real ones are as unusual as they are; the least likely.",
    "default_prior": "The study states no prior here.",
}

_PERCENT_CHECKS: Final = frozenset({"divergences"})
_PROBABILITY_CHECKS: Final = frozenset({"mcse"})


@dataclass(frozen=True)
class CheckRow:
    """One check of the publication gate."""

    name: str
    meaning: str
    status: str
    """passed, failed or note."""
    mark: str
    value: str
    threshold: str
    message: str


@dataclass(frozen=True)
class Cell:
    """A number in a table that can be sorted; `key` is empty where there is no number."""

    text: str
    key: str
    is_bad: bool = False


@dataclass(frozen=True)
class ParameterRow:
    """Convergence of one parameter."""

    name: str
    is_reported: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class StageTime:
    """How long a stage took, and its share of all stages."""

    name: str
    seconds: str
    share: str
    width: str


@dataclass(frozen=True)
class Trust:
    """Everything about the computation itself."""

    checks: tuple[CheckRow, ...]
    facts: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    """Heading and explanation of each number of a parameter."""
    parameters: tuple[ParameterRow, ...]
    reported_count: int
    stages: tuple[StageTime, ...]
    duration: str
    provenance: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]


PARAMETER_COLUMNS: Final = (
    ("Mean", "Posterior mean, on the parameter's own scale"),
    ("SD", "Posterior standard deviation, on the parameter's own scale"),
    ("R-hat", f"Agreement of the chains; at most {RHAT_PUBLISHED:g} is wanted"),
    ("ESS bulk", f"Effective number of draws for the middle; at least {ESS_PUBLISHED:g} is wanted"),
    ("ESS tail", f"Effective number of draws for the tails; at least {ESS_PUBLISHED:g} is wanted"),
    ("MCSE", "Monte Carlo standard error of the mean, on the parameter's own scale"),
)


def build_trust(checks: tuple[Check, ...], diagnostics: Diagnostics, provenance: Provenance) -> Trust:
    """What a reader needs to judge the computation."""
    thresholds = {check.name: check.threshold for check in checks if check.threshold is not None}
    # Reported quantities first: the gate looks at them, and most readers look no further.
    ordered = sorted(diagnostics.parameters, key=lambda parameter: not parameter.reported)
    return Trust(
        checks=tuple(_check_row(check) for check in checks),
        facts=_facts(diagnostics),
        columns=PARAMETER_COLUMNS,
        parameters=tuple(_parameter_row(parameter, thresholds) for parameter in ordered),
        reported_count=sum(parameter.reported for parameter in ordered),
        stages=_stage_times(diagnostics.seconds),
        duration=numbers.duration(provenance.duration_seconds),
        provenance=_provenance(provenance),
        versions=tuple(sorted(provenance.versions.items())),
    )


def _check_row(check: Check) -> CheckRow:
    status, mark = {True: ("passed", "✓"), False: ("failed", "✕"), None: ("note", "·")}[check.passed]
    return CheckRow(
        name=CHECK_NAMES.get(check.name, check.name.replace("_", " ").capitalize()),
        meaning=CHECK_MEANINGS.get(check.name, ""),
        status=status,
        mark=mark,
        value=_check_number(check.name, check.value),
        threshold=_threshold(check),
        message=check.message,
    )


def _check_number(name: str, value: float | None) -> str:
    if value is None:
        return numbers.NONE
    if name in _PERCENT_CHECKS:
        return f"{100 * value:.2g}{numbers.NO_BREAK_SPACE}%"
    if name in _PROBABILITY_CHECKS:
        return f"{100 * value:.2g}{numbers.NO_BREAK_SPACE}pp"
    if name == "rhat":
        return numbers.fixed(value, 3)
    if name == "counts":
        return numbers.significant(value, 2)
    return numbers.fixed(value, 0) if value >= 100 or float(value).is_integer() else numbers.fixed(value, 2)


def _threshold(check: Check) -> str:
    if check.threshold is None:
        return numbers.NONE
    bound = {"ess_bulk": "≥", "ess_tail": "≥", "bfmi": ">", "counts": "≥"}.get(check.name, "≤")
    shown = f"{check.threshold:g}" if check.name in {"rhat", "bfmi"} else _check_number(check.name, check.threshold)
    return f"{bound}{numbers.NO_BREAK_SPACE}{shown}"


def _facts(diagnostics: Diagnostics) -> tuple[tuple[str, str], ...]:
    total, share = diagnostics.chains * diagnostics.draws, 100 * diagnostics.divergence_fraction
    energy = ", ".join(numbers.fixed(value, 2) for value in diagnostics.bfmi) or numbers.NONE
    mean, deepest = diagnostics.tree_depth_mean, diagnostics.tree_depth_max
    depth = numbers.NONE if mean is None else f"{mean:.1f} on average, {numbers.amount(deepest)} at most"
    return (
        ("Draws kept", f"{total:,} ({diagnostics.chains} chains of {diagnostics.draws:,})"),
        (
            "Divergences",
            f"{diagnostics.divergences:,} ({share:.2g}{numbers.NO_BREAK_SPACE}% of draws)",
        ),
        ("E-BFMI by chain", energy),
        ("Tree depth (doublings)", depth),
        ("Longest tree reached", numbers.plural(diagnostics.tree_depth_limit_hits, "draw")),
        *(
            (
                "Thrown away",
                f"{run.draws:,} draws at an acceptance of {run.target_accept:g}, of which {run.divergences:,} diverged",
            )
            for run in diagnostics.discarded
        ),
        ("Compilations in this process", f"{diagnostics.compilations}"),
    )


def _parameter_row(parameter: ParameterDiagnostics, thresholds: Mapping[str, float]) -> ParameterRow:
    gated = thresholds if parameter.reported else {}
    rhat, bulk, tail = parameter.rhat, parameter.ess_bulk, parameter.ess_tail
    return ParameterRow(
        name=parameter.name,
        is_reported=parameter.reported,
        cells=(
            _cell(parameter.mean, numbers.significant(parameter.mean, 3)),
            _cell(parameter.sd, numbers.significant(parameter.sd)),
            _cell(rhat, numbers.fixed(rhat, 3), is_bad=rhat is not None and rhat > gated.get("rhat", float("inf"))),
            _cell(bulk, numbers.fixed(bulk, 0), is_bad=bulk is not None and bulk < gated.get("ess_bulk", 0.0)),
            _cell(tail, numbers.fixed(tail, 0), is_bad=tail is not None and tail < gated.get("ess_tail", 0.0)),
            _cell(parameter.mcse, numbers.significant(parameter.mcse)),
        ),
    )


def _cell(value: float | None, text: str, *, is_bad: bool = False) -> Cell:
    return Cell(text=text, key="" if value is None else repr(value), is_bad=is_bad)


def _stage_times(seconds: Mapping[str, float]) -> tuple[StageTime, ...]:
    total = sum(seconds.values()) or 1.0
    # The swap of data comes between compiling and sampling.
    order = sorted(seconds, key=lambda key: stage_position("compile") + 0.5 if key == "swap" else stage_position(key))
    return tuple(
        StageTime(
            name=stage_of(key).name,
            seconds=numbers.duration(seconds[key]),
            share=_share(seconds[key] / total),
            width=f"{100 * seconds[key] / total:.2f}%",
        )
        for key in order
    )


def _share(part: float) -> str:
    shown = f"{100 * part:.0f}" if part >= 0.005 else "<1"
    return f"{shown}{numbers.NO_BREAK_SPACE}%"


def _provenance(provenance: Provenance) -> tuple[tuple[str, str], ...]:
    evidence = ", ".join(
        f"{count:,} {kind.replace('_', ' ')}" for kind, count in sorted(provenance.evidence.items()) if count
    )
    return (
        ("Evidence used", evidence or "none"),
        ("Latest evidence known at", numbers.day(provenance.latest_known_at)),
        ("Seed", str(provenance.seed)),
        *((f"Sampler: {key.replace('_', ' ')}", str(value)) for key, value in sorted(provenance.sampler.items())),
        ("Computed in", numbers.duration(provenance.duration_seconds)),
        ("Computed on", provenance.host),
    )
