"""Outcomes of which one must occur: what they may stand beside, and which are asked about."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import study_from_document
from forecast.study.checks.questions import questions
from tests.documents import Document, binary_outcome, document, event_outcome, make_study


def member(id: str, **changes: Any) -> Document:
    return event_outcome(id=id, competes="government", **changes)


def trio(**changes: Any) -> list[Document]:
    """The first one says that one of the three must occur."""
    return [member("left", exhaustive=True, **changes), member("centre", **changes), member("right", **changes)]


def errors_of(*outcomes: Document, **blocks: Any) -> list[tuple[str, str]]:
    with pytest.raises(StudyError) as caught:
        study_from_document(document(*outcomes, **blocks))
    return [(error.path, error.message) for error in caught.value.errors]


def test_it_is_said_of_one_and_holds_for_all_until_the_last_of_their_dates() -> None:
    study = make_study(*trio())
    assert {study.sure_until(outcome) for outcome in study.outcomes} == {date(2025, 1, 1)}
    outcomes = trio()
    for outcome, day in zip(outcomes, ("2022-01-01", "2023-01-01", "2022-06-01"), strict=True):
        outcome["resolution"] = {"criteria": "c", "by": day}
    study = make_study(*outcomes, event_outcome())
    assert [study.sure_until(outcome) for outcome in study.outcomes] == [date(2023, 1, 1)] * 3 + [None]


LINK = {"log_ratio": "normal(0, 1)"}
NO = [{"outcome": id, "resolution": "no", "on": "2019-12-01"} for id in ("left", "centre", "right")]
STATED = {"probability": {"low": 0.1, "median": 0.3, "high": 0.6}}


@pytest.mark.parametrize(
    ("outcomes", "blocks", "path", "words"),
    [
        ([binary_outcome(exhaustive=True)], {}, "outcomes[0].exhaustive", "binary"),
        ([event_outcome(exhaustive=True)], {}, "outcomes[0].exhaustive", "without `competes`"),
        ([member("left", exhaustive=True)], {}, "outcomes[0].exhaustive", "no other outcome"),
        (
            [*trio()[:2], member("right", at_risk_since="2020-06-01")],
            {},
            "outcomes[0].exhaustive",
            "'right' begins on 2020-06-01, after",
        ),
        (trio(), {"resolutions": {"rows": NO}}, "outcomes[0].exhaustive", "have all resolved no"),
        (
            [*trio(), event_outcome()],
            {"links": [{"cause": "exit", "effect_on": "right", **LINK}]},
            "links[0].effect_on",
            "expected no link onto",
        ),
        (
            trio(),
            {"factors": [{"id": "mood", "effects": {"centre": "normal(0, 1)"}}]},
            "factors[0].effects.centre",
            "no effect of a factor",
        ),
        (
            [*trio(), event_outcome(prior={**STATED, "on": "2019-06-01"})],
            {"links": [{"cause": "left", "effect_on": "exit", **LINK}]},
            "links[0]",
            "stated on 2019-06-01",
        ),
        (
            [
                member("left", exhaustive=True, at_risk_since="2019-01-01", reference={"past": 0.5}),
                member("right", reference={"past": 0.4}),
            ],
            {
                "reference_classes": [
                    {"id": "past", "outcome": ["left", "right"], "rows": [{"duration": 4, "event": "left"}]}
                ]
            },
            "outcomes[0].exhaustive",
            "the same classes",
        ),
    ],
)
def test_what_cannot_be_conditioned_is_refused(
    outcomes: list[Document], blocks: dict[str, Any], path: str, words: str
) -> None:
    (found,) = [message for where, message in errors_of(*outcomes, **blocks) if where == path]
    assert words in found


def judged(*rows: tuple[str, float, float, float], **changes: Any) -> dict[str, Any]:
    return {
        "judgments": {
            "rows": [
                {"expert": expert, "outcome": outcome, "probability": probability, "on": "2019-12-20", **changes}
                for expert, *said in rows
                for outcome, probability in zip(("left", "centre", "right"), said, strict=True)
            ]
        }
    }


def asked(*outcomes: Document, **blocks: Any) -> list[str]:
    return [text for name, text in questions(make_study(*outcomes, **blocks)) if name == "adds_up_to_one"]


def test_statements_that_add_up_to_one_are_asked_about() -> None:
    three = [member(id) for id in ("left", "centre", "right")]
    (found,) = asked(*three, **judged(("ann", 0.35, 0.4, 0.25), ("bo", 0.3, 0.5, 0.19), ("cy", 0.3, 0.3, 0.2)))
    assert found.startswith("must one of left, centre, right occur? What ann and 1 others stated")
    assert "exhaustive: true" in found
    assert asked(*three, **judged(("cy", 0.3, 0.3, 0.2))) == []
    assert asked(*trio(), **judged(("ann", 0.35, 0.4, 0.25))) == []
    assert asked(*three, **judged(("ann", 0.35, 0.4, 0.25)), resolutions={"rows": NO[:1]}) == []


def test_priors_that_add_up_to_one_are_asked_about() -> None:
    def stated(median: float, **changes: Any) -> dict[str, Any]:
        return {"prior": {"probability": {"low": median / 2, "median": median, "high": median * 1.3}, **changes}}

    pair = [member("left", **stated(0.6)), member("right", **stated(0.4))]
    assert "their priors" in asked(*pair)[0]
    assert asked(pair[0], member("right", **stated(0.3))) == []
    assert asked(pair[0], member("right", **stated(0.4, by=12))) == []


def test_a_probability_alone_as_a_prior_is_told_how_to_say_how_sure_it_is() -> None:
    (found,) = errors_of(*trio()[:2], member("right", prior={"probability": 0.24}))
    assert found[0] == "outcomes[2].prior.probability"
    assert "write {low: ..., median: 0.24, high: ...}" in found[1]
