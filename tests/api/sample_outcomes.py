"""Outcomes of the sample answer, with the cases behind them; made without sampling."""

from __future__ import annotations

import math
from datetime import date

from forecast.answer import (
    CaseSummary,
    ClassSummary,
    HorizonPoint,
    Interval,
    NewClassSummary,
    OutcomeForecast,
    ReferenceSummary,
    Timing,
    icd203_words,
)

AS_OF = date(2021, 9, 10)
HORIZON = 60
TERM_ENDS = date(2025, 11, 10)

# id, entered, exited, how it ended, weight, rate ratio, note

CASES: dict[str, list[tuple[str, date, date, str | None, float, float, str]]] = {
    "breakaway": [
        ("D10", date(1994, 6, 24), date(2008, 10, 15), "conversion", 0.5, 0.93, "Peacekeepers in a breakaway entity"),
        ("D11", date(1992, 7, 14), date(2008, 10, 15), "conversion", 0.5, 0.92, "Peacekeepers in a breakaway entity"),
        ("D14", date(2008, 8, 12), date(2008, 10, 9), "withdrawal", 0.21, 1.12, "Posts of a belligerent"),
        ("D17", date(1992, 7, 29), AS_OF, None, 1.0, 0.78, "Peacekeepers under a ceasefire; still there"),
        ("D31", date(2014, 8, 24), AS_OF, None, 0.21, 0.97, "Denied forces without any agreement"),
    ],
    "missions": [
        (
            "D19",
            date(1993, 3, 3),
            date(2000, 9, 16),
            "conversion",
            0.8,
            0.9,
            "Russian-led peacekeepers after a civil war",
        ),
        ("D44", date(1996, 1, 13), date(2003, 6, 14), "withdrawal", 0.5, 1.05, "Contingent under a NATO-led mandate"),
        ("D45", date(1999, 6, 12), date(2003, 7, 2), "withdrawal", 0.5, 1.13, "Contingent under a NATO-led mandate"),
        ("D46", date(1992, 4, 1), date(1998, 1, 15), "withdrawal", 0.35, 1.06, "Formed battalion under a UN mandate"),
        ("D49", date(2006, 4, 20), date(2012, 4, 30), "withdrawal", 0.18, 1.02, "Aviation unit of about 100"),
    ],
}
CLASS_TITLES = {
    "breakaway": "Russian forces between a state and an entity that has broken away from it",
    "missions": "Russian contingents of peace operations elsewhere, mandated by the UN, with NATO or by the CIS",
    "settlement_efforts": "22 efforts at a settlement of the Nagorno-Karabakh conflict before November 2020",
}


def month_end(period: int) -> date:
    """The end of a future month."""
    years, month = divmod(AS_OF.month - 1 + period, 12)
    return date(AS_OF.year + years, month + 1, AS_OF.day)


def curve(rate: float, spread: float) -> tuple[HorizonPoint, ...]:
    """A constant hazard with a band."""
    return tuple(
        HorizonPoint(
            period=period,
            date=month_end(period),
            probability=1 - math.exp(-rate * period),
            low=1 - math.exp(-rate * period / spread),
            high=1 - math.exp(-rate * period * spread),
        )
        for period in range(1, HORIZON + 1)
    )


def event_outcome(name: str, title: str, rate: float, probability: float) -> OutcomeForecast:
    return OutcomeForecast(
        id=name,
        title=title,
        kind="event",
        probability=probability,
        mcse=0.0043,
        interval=Interval(low=probability / 3, high=min(probability * 2.1, 0.95)),
        words=icd203_words(probability),
        by=TERM_ENDS,
        horizon=curve(rate, 2.6),
        timing=Timing(median_period=None, median_period_given_event=27.4),
        reference=ReferenceSummary(
            classes=tuple(event_class(group, name, rate) for group in CASES),
            new_class=NewClassSummary(
                weight=0.35,
                membership=0.41,
                measure="rate_per_period",
                rate_or_probability=rate * 1.4,
                interval=Interval(low=rate / 4, high=rate * 5),
            ),
        ),
    )


def event_class(group: str, outcome: str, rate: float) -> ClassSummary:
    members = tuple(
        CaseSummary(
            id=name,
            weight=weight,
            exposure=(exited - entered).days / 30.44,
            events=float(event == outcome),
            entered=entered,
            exited=exited,
            event=event,
            estimate=ratio,
            interval=Interval(low=ratio / 1.9, high=ratio * 1.7),
            source="https://example.org/deployments" if name == "D17" else None,
            note=note,
        )
        for name, entered, exited, event, weight, ratio, note in CASES[group]
    )
    return ClassSummary(
        id=group,
        title=CLASS_TITLES[group],
        weight={"breakaway": 0.45, "missions": 0.2}[group],
        membership={"breakaway": 0.42, "missions": 0.17}[group],
        cases=len(members),
        effective_cases=sum(member.weight for member in members),
        events=sum(member.events or 0.0 for member in members),
        exposure=sum(member.exposure or 0.0 for member in members),
        trials=None,
        measure="rate_per_period",
        rate_or_probability=rate,
        interval=Interval(low=rate / 2.5, high=rate * 2.2),
        members=members,
    )


def binary_outcome() -> OutcomeForecast:
    probability, months_to_term = 0.0712, 50
    members = tuple(
        CaseSummary(
            id=f"M{number:02d}",
            weight=0.318,
            successes=0.0,
            trials=1.0,
            estimate=0.05,
            interval=Interval(low=0.008, high=0.14),
        )
        for number in range(1, 23)
    )
    return OutcomeForecast(
        id="comprehensive_agreement",
        title="A comprehensive agreement on Nagorno-Karabakh is signed",
        kind="binary",
        probability=probability,
        mcse=0.0021,
        interval=Interval(low=0.011, high=0.19),
        words=icd203_words(probability),
        by=TERM_ENDS,
        horizon=tuple(
            HorizonPoint(period=period, date=month_end(period), probability=probability, low=0.011, high=0.19)
            if period >= months_to_term
            else HorizonPoint(period=period, date=month_end(period), probability=0.0, low=0.0, high=0.0)
            for period in range(1, HORIZON + 1)
        ),
        timing=None,
        reference=ReferenceSummary(
            classes=(
                ClassSummary(
                    id="settlement_efforts",
                    title=CLASS_TITLES["settlement_efforts"],
                    weight=0.5,
                    membership=None,
                    cases=len(members),
                    effective_cases=7.0,
                    events=0.0,
                    exposure=None,
                    trials=22.0,
                    measure="probability",
                    rate_or_probability=0.048,
                    interval=Interval(low=0.008, high=0.12),
                    members=members,
                ),
            ),
            new_class=NewClassSummary(
                weight=0.5,
                membership=None,
                measure="probability",
                rate_or_probability=0.11,
                interval=Interval(low=0.01, high=0.34),
            ),
        ),
    )


def threshold_outcome() -> OutcomeForecast:
    """An outcome that its indicator decides: it has no historical cases."""
    probability = 0.224
    return OutcomeForecast(
        id="escalation",
        title="At least 40 incidents in a month (ILLUSTRATIVE)",
        kind="threshold",
        probability=probability,
        mcse=0.0039,
        interval=Interval(low=0.07, high=0.46),
        words=icd203_words(probability),
        by=TERM_ENDS,
        horizon=curve(0.005, 2.2),
        timing=Timing(median_period=None, median_period_given_event=22.0),
        reference=None,
    )
