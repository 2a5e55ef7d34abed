"""Two forecasts of one study side by side; what moved by more than noise is marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from api.pages.shared.bars import PROBABILITY, BeforeAfter
from api.pages.shared.page import PageContext
from forecast.answer import Interval
from forecast.timeline.comparing import Compared, ComparedRow, Comparison
from forecast.timeline.views import HistoryEntry, Move
from forecast.wording import numbers
from forecast.wording.verdicts import VerdictBadge, verdict_badge


@dataclass(frozen=True)
class Side:
    """One of the two forecasts."""

    url: str
    as_of: str
    made_at: str
    verdict: VerdictBadge


@dataclass(frozen=True)
class Choice:
    """A forecast that can be chosen."""

    id: str
    label: str
    is_before: bool
    is_after: bool


@dataclass(frozen=True)
class CompareRow:
    """One scenario or outcome."""

    id: str
    title: str
    kind: str
    before: str
    before_interval: str
    after: str
    after_interval: str
    change: str
    status: str
    """moved, noise, new, gone or same."""
    said: str
    """The status in words."""
    bar: BeforeAfter | None


@dataclass(frozen=True, kw_only=True)
class ComparePage(PageContext):
    """Two forecasts of one study."""

    template: ClassVar[str] = "compare.html"

    study: str
    heading: str
    before: Side
    after: Side
    swap_url: str
    rows: tuple[CompareRow, ...]
    moved: str
    """How many moved by more than noise."""
    differences: tuple[tuple[str, str, str], ...]
    choices: tuple[Choice, ...]


def build_compare(found: Comparison, title: str, history: Sequence[HistoryEntry]) -> ComparePage:
    """The page of a comparison.

    Parameters
    ----------
    title
        Of the study.
    history
        Forecasts that can be chosen instead, newest first.
    """
    before, after = found.before.forecast_id, found.after.forecast_id
    rows = tuple(_row(row) for row in found.rows)
    moved = sum(row.status == "moved" for row in rows)
    return ComparePage(
        page_title=f"Compare: {numbers.shortened(title)}",
        json_url=f"/v1/compare?before={before}&after={after}",
        study=found.study,
        heading=title,
        before=_side(found.before),
        after=_side(found.after),
        swap_url=f"/compare?before={after}&after={before}",
        rows=rows,
        moved=f"{moved} of {numbers.plural(len(rows), 'probability')} moved by more than noise",
        differences=tuple((each.name, each.before, each.after) for each in found.differences),
        choices=_choices(found, history),
    )


def _side(forecast: Compared) -> Side:
    return Side(
        url=f"/forecasts/{forecast.forecast_id}",
        as_of=numbers.day(forecast.as_of),
        made_at=numbers.moment(forecast.made_at),
        verdict=verdict_badge(forecast.verdict),
    )


def _choices(found: Comparison, history: Sequence[HistoryEntry]) -> tuple[Choice, ...]:
    labels = {entry.forecast_id: (entry.as_of, entry.made_at) for entry in history}
    for own in (found.before, found.after):
        labels.setdefault(own.forecast_id, (own.as_of, own.made_at))
    return tuple(
        Choice(
            name,
            f"as of {numbers.short_day(as_of)}, made {numbers.moment(made_at)}",
            name == found.before.forecast_id,
            name == found.after.forecast_id,
        )
        for name, (as_of, made_at) in labels.items()
    )


def _row(row: ComparedRow) -> CompareRow:
    status, said = _status(row)
    before, after = row.before, row.after
    bar = None
    if before is not None and after is not None:
        label = (
            f"before {_percent(before)}, interval {_range(before)}; after {_percent(after)}, interval {_range(after)}"
        )
        bar = PROBABILITY.before_after(
            _interval(before), before.probability, _interval(after), after.probability, label
        )
    return CompareRow(
        id=row.id,
        title=row.title,
        kind=row.kind,
        before=numbers.NONE if before is None else _percent(before),
        before_interval="" if before is None else _range(before),
        after=numbers.NONE if after is None else _percent(after),
        after_interval="" if after is None else _range(after),
        change=_change(after),
        status=status,
        said=said,
        bar=bar,
    )


def _status(row: ComparedRow) -> tuple[str, str]:
    if row.before is None:
        return "new", "only in the later one"
    if row.after is None:
        return "gone", "only in the earlier one"
    if row.after.beyond_noise:
        return "moved", "moved"
    return ("same", "no change") if row.after.change == 0 else ("noise", "within noise")


def _percent(move: Move) -> str:
    return numbers.percent(move.probability, move.mcse)


def _interval(move: Move) -> Interval:
    return Interval(low=move.low, high=move.high)


def _range(move: Move) -> str:
    return numbers.percent_range(_interval(move), move.mcse)


def _change(after: Move | None) -> str:
    if after is None or after.change is None:
        return numbers.NONE
    error = numbers.significant(100.0 * (after.change_mcse or 0.0))
    return f"{numbers.signed(100.0 * after.change, 1)} ± {error}{numbers.NO_BREAK_SPACE}pp"
