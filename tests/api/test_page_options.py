"""One bar of all options on the page and in the terminal, and how the what-if panel names them."""

from __future__ import annotations

import io
import re

from fastapi.testclient import TestClient
from rich.console import Console

from api.pages.forecast.view import build_forecast
from api.pages.shared.page import render_html
from api.pages.shared.questions import build_questions
from forecast.answer import OutcomeForecast, StoredForecast, outcome_groups
from forecast.cli.tables.answer import print_answer
from tests.api.html import get
from tests.api.sample_answer import sample_forecast
from tests.api.sample_outcomes import binary_outcome, event_outcome
from tests.categories import categorical_outcome
from tests.coin import coin_document

SHARES = {"left": 0.15, "centre": 0.6, "right": 0.25}


def option(name: str, probability: float) -> OutcomeForecast:
    changes = {
        "id": f"winner.{name}",
        "part_of": "winner",
        "title": f"Who wins?: The {name}",
        "option": f"The {name}",
        "kind": "categorical",
        "probability": probability,
    }
    return binary_outcome().model_copy(update=changes)


def forecast() -> StoredForecast:
    options = tuple(option(name, probability) for name, probability in SHARES.items())
    event = event_outcome("withdrawal", "It leaves", 0.007, 0.31)
    return sample_forecast(outcomes=(event, *options), pairs=())


def test_options_stand_together_the_likeliest_first() -> None:
    first, winner = outcome_groups(forecast().outcomes)
    assert (first.id, winner.id, winner.title) == (None, "winner", "Who wins?")
    assert [outcome.id for outcome in winner.outcomes] == ["winner.centre", "winner.right", "winner.left"]


def test_the_page_draws_one_bar_of_all_options() -> None:
    page = render_html(build_forecast(forecast()))
    (bar,) = re.findall(r'<svg class="bar shares".*?</svg>', page, re.DOTALL)
    assert 'aria-label="The centre 60%, The right 25%, The left 15%"' in bar
    widths = [float(width) for width in re.findall(r'<rect[^>]* width="([0-9.]+)%"', bar)]
    assert widths == [60.0, 25.0, 15.0]
    assert 'data-outcome="winner.left" data-expression="option(winner, left)"' in page


def test_a_question_names_its_options_with_what_was_stated_of_them() -> None:
    outcome = categorical_outcome(
        {"id": "left", "title": "The left", "probability": 0.6}, {"id": "right", "probability": 0.4}
    )
    (question,) = build_questions({"outcomes": [outcome]})
    assert (question.kind, question.prior) == ("exactly one of its options", "The left 60\xa0%, right 40\xa0%")
    (question,) = build_questions({"outcomes": [categorical_outcome("left", "right")]})
    assert question.prior == "left, right: all alike"


def test_the_terminal_has_one_bar_too() -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    print_answer(console, forecast())
    text = console.export_text()
    assert "█" * 12 + "▓" * 5 + "▒" * 3 in text
    assert "Who wins?" in text


def test_the_page_of_a_study_asks_for_options_and_follows_each(client: TestClient) -> None:
    by = {"criteria": "As declared.", "by": "2021-12-01"}
    stated = [{"id": "left", "probability": 0.6}, {"id": "right", "probability": 0.4}]
    document = coin_document(outcomes=[categorical_outcome(*stated, resolution=by)])
    assert client.put("/v1/studies/coin", json=document).status_code in (200, 201)
    html = get(client, "/studies/coin")
    assert "<option>left</option><option>right</option><option>ambiguous</option>" in html
    assert "<option>yes</option>" not in html
    assert 'data-at="/v1/studies/coin/judgments"' not in html, "all options are stated at once, as a table"
    assert 'value="outcome winner.left"' in html
    rule = {"study": "coin", "title": "Left", "kind": "threshold", "threshold": 0.5}
    assert client.post("/v1/subscriptions", json={**rule, "outcome": "winner.left"}).status_code == 201
    assert client.post("/v1/subscriptions", json={**rule, "outcome": "winner"}).status_code == 422
