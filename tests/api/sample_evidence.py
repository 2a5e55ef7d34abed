"""Indicators, factors, experts and links for the sample answer; made without sampling."""

from __future__ import annotations

import math
from datetime import date

from forecast.answer import (
    CountAhead,
    CountFit,
    CountPoint,
    ExpertSummary,
    FactorEffect,
    FactorSummary,
    IndicatorSummary,
    Interval,
    LinkSummary,
    NextCount,
    OutcomeForecast,
    PairProbability,
    QuestionSummary,
    ResidualCorrelation,
    ScenarioForecast,
    Spread,
    StatedChange,
    StatePoint,
    icd203_words,
)

INCIDENTS = "Shots and shelling along the line of contact (ILLUSTRATIVE)"
TENSION = "Tension between Baku and Yerevan"
COUNTS = [None, 14, 9, 3, 0, None, None, 6, 11, 12, 8, 4, 0, 2, 5, 7]
"""From May 2020 to August 2021; three months were not observed, two were quiet."""
HALF_OBSERVED = 13
"""Place of the month that was observed for half of its length."""


def months(count: int) -> list[date]:
    """First days of so many months, August 2021 last."""
    last = 2021 * 12 + 7
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]


def spread(mean: float, sd: float) -> Spread:
    return Spread(mean=mean, sd=sd, interval=Interval(low=mean - 1.645 * sd, high=mean + 1.645 * sd))


def pairs(outcomes: tuple[OutcomeForecast, ...]) -> tuple[PairProbability, ...]:
    """Every ordered pair; where `conversion` is given, too few draws are left."""
    return tuple(
        PairProbability(
            outcome=outcome.id,
            given=given.id,
            joint=outcome.probability * given.probability * 1.2,
            joint_mcse=0.0011,
            conditional=None if given.id == "conversion" else min(outcome.probability * 1.2, 1.0),
            conditional_mcse=None if given.id == "conversion" else 0.006,
            effective_draws=143.0 if given.id == "conversion" else 2210.0,
        )
        for outcome in outcomes
        for given in outcomes
        if outcome.id != given.id
    )


def remainder() -> ScenarioForecast:
    probability = 0.0412
    return ScenarioForecast(
        id="remainder",
        title="None of the scenarios",
        when="not (conversion or not by(withdrawal, 2025-11-10) or by(withdrawal, 2025-05-10))",
        probability=probability,
        mcse=0.0018,
        effective_draws=12_000.0,
        interval=Interval(low=0.011, high=0.088),
        words=icd203_words(probability),
    )


def states() -> tuple[StatePoint, ...]:
    days = months(len(COUNTS))
    means = [0.4 + 1.3 * math.sin(place / 2.4) for place in range(len(days))]
    return tuple(
        StatePoint(period=day, mean=mean, low=mean - 0.8, high=mean + 0.8)
        for day, mean in zip(days, means, strict=True)
    )


def factors() -> tuple[FactorSummary, ...]:
    return (
        FactorSummary(
            id="tension",
            title=TENSION,
            indicators=("incidents",),
            persistence=Spread(mean=0.84, sd=0.08, interval=Interval(low=0.68, high=0.95)),
            states=states(),
            effects=(
                FactorEffect(outcome="withdrawal", prior_mean=0.2, prior_sd=0.3, posterior=spread(0.21, 0.29)),
                FactorEffect(
                    outcome="comprehensive_agreement", prior_mean=-0.4, prior_sd=0.3, posterior=spread(-0.43, 0.28)
                ),
            ),
        ),
    )


