"""How outcomes act on one another: links, and the correlation that is left. What changes on stated days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from api.pages.forecast.estimates import EffectRow, Estimate, drawn_number, effect_row, effect_scale
from api.pages.shared.bars import Scale
from forecast.answer import LinkSummary, ResidualCorrelation, StatedChange
from forecast.wording import numbers
from forecast.wording.changes import change_words
from forecast.wording.dependence import near_prior

CORRELATION: Final = Scale(-1.0, 1.0, reference=0.0)


@dataclass(frozen=True)
class CorrelationRow:
    """Two outcomes whose levels go together."""

    first: str
    second: str
    correlation: Estimate
    note: str
    """Why it stayed near its prior; empty where it did not."""


def build_links(links: Iterable[LinkSummary], period: str) -> tuple[EffectRow, ...]:
    """All links, on one scale; a course is in periods."""
    found = tuple(links)
    scale = effect_scale((link.prior_mean, link.prior_sd, link.posterior) for link in found)
    return tuple(
        replace(
            effect_row(link.cause, link.effect_on, link.prior_mean, link.prior_sd, link.posterior, scale),
            course=numbers.course(link.delay, link.half_life, period),
            is_made=link.made,
        )
        for link in found
    )


def build_changes(changes: Iterable[StatedChange], kinds: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each change on stated days; `kinds` is by outcome."""
    return tuple(change_words(change, kinds.get(change.outcome, "event")) for change in changes)


def build_correlations(correlations: Iterable[ResidualCorrelation]) -> tuple[CorrelationRow, ...]:
    """All residual correlations, from -1 to 1."""
    return tuple(
        CorrelationRow(pair.first, pair.second, drawn_number(pair.correlation, CORRELATION), near_prior(pair))
        for pair in correlations
    )
