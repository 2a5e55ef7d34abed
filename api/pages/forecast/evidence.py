"""The evidence behind each outcome: its reference classes, down to the single case."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from api.pages.forecast.estimates import Estimate
from api.pages.shared.bars import PROBABILITY, Scale, scale_from_zero, scale_of_ratios
from forecast.answer import CaseSummary, ClassSummary, Interval, NewClassSummary, OutcomeForecast, ReferenceSummary
from forecast.wording import numbers


@dataclass(frozen=True)
class CaseRow:
    """One historical case."""

    id: str
    entered: str
    exited: str
    ending: str
    """What ended it, or how many of its trials succeeded."""
    is_event: bool
    """Whether this outcome happened in it."""
    exposure: str
    """Periods at risk, or trials."""
    weight: str
    estimate: Estimate | None
    note: str
    source: str
    source_url: str | None


@dataclass(frozen=True)
class ClassRow:
    """One reference class, or the class not seen."""

    id: str
    title: str
    weight: str
    now: str
    """Probability of the class, given what has happened; empty where that is no question."""
    cases: str
    effective_cases: str
    """Cases counted by their weights."""
    events: str
    exposure: str
    estimate: Estimate
    members: tuple[CaseRow, ...]
    has_dates: bool
    has_estimates: bool
    has_notes: bool


@dataclass(frozen=True)
class OutcomeEvidence:
    """What one outcome rests on."""

    id: str
    title: str
    summary: str
    events_label: str
    exposure_label: str
    measure_label: str
    case_estimate_label: str
    bar_label: str
    classes: tuple[ClassRow, ...]
    is_event: bool


def build_evidence(outcome: OutcomeForecast, period: str) -> OutcomeEvidence | None:
    """What an outcome rests on; None for one without historical cases, such as a threshold.

    Parameters
    ----------
    period
        The study's period, such as `month`.
    """
    reference = outcome.reference
    if reference is None:
        return None
    classes, new_class = reference.classes, reference.new_class
    is_rate = new_class.measure == "rate_per_period"
    scale = scale_from_zero([new_class.interval, *(known.interval for known in classes)]) if is_rate else PROBABILITY
    rows = [_class_row(known, outcome, scale, is_rate=is_rate) for known in classes]
    end = f"{numbers.significant(scale.end)} per {period}" if is_rate else f"100{numbers.NO_BREAK_SPACE}%"
    return OutcomeEvidence(
        id=outcome.id,
        title=outcome.title,
        summary=_summary(reference, outcome.kind, period),
        events_label="Events" if is_rate else "Successes",
        exposure_label=f"At risk ({numbers.nouns(period)})" if is_rate else "Trials",
        measure_label=f"Rate per {period}" if is_rate else "Probability",
        case_estimate_label="Rate against class" if is_rate else "Its own probability",
        bar_label=f"0 to {end}",
        classes=(*rows, _new_class_row(new_class, scale, is_rate=is_rate)),
        is_event=is_rate,
    )


def _summary(reference: ReferenceSummary, kind: str, period: str) -> str:
    classes = reference.classes
    unseen = f"{100 * reference.new_class.weight:.0f}{numbers.NO_BREAK_SPACE}%"
    if not classes:
        return "No reference class: the prior alone, and what has been seen of the present case."
    cases = numbers.plural(sum(known.cases for known in classes), "case")
    happened = "events" if kind == "event" else "successes"
    events = f"{numbers.amount(sum(known.events for known in classes))} {happened}"
    over = ""
    if all(known.exposure is not None for known in classes):
        over = f" over {numbers.plural(round(sum(known.exposure or 0.0 for known in classes)), period)} at risk"
    named = numbers.plural(len(classes), "class")
    between = ""
    if reference.new_class.membership is None:
        between = " The present case lies between them: its level is their weighted mean."
    return f"{cases} in {named}, {events}{over}. {unseen} of the weight is left to a class not seen.{between}"


def _estimate(value: float, interval: Interval, scale: Scale, *, is_rate: bool) -> Estimate:
    text = numbers.significant(value) if is_rate else numbers.percent(value)
    spread = numbers.number_range(interval) if is_rate else numbers.percent_range(interval)
    label = f"{text}, {numbers.level(interval)} interval {spread}"
    return Estimate(text, spread, scale.bar(value, interval, label))


def _class_row(known: ClassSummary, outcome: OutcomeForecast, scale: Scale, *, is_rate: bool) -> ClassRow:
    intervals = [member.interval for member in known.members if member.interval is not None]
    case_scale = scale_of_ratios(intervals) if is_rate else PROBABILITY
    return ClassRow(
        id=known.id,
        title=known.title,
        weight=numbers.weight(known.weight),
        now=_now(known.membership, known.weight),
        cases=numbers.amount(known.cases),
        effective_cases=numbers.significant(known.effective_cases),
        events=numbers.amount(known.events),
        exposure=numbers.amount(known.exposure if is_rate else known.trials),
        estimate=_estimate(known.rate_or_probability, known.interval, scale, is_rate=is_rate),
        members=tuple(_case_row(member, outcome.id, case_scale, is_rate=is_rate) for member in known.members),
        has_dates=any(member.entered or member.exited for member in known.members),
        has_estimates=bool(intervals),
        has_notes=any(member.note or member.source for member in known.members),
    )


def _now(membership: float | None, weight: float) -> str:
    return "" if membership is None or weight in (0.0, 1.0) else f"now {numbers.weight(membership)}"


def _new_class_row(new_class: NewClassSummary, scale: Scale, *, is_rate: bool) -> ClassRow:
    return ClassRow(
        id="",
        title="A class not seen",
        weight=numbers.weight(new_class.weight),
        now=_now(new_class.membership, new_class.weight),
        cases=numbers.NONE,
        effective_cases=numbers.NONE,
        events=numbers.NONE,
        exposure=numbers.NONE,
        estimate=_estimate(new_class.rate_or_probability, new_class.interval, scale, is_rate=is_rate),
        members=(),
        has_dates=False,
        has_estimates=False,
        has_notes=False,
    )


def _case_row(member: CaseSummary, outcome_id: str, scale: Scale, *, is_rate: bool) -> CaseRow:
    estimate = None
    if member.estimate is not None and member.interval is not None:
        estimate = (
            _ratio(member.estimate, member.interval, scale)
            if is_rate
            else _estimate(member.estimate, member.interval, scale, is_rate=False)
        )
    source = member.source or ""
    return CaseRow(
        id=member.id,
        entered=numbers.short_day(member.entered),
        exited=numbers.short_day(member.exited),
        ending=_ending(member, is_rate=is_rate),
        is_event=member.event == outcome_id or bool(member.events) or bool(member.successes),
        exposure=_exposure(member.exposure) if is_rate else numbers.amount(member.trials),
        weight=numbers.weight(member.weight),
        estimate=estimate,
        note=member.note or "",
        source=source,
        source_url=source if _is_web_address(source) else None,
    )


def _ratio(value: float, interval: Interval, scale: Scale) -> Estimate:
    text, spread = f"×{numbers.significant(value)}", numbers.number_range(interval)
    return Estimate(text, spread, scale.bar(value, interval, f"{text}, {numbers.level(interval)} interval {spread}"))


def _exposure(value: float | None) -> str:
    return numbers.NONE if value is None else f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def _ending(member: CaseSummary, *, is_rate: bool) -> str:
    if not is_rate:
        return numbers.amount(member.successes)
    if member.event is not None:
        return member.event
    if member.events is not None and member.entered is None and member.events:
        return numbers.plural(member.events, "event")
    return "none (censored)"


def _is_web_address(text: str) -> bool:
    """Whether a source can be a link: nothing but plain web addresses, so that no script hides in one."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and " " not in text