def indicators() -> tuple[IndicatorSummary, ...]:
    expected = [6.0 * math.exp(0.5 * state.mean) for state in states()]
    periods = tuple(
        CountPoint(
            period=day,
            value=value,
            exposure=None if value is None else 0.5 if place == HALF_OBSERVED else 1.0,
            mean=mean,
            low=mean * 0.55,
            high=mean * 1.7,
        )
        for place, (day, value, mean) in enumerate(zip(months(len(COUNTS)), COUNTS, expected, strict=True))
    )
    return (
        IndicatorSummary(
            id="incidents",
            title=INCIDENTS,
            factor="tension",
            direction=1,
            observations=sum(value is not None for value in COUNTS),
            rate=Spread(mean=6.1, sd=2.4, interval=Interval(low=3.1, high=10.8)),
            loading=Spread(mean=0.52, sd=0.17, interval=Interval(low=0.26, high=0.83)),
            dispersion=Spread(mean=0.61, sd=0.16, interval=Interval(low=0.38, high=0.9)),
            periods=periods,
            next=NextCount(
                period=date(2021, 9, 1),
                mean=5.4,
                median=4.0,
                interval=Interval(low=0.0, high=14.0),
                zero_probability=0.083,
            ),
            ahead=tuple(
                CountAhead(
                    period=day,
                    median=4.0 + place,
                    half=Interval(level=0.5, low=2.0, high=7.0 + place),
                    interval=Interval(low=0.0, high=14.0 + 2 * place),
                )
                for place, day in enumerate((date(2021, 9, 1), date(2021, 10, 1), date(2021, 11, 1)))
            ),
            season=spread(0.31, 0.11),
            spikes=spread(0.021, 0.012),
            idle=spread(0.012, 0.009),
            fit=(
                CountFit(statistic="zeros", observed=1.0, low=0.0, high=4.0, probability=0.71),
                CountFit(statistic="maximum", observed=17.0, low=12.0, high=31.0, probability=0.44),
            ),
        ),
        IndicatorSummary(
            id="meetings",
            title="Meetings of the three leaders",
            factor=None,
            direction=-1,
            observations=0,
            rate=spread(0.4, 0.1),
            loading=None,
            dispersion=spread(0.5, 0.1),
            periods=(),
            next=NextCount(
                period=date(2021, 9, 1),
                mean=0.41,
                median=0.0,
                interval=Interval(low=0.0, high=2.0),
                zero_probability=0.68,
            ),
        ),
    )


def experts() -> tuple[ExpertSummary, ...]:
    return (
        ExpertSummary(
            id="analyst-a",
            kind="person",
            judgments=3,
            track_records=24,
            bias=spread(0.31, 0.2),
            slope=Spread(mean=1.22, sd=0.18, interval=Interval(low=0.95, high=1.54)),
            noise=Spread(mean=0.44, sd=0.12, interval=Interval(low=0.27, high=0.66)),
            weight=0.58,
            effective_number=0.83,
        ),
        ExpertSummary(
            id="market",
            kind="market",
            judgments=1,
            track_records=0,
            bias=spread(-0.04, 0.3),
            slope=spread(1.0, 0.2),
            noise=Spread(mean=0.8, sd=0.3, interval=Interval(low=0.41, high=1.4)),
            weight=0.42,
            effective_number=0.61,
        ),
    )


def questions() -> tuple[QuestionSummary, ...]:
    return (
        QuestionSummary(
            outcome="withdrawal",
            by=date(2025, 11, 10),
            given=None,
            experts=2,
            effective_number=1.4,
            stated=0.22,
            probability=0.31,
            interval=Interval(low=0.12, high=0.56),
        ),
        QuestionSummary(
            outcome="comprehensive_agreement",
            by=date(2025, 11, 10),
            given="withdrawal",
            experts=1,
            effective_number=1.0,
            stated=0.3,
            probability=0.11,
            interval=Interval(low=0.02, high=0.27),
        ),
    )


def links() -> tuple[LinkSummary, ...]:
    return (
        LinkSummary(
            cause="withdrawal",
            effect_on="comprehensive_agreement",
            prior_mean=0.5,
            prior_sd=0.4,
            posterior=spread(0.46, 0.39),
        ),
    )


def changes() -> tuple[StatedChange, ...]:
    return (
        StatedChange(outcome="withdrawal", since=date(2025, 5, 10), to=date(2025, 11, 11), log_ratio=0.7),
        StatedChange(outcome="comprehensive_agreement", since=date(2022, 6, 1), log_ratio=-0.4),
    )


def correlations() -> tuple[ResidualCorrelation, ...]:
    return (
        ResidualCorrelation(
            first="withdrawal",
            second="conversion",
            correlation=spread(-0.18, 0.3),
            prior_sd=0.45,
            shared_cases=40,
            yes_no_cases=0,
        ),
        ResidualCorrelation(
            first="withdrawal",
            second="comprehensive_agreement",
            correlation=spread(0.02, 0.44),
            prior_sd=0.45,
            shared_cases=12,
            yes_no_cases=12,
        ),
    )
