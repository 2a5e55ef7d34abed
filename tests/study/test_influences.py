"""Factors and links: what they may move, and what they may not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import study_from_document, with_as_of

EFFECT = "normal(0.3, 0.3)"


def binary(name: str, by: str = "2022-09-10") -> dict[str, Any]:
    return {
        "id": name, "title": name, "kind": "binary", "resolution": {"criteria": "c", "by": by},
        "prior": {"distribution": "normal(0, 1)"},
    }  # fmt: skip


def links(*pairs: str) -> list[dict[str, Any]]:
    """Links written as ``a>b``."""
    return [{"cause": p.split(">")[0], "effect_on": p.split(">")[1], "log_ratio": EFFECT} for p in pairs]


def errors_of(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(StudyError) as caught:
        study_from_document(document)
    return [(error.path, error.message) for error in caught.value.errors]


@pytest.fixture
def watched(document: dict[str, Any]) -> dict[str, Any]:
    """The prior-only study with an indicator and a threshold outcome, `deadly`, on it."""
    document["indicators"] = [{"id": "incidents", "rows": [{"period": "2021-03", "value": 3}]}]
    document["outcomes"].append(
        {
            "id": "deadly",
            "title": "A deadly month",
            "kind": "threshold",
            "indicator": "incidents",
            "at_least": 20,
            "resolution": {"criteria": "Twenty in a month."},
        }
    )
    return document


def test_a_threshold_may_move_others_but_is_moved_by_none(watched: dict[str, Any]) -> None:
    watched["links"] = links("deadly>withdrawal")
    watched["factors"] = [{"id": "friction", "effects": {"withdrawal": EFFECT, "agreement": EFFECT}}]
    assert study_from_document(watched).links[0].cause == "deadly"
    watched["links"] = links("withdrawal>deadly")
    watched["factors"][0]["effects"]["deadly"] = EFFECT
    found = errors_of(watched)
    assert [path for path, _ in found] == ["factors[0].effects.deadly", "links[0].effect_on"]
    assert all("the probability of a threshold comes from its indicator" in message for _, message in found)


def test_outcomes_that_exclude_one_another_cannot_be_linked(document: dict[str, Any]) -> None:
    for name in ("conversion", "handover"):
        document["outcomes"].append({**document["outcomes"][0], "id": name})
    for outcome in document["outcomes"][::2]:
        outcome["competes"] = "end"  # withdrawal and conversion, not handover
    document["links"] = links("withdrawal>handover", "handover>conversion", "conversion>withdrawal")
    ((path, message),) = errors_of(document)
    assert path == "links[2]"
    assert "'conversion' and 'withdrawal' compete for 'end', so only one of them can happen" in message


def test_a_circle_of_binary_outcomes_of_one_day_is_an_error(document: dict[str, Any]) -> None:
    document["outcomes"] += [binary("b"), binary("c"), binary("d")]
    document["links"] = links("agreement>b", "b>c", "b>d", "c>agreement", "d>withdrawal")
    ((path, message),) = errors_of(document)
    assert path == "links[3]"
    assert message.startswith(
        "c -> agreement -> b -> c is a circle of links among binary and categorical outcomes that all resolve on 2022"
    )


def test_each_circle_is_reported_once(document: dict[str, Any]) -> None:
    document["outcomes"] += [binary("b"), binary("c")]
    document["links"] = links("agreement>b", "b>agreement", "b>c", "c>b")
    assert [path for path, _ in errors_of(document)] == ["links[1]", "links[3]"]


@pytest.mark.parametrize(
    "pairs",
    [
        ["agreement>b", "b>c", "agreement>c"],  # two ways, no circle
        ["agreement>later", "later>agreement"],  # the dates say which comes first
        ["agreement>withdrawal", "withdrawal>agreement"],  # an event has its own time
    ],
)
def test_links_that_time_can_order_are_read(document: dict[str, Any], pairs: list[str]) -> None:
    document["outcomes"] += [binary("b"), binary("c"), binary("later", by="2022-09-11")]
    document["links"] = links(*pairs)
    assert len(study_from_document(document).links) == len(pairs)


def test_a_threshold_outcome_needs_no_prior_and_no_factor(watched: dict[str, Any]) -> None:
    outcome = study_from_document(watched).outcome("deadly")
    assert (outcome.prior, outcome.indicator, outcome.at_least) == (None, ("incidents",), 20)


def test_a_prior_of_a_threshold_is_allowed_and_not_fitted(watched: dict[str, Any]) -> None:
    lopsided = {"probability": {"low": 0.01, "median": 0.02, "high": 0.98}, "about": "typical"}
    watched["outcomes"][2]["prior"] = lopsided
    study_from_document(watched)
    watched["outcomes"][0]["prior"] = lopsided
    assert [path for path, _ in errors_of(watched)] == ["outcomes[0].prior.probability"]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"reference": {"past": 0.5}}, "reference", "reference on a threshold outcome; expected none"),
        ({"covariates": {"size": 1}}, "covariates", "covariates on a threshold outcome; expected none"),
        ({"at_least": 1_000_001}, "at_least", "expected at most 1e+06"),
        ({"at_least": 1e300}, "at_least", "expected at most 1e+09"),
        ({"at_least": 0}, "at_least", "expected more than 0"),
        ({"indicator": "incident"}, "indicator", "did you mean 'incidents'"),
    ],
)
def test_what_a_threshold_cannot_have_is_one_error(
    watched: dict[str, Any], change: dict[str, Any], path: str, words: str
) -> None:
    watched["outcomes"][2].update(change)
    ((where, message),) = errors_of(watched)
    assert where == f"outcomes[2].{path}"
    assert words in message


def test_a_threshold_without_indicator_and_value_is_an_error(watched: dict[str, Any]) -> None:
    del watched["outcomes"][2]["indicator"], watched["outcomes"][2]["at_least"]
    assert [path for path, _ in errors_of(watched)] == ["outcomes[2].indicator", "outcomes[2].at_least"]


def test_a_judgment_of_a_threshold_is_an_error_and_one_given_it_is_not(watched: dict[str, Any]) -> None:
    row = {"expert": "x", "outcome": "agreement", "given": "deadly", "probability": 0.2, "on": "2021-05-01"}
    watched["judgments"] = {"rows": [row]}
    study_from_document(watched)
    watched["judgments"] = {"rows": [{**row, "outcome": "deadly", "given": None}]}
    ((path, message),) = errors_of(watched)
    assert path == "judgments.rows[0].outcome"
    assert "expected an event or binary one: its probability comes from its indicator" in message


def test_a_link_may_fade_and_wait_but_not_beyond_the_horizon(document: dict[str, Any]) -> None:
    (link,) = links("agreement>withdrawal")
    document["links"] = [{**link, "half_life": 6, "delay": 2.5}]
    course = study_from_document(document).links[0].course
    assert (course.half_life, course.delay) == (6.0, 2.5)
    document["links"] = [{**link, "half_life": 0.1, "delay": -1}]
    assert errors_of(document) == [
        ("links[0].delay", "-1 given; expected at least 0; correct the number"),
        ("links[0].half_life", "0.1 given; expected at least 0.5; correct the number"),
    ]
    document["links"] = [{**link, "delay": document["horizon"]}]
    ((path, message),) = errors_of(document)
    assert path == "links[0].delay"
    assert "while 'agreement' has not occurred, so that the link could not act" in message
    for word in ("yes", "TRUE", 1):
        document["resolutions"] = {"rows": [{"outcome": "agreement", "resolution": word, "on": "2021-08-01"}]}
        # As a replay of the study asks for it.
        with_as_of(study_from_document(document), date(2021, 7, 1))
