"""How outcomes act on one another: links, and the correlation that is left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from api.pages.forecast.estimates import EffectRow, Estimate, drawn_number, effect_row, effect_scale
from api.pages.shared.bars import Scale
from forecast.answer import LinkSummary, ResidualCorrelation

CORRELATION: Final = Scale(-1.0, 1.0, reference=0.0)


@dataclass(frozen=True)
class CorrelationRow:
    """Two outcomes whose levels go together."""

    first: str
    second: str
    correlation: Estimate


def build_links(links: Iterable[LinkSummary]) -> tuple[EffectRow, ...]:
    """All links, on one scale."""
    found = tuple(links)
    scale = effect_scale((link.prior_mean, link.prior_sd, link.posterior) for link in found)
    return tuple(
        effect_row(link.cause, link.effect_on, link.prior_mean, link.prior_sd, link.posterior, scale) for link in found
    )


def build_correlations(correlations: Iterable[ResidualCorrelation]) -> tuple[CorrelationRow, ...]:
    """All residual correlations, from -1 to 1."""
    return tuple(
        CorrelationRow(pair.first, pair.second, drawn_number(pair.correlation, CORRELATION)) for pair in correlations
    )
