"""Plotly figures of indicators and factors: what was counted, what was expected, how the hidden state moved.

An absent period is no zero: it has no point, the line stops before it, and its place is shaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from forecast.answer import Answer, CountPoint, FactorSummary, IndicatorSummary
from forecast.figures.style import ABSENT, PALETTE, Figure, band, rounded

INDICATOR_HEIGHT = 340
FACTOR_HEIGHT = 280
EXPECTED, OBSERVED, NEXT = PALETTE[0], PALETTE[7], PALETTE[1]


def signal_figures(answer: Answer) -> dict[str, Figure]:
    """A figure for each indicator and each factor that has a past: ``indicator-<id>`` and ``factor-<id>``."""
    return {
        **{
            f"indicator-{found.id}": indicator_figure(found, answer.period)
            for found in answer.indicators
            if found.periods
        },
        **{f"factor-{found.id}": factor_figure(found) for found in answer.factors if found.states},
    }


def indicator_figure(indicator: IndicatorSummary, period: str) -> Figure:
    """Observed counts, the expected count with its band, and the prediction of the next period.

    Parameters
    ----------
    period
        The study's period, such as `month`.
    """
    points = indicator.periods
    days = [point.period.isoformat() for point in points]
    return {
        "data": [
            band(days, [point.low for point in points], [point.high for point in points], EXPECTED, "expected"),
            {
                "type": "scatter",
                "mode": "lines",
                "name": "expected",
                "legendgroup": "expected",
                "x": days,
                "y": rounded(point.mean for point in points),
                "line": {"color": EXPECTED, "width": 2},
                "hovertemplate": "%{y:.3~g} expected<extra></extra>",
            },
            _observed(points, days),
            *_fan(indicator),
            _next(indicator),
        ],
        "layout": {
            "height": INDICATOR_HEIGHT,
            "xaxis": {"title": {"text": f"First day of the {period}"}, "type": "date"},
            "yaxis": {"title": {"text": f"Count per {period}"}, "rangemode": "tozero"},
            "legend": {"orientation": "h"},
            "hovermode": "x",
            "shapes": list(_shades(points, indicator.next.period)),
            "meta": {
                "title": f"Indicator {indicator.title}",
                "caption": "Points: what was counted; an open point covers only a part of its period and is scaled up "
                "to the whole. Line and band: the expected count, posterior mean and 90 % interval. Shaded: not "
                "observed, which is not zero. Diamond: the prediction for the next period, median and 90 % interval. Line and bands after it: the counts to "
                "come, median, 50 % and 90 % interval.",
            },
        },
    }


def factor_figure(factor: FactorSummary) -> Figure:
    """The state of a factor over the past periods with its 90 % band."""
    days = [state.period.isoformat() for state in factor.states]
    return {
        "data": [
            band(
                days,
                [state.low for state in factor.states],
                [state.high for state in factor.states],
                PALETTE[3],
                "state",
            ),
            {
                "type": "scatter",
                "mode": "lines",
                "name": "state",
                "legendgroup": "state",
                "showlegend": False,
                "x": days,
                "y": rounded(state.mean for state in factor.states),
                "line": {"color": PALETTE[3], "width": 2},
                "hovertemplate": "%{x|%d %b %Y}: %{y:.2f}<extra></extra>",
            },
        ],
        "layout": {
            "height": FACTOR_HEIGHT,
            "xaxis": {"type": "date"},
            "yaxis": {"title": {"text": "State (standard deviations)"}, "zeroline": True},
            "hovermode": "x",
            "meta": {
                "title": f"Factor {factor.title}",
                "caption": "Line and band: the hidden state in each past period, posterior mean and 90 % interval. 0 "
                "is its long-run mean, 1 its long-run standard deviation.",
            },
        },
    }


def absent_runs(points: tuple[CountPoint, ...]) -> Iterator[tuple[int, int]]:
    """First and last place of each run of periods without a count."""
    for is_absent, run in groupby(enumerate(points), key=lambda item: item[1].value is None):
        places = [place for place, _ in run]
        if is_absent:
            yield places[0], places[-1]


def _observed(points: tuple[CountPoint, ...], days: list[str]) -> Figure:
    shown = [None if p.value is None else round(p.value / (p.exposure or 1.0), 4) for p in points]
    said = ["" if p.value is None else _counted(p) for p in points]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "counted",
        "x": days,
        "y": shown,
        "text": said,
        "connectgaps": False,
        # A count of zero stands on the axis and is drawn in full.
        "cliponaxis": False,
        "line": {"color": OBSERVED, "width": 1, "dash": "dot"},
        "marker": {
            "color": OBSERVED,
            "size": 8,
            "symbol": ["circle" if point.value is None or _is_whole(point) else "circle-open" for point in points],
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def _counted(point: CountPoint) -> str:
    if point.exposure is None:
        return f"at least {point.value:,} counted"
    return f"{point.value:,} counted{'' if _is_whole(point) else f' in {point.exposure:.0%} of it'}"


def _is_whole(point: CountPoint) -> bool:
    return point.exposure == 1.0


def _fan(indicator: IndicatorSummary) -> Iterator[Figure]:
    """Median and bands of the counts over the whole horizon."""
    days = [point.period.isoformat() for point in indicator.ahead]
    if not days:
        return
    for interval in ([p.interval for p in indicator.ahead], [p.half for p in indicator.ahead]):
        yield band(days, [i.low for i in interval], [i.high for i in interval], NEXT, "ahead")
    yield {
        "type": "scatter",
        "mode": "lines",
        "name": "predicted",
        "legendgroup": "ahead",
        "x": days,
        "y": rounded(point.median for point in indicator.ahead),
        "line": {"color": NEXT, "width": 2},
        "hovertemplate": "%{y:.3~g} predicted<extra></extra>",
    }


def _next(indicator: IndicatorSummary) -> Figure:
    ahead = indicator.next
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "next, predicted",
        "x": [ahead.period.isoformat()],
        "y": rounded([ahead.median]),
        "cliponaxis": False,
        "marker": {"color": NEXT, "size": 10, "symbol": "diamond"},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": rounded([ahead.interval.high - ahead.median]),
            "arrayminus": rounded([ahead.median - ahead.interval.low]),
            "color": NEXT,
        },
        "hovertemplate": "next: %{y:.3~g}<extra></extra>",
    }


def _shades(points: tuple[CountPoint, ...], following: date) -> Iterator[Figure]:
    """A rectangle for each run of absent periods, from half a period before to half a period after its points."""
    starts = [*(point.period for point in points), following]
    for first, last in absent_runs(points):
        before = starts[first - 1] if first else starts[0] - (starts[1] - starts[0])
        yield {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": (before + (starts[first] - before) / 2).isoformat(),
            "x1": (starts[last] + (starts[last + 1] - starts[last]) / 2).isoformat(),
            "y0": 0,
            "y1": 1,
            "fillcolor": ABSENT,
            "line": {"width": 0},
            "layer": "below",
        }
