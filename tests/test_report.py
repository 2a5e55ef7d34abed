"""The table in the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from forecast.answer import Verdict
from forecast.live import LiveProgress
from forecast.report import percent, print_answer
from tests.coin import coin_answer, coin_study


def printed(verdict: Verdict, reasons: tuple[str, ...]) -> str:
    stream = io.StringIO()
    answer = coin_answer(coin_study()).model_copy(update={"verdict": verdict, "verdict_reasons": reasons})
    print_answer(Console(file=stream, width=110), answer, page_url="http://127.0.0.1:8000/forecasts/1")
    return stream.getvalue()


def test_the_answer_has_its_error_its_words_and_its_page() -> None:
    text = printed(Verdict.PUBLISHED, ())
    for expected in ("50.0 %", "20.0 to 80.0 %", "0.0020", "roughly even chance", "2021-12-01", "Verdict: published"):
        assert expected in text
    assert "Page: http://127.0.0.1:8000/forecasts/1" in text


def test_a_refused_answer_says_so_and_why() -> None:
    text = printed(Verdict.REFUSED, ("R-hat of [theta] is 1.2",))
    assert "Verdict: refused (do not use it)" in text
    assert "R-hat of [theta] is 1.2" in text


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "0.0 %"), (0.0004, "< 0.1 %"), (0.5, "50.0 %"), (0.9996, "> 99.9 %"), (1.0, "100.0 %")],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, text: str) -> None:
    assert percent(probability) == text


def test_progress_in_a_log_is_one_line_for_each_stage() -> None:
    stream = io.StringIO()
    with LiveProgress(Console(file=stream, width=110)) as live:
        live.show("queued")
        for done in range(0, 1000, 10):
            live.show("sample", done, 1000, 2, {"heads": 0.4})
        live.show("store", 1000, 1000)
    lines = stream.getvalue().splitlines()
    assert [line.strip().split(":")[0] for line in lines] == ["waiting for a worker", "sampling", "storing the result"]
    assert "heads 40 %" in lines[1]
    assert "2 divergences" in lines[1]
