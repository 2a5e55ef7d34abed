"""The table in the terminal."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from forecast.answer import (
    ExpertSummary,
    IndicatorSummary,
    Interval,
    NextCount,
    PairProbability,
    ScenarioForecast,
    Spread,
    StoredForecast,
    Verdict,
)
from forecast.cli.live import LiveProgress
from forecast.cli.tables import print_answer
from forecast.cli.tables.text import percent
from forecast.jobs.states import JobKind
from forecast.wording.stages import stage_of
from tests.coin import NOW, coin_answer, coin_study
from tests.explanations import explanation_of

INTERVAL = Interval(low=0.2, high=0.8)
INTERVAL_OF_COUNTS = Interval(low=1, high=9)
SPREAD = Spread(mean=1.0, sd=0.5, interval=INTERVAL)


def printed(verdict: Verdict, reasons: tuple[str, ...]) -> str:
    return text_of(verdict=verdict, verdict_reasons=reasons)


def text_of(**changes: Any) -> str:
    """The coin's answer as printed, with some fields changed."""
    stream = io.StringIO()
    answer = coin_answer(coin_study()).model_copy(update=changes)
    print_answer(Console(file=stream, width=110), answer, page_url="http://127.0.0.1:8000/forecasts/1")
    return stream.getvalue()


def scenario(name: str, probability: float) -> ScenarioForecast:
    return ScenarioForecast(
        id=name,
        title=f"Title of {name}",
        when="heads",
        probability=probability,
        mcse=0.001,
        effective_draws=1000.0,
        interval=INTERVAL,
        words="unlikely",
    )


def test_what_no_scenario_covers_stands_below_the_scenarios() -> None:
    text = text_of(scenarios=(scenario("first", 0.25),), remainder=scenario("none", 0.125))
    assert text.index("25.0 %") < text.index("12.5 %") < text.index("Title of none")


def outcomes(count: int) -> dict[str, Any]:
    """Outcomes and all their pairs; the probability of each identifies it."""
    (coin,) = coin_answer(coin_study()).outcomes
    made = [coin.model_copy(update={"id": f"o{i}", "probability": (i + 1) / 100}) for i in range(count)]
    pairs = [
        PairProbability(
            outcome=row.id,
            given=column.id,
            joint=row.probability * column.probability,
            joint_mcse=0.001,
            conditional=None if column.id == "o0" else (10 * i + j) / 1000,
            conditional_mcse=None if column.id == "o0" else 0.001,
            effective_draws=100.0,
        )
        for i, row in enumerate(made)
        for j, column in enumerate(made)
        if i != j
    ]
    return {"outcomes": tuple(made), "pairs": tuple(pairs)}


def test_pairs_of_outcomes_are_a_matrix() -> None:
    text = text_of(**outcomes(3))
    matrix = text[text.index("Each outcome if the one of the column") :]
    rows = [line for line in matrix.splitlines() if line.startswith("│ ") and " o" in line[:6]]
    cells = [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]
    assert cells == [
        ["1 o0", "1 %", "0.1 %", "0.2 %"],
        ["2 o1", "-", "2 %", "1.2 %"],
        ["3 o2", "-", "2.1 %", "3 %"],
    ]


@pytest.mark.parametrize(("count", "is_shown"), [(1, False), (2, True), (12, True), (13, False)])
def test_the_matrix_is_shown_as_long_as_it_fits(count: int, is_shown: bool) -> None:
    text = text_of(**outcomes(count))
    assert ("Each outcome if the one of the column" in text) == is_shown
    assert max(map(len, text.splitlines())) <= 110


