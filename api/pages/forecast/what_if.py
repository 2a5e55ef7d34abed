"""The what-if panel: what can be observed or forced, and the rows that `static/what_if.js` fills with the answer."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.shared.bars import PROBABILITY
from forecast.answer import OutcomeForecast, ScenarioForecast, StoredForecast
from forecast.study.document.options import as_written
from forecast.wording import numbers


@dataclass(frozen=True)
class WhatIfChoice:
    """One outcome that can be observed or forced."""

    id: str
    expression: str
    """What it is called in expressions."""
    title: str
    last_period: int
    """The latest period in which it can be forced to occur."""


@dataclass(frozen=True)
class WhatIfRow:
    """One probability that answers."""

    key: str
    """``outcome <id>`` or ``scenario <id>``, as the answer is read."""
    id: str
    title: str
    probability: str
    value: float
    position: str
    """Along the bar, in percent of its width."""


@dataclass(frozen=True)
class WhatIf:
    """The whole panel."""

    query_url: str
    expression: str
    """Any expression: a query needs one, the panel asks for all."""
    period: str
    choices: tuple[WhatIfChoice, ...]
    rows: tuple[WhatIfRow, ...]


def build_what_if(forecast: StoredForecast) -> WhatIf | None:
    """The panel; None without outcomes."""
    if not forecast.outcomes:
        return None
    return WhatIf(
        query_url=f"/v1/forecasts/{forecast.forecast_id}/query",
        expression=as_written(forecast.outcomes[0].id),
        period=forecast.period,
        choices=tuple(WhatIfChoice(o.id, as_written(o.id), o.title, _last_period(o)) for o in forecast.outcomes),
        rows=(
            *(_row("scenario", scenario) for scenario in forecast.scenarios),
            *(_row("outcome", outcome) for outcome in forecast.outcomes),
        ),
    )


def _row(kind: str, part: OutcomeForecast | ScenarioForecast) -> WhatIfRow:
    return WhatIfRow(
        key=f"{kind} {part.id}",
        id=part.id,
        title=part.title,
        probability=numbers.percent(part.probability, part.mcse),
        value=part.probability,
        position=PROBABILITY.position(part.probability),
    )


def _last_period(outcome: OutcomeForecast) -> int:
    """The last whole period that ends by the outcome's own date for a binary one, else by the horizon."""
    ends = [
        point.period
        for point in outcome.horizon
        if outcome.kind not in ("binary", "categorical") or point.date <= outcome.by
    ]
    return max(ends, default=0)
