"""Questions and priors in words, in every form that a document may have them."""

from __future__ import annotations

from typing import Any

import pytest

from api.pages.shared.questions import build_questions

QUANTILES = {"median": 0.35, "low": 0.1, "high": 0.8, "level": 0.9}
ELICITED = "35\u00a0%, 10\u00a0% to 80\u00a0% with 90\u00a0% probability by 60\u00a0periods"


def asked(**changes: Any) -> dict[str, Any]:
    return {"outcomes": [{"id": "a", "title": "A", "kind": "event", **changes}]}


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        ({"distribution": "normal(-5, 1)"}, "normal(-5, 1) on its own scale"),
        ({"probability": QUANTILES, "by": 60}, ELICITED),
        ({"distribution": {"probability": QUANTILES, "by": 60}}, ELICITED),
        (
            {"probability": {"median": 0.015, "low": 0.001, "high": 0.2}},
            "1.5\u00a0%, 0.1\u00a0% to 20\u00a0% with 90\u00a0% probability",
        ),
        (None, "the default"),
    ],
)
def test_a_prior_is_said_in_words(prior: dict[str, Any] | None, words: str) -> None:
    (question,) = build_questions(asked(prior=prior))
    assert question.prior == words


def test_a_date_is_a_date_and_what_is_missing_is_empty() -> None:
    (question,) = build_questions(asked(resolution={"criteria": "c", "by": "2025-11-10"}))
    assert (question.by, question.criteria, question.source) == ("10 November 2025", "c", "")
    assert build_questions(asked())[0].by == ""