def test_indicators_say_what_to_expect_next() -> None:
    ahead = NextCount(
        period=date(2021, 1, 1), mean=4.25, median=4.0, interval=INTERVAL_OF_COUNTS, zero_probability=0.03
    )
    indicator = IndicatorSummary(
        id="incidents",
        title="Ceasefire incidents",
        factor=None,
        direction=1,
        observations=17,
        rate=SPREAD,
        loading=None,
        dispersion=SPREAD,
        periods=(),
        next=ahead,
    )
    text = text_of(indicators=(indicator,))
    for expected in ("incidents", "17", "2021-01-01", "4 ", "1 to 9", "3 %"):
        assert expected in text


def test_experts_have_their_weight_and_their_worth_together() -> None:
    experts = tuple(
        ExpertSummary(
            id=name,
            kind="person",
            judgments=3,
            track_records=8,
            bias=SPREAD,
            slope=SPREAD,
            noise=SPREAD,
            weight=weight,
            effective_number=number,
        )
        for name, weight, number in (("ann", 0.75, 1.5), ("bob", 0.25, 0.4))
    )
    text = text_of(experts=experts)
    for expected in ("ann (person)", "75 %", "1.50", "+1.00", "Together as much as 1.9 ordinary experts"):
        assert expected in text


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (JobKind.ATTRIBUTION, ("Prior", "+ judgments", "30 %", "50 %", "+0.85")),
        (JobKind.INFLUENCE, ("tosses/case-3 (case)", "45 %", "-0.20", "0.31")),
        (JobKind.SENSITIVITY, ("0.080 *", "friction -> heads", "40 %", "45-56 %")),
    ],
)
def test_a_forecast_that_was_explained_says_why(kind: JobKind, says: tuple[str, ...]) -> None:
    stream = io.StringIO()
    values = {"forecast_id": "1", "made_at": NOW, "age_seconds": 0.0, kind.value: explanation_of(kind)}
    forecast = StoredForecast.model_validate({**coin_answer(coin_study()).model_dump(), **values})
    print_answer(Console(file=stream, width=110), forecast)
    for expected in says:
        assert expected in stream.getvalue()
    assert ("What each block of evidence adds" in stream.getvalue()) == (kind is JobKind.ATTRIBUTION)


def test_the_answer_has_its_error_its_words_and_its_page() -> None:
    text = printed(Verdict.PUBLISHED, ())
    for expected in ("50 %", "20-80 %", "0.0020", "roughly even chance", "2021-12-01", "Verdict: published"):
        assert expected in text
    assert "Page: http://127.0.0.1:8000/forecasts/1" in text


def test_a_refused_answer_says_so_and_why() -> None:
    text = printed(Verdict.REFUSED, ("R-hat of [theta] is 1.2",))
    assert "Verdict: refused (do not use it)" in text
    assert "R-hat of [theta] is 1.2" in text


@pytest.mark.parametrize(
    ("probability", "mcse", "text"),
    [
        (0.0, 0.0, "0 %"),
        (0.0, 0.0001, "<0.1 %"),
        (0.0, None, "<0.1 %"),
        (0.0004, 0.0002, "<0.1 %"),
        (0.4137, 0.006, "41 %"),
        (0.4137, 0.0006, "41.4 %"),
        (0.9996, 0.0002, ">99.9 %"),
        (1.0, 0.0002, ">99.9 %"),
        (1.0, 0.0, "100 %"),
    ],
)
def test_only_what_is_certain_reads_so(probability: float, mcse: float | None, text: str) -> None:
    assert percent(probability, mcse) == text


def test_progress_in_a_log_is_one_line_for_each_stage() -> None:
    stream = io.StringIO()
    with LiveProgress(Console(file=stream, width=110)) as live:
        live.show("queued")
        for done in range(0, 1000, 10):
            live.show("sample", done, 1000, 2, {"heads": 0.4})
        live.show("store", 1000, 1000)
    lines = stream.getvalue().splitlines()
    assert [line.strip().split(":")[0] for line in lines] == [
        stage_of(key).explanation for key in ("queued", "sample", "store")
    ]
    assert "heads 40 %" in lines[1]
    assert "2 divergences" in lines[1]
