"""What scenarios leave open: impossible ones, overlaps and gaps, over futures that know no probabilities."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forecast.futures.shape import scenario_questions
from forecast.study import load_study
from priors import bundled_studies, study_path
from tests.documents import binary_outcome, event_outcome, make_study


def asked(*whens: str, alone: tuple[int, ...] = (), **changes: Any) -> dict[str, str]:
    """What is asked of scenarios s0, s1, ... over two rivals a and b, an event c, and a binary outcome d of 2024."""
    scenarios = [
        {"id": f"s{place}", "title": "t", "when": when, **({"stands_alone": True} if place in alone else {})}
        for place, when in enumerate(whens)
    ]
    outcomes = [
        *(event_outcome(id=name, competes="one") for name in "ab"),
        event_outcome(id="c"),
        binary_outcome(id="d"),
    ]
    return dict(scenario_questions(make_study(*outcomes, scenarios=scenarios, **changes)))


@pytest.mark.parametrize(
    "when",
    [
        "a and b",
        "a and not a",
        "before(a, b) and before(b, a)",
        "by(c, 2021-01-01) and not by(c, 2022-01-01)",
    ],
)
def test_what_cannot_happen_is_named(when: str) -> None:
    found = asked(when)
    assert "can s0 happen? In none of 18,432 futures" in found["scenario_impossible"]


@pytest.mark.parametrize(
    "when", ["a and d and not c", "not by(c, 59)", "by(c, 1) and before(c, a)", "before(a, c) and d"]
)
def test_what_can_happen_is_not(when: str) -> None:
    assert asked(when) == {}


def test_what_must_happen_is_named() -> None:
    assert "can s0 fail?" in asked("a or not a")["scenario_certain"]
    assert "can s0 fail?" in asked("not (a and b)")["scenario_certain"]


def test_overlaps_are_named_with_an_example_unless_they_are_said() -> None:
    found = asked("a", "not a", "c")
    assert set(found) == {"scenarios_overlap"}
    assert re.search(r"s0 and s2 \((a|c) occurs after \S+ months, (a|c) occurs after", found["scenarios_overlap"])
    assert re.search(r"s1 and s2 \(c occurs after \S+ months, without a\)", found["scenarios_overlap"])
    assert "s0 and s1" not in found["scenarios_overlap"]
    assert asked("a", "not a", "c", alone=(2,)) == {}


def test_what_no_scenario_covers_is_named_with_an_example() -> None:
    found = asked("a", "b")
    assert set(found) == {"scenarios_leave_a_gap"}
    assert "No scenario is true where neither a nor b occurs" in found["scenarios_leave_a_gap"]
    assert asked("a", "b", "not a and not b") == {}
    assert asked("a", "b", alone=(0,)) == {}
    assert "c occurs after" in asked("not c", "by(c, 12)")["scenarios_leave_a_gap"]


def test_how_many_is_looked_for_in_the_right_direction() -> None:
    names = [f"x{place}" for place in range(20)]
    outcomes = [binary_outcome(id=name) for name in names]
    listed = ", ".join(names)
    for when in (f"at_least(20, {listed})", f"at_most(0, {listed})", f"exactly(10, {listed})"):
        study = make_study(*outcomes, scenarios=[{"id": "s", "title": "t", "when": when}])
        assert scenario_questions(study) == ()


def test_rare_combinations_are_found() -> None:
    """One pattern of sixteen outcomes: none in 65,536 drawn blindly would be no surprise."""
    names = [f"x{place}" for place in range(16)]
    when = " and ".join(name if place % 3 else f"not {name}" for place, name in enumerate(names))
    scenarios = [{"id": "rare", "title": "t", "when": when}, {"id": "rest", "title": "t", "when": f"not ({when})"}]
    study = make_study(*(binary_outcome(id=name) for name in names), scenarios=scenarios)
    assert scenario_questions(study) == ()


def test_what_is_known_counts() -> None:
    """After a has happened b cannot, and a is certain."""
    known = {"rows": [{"outcome": "a", "resolution": "yes", "on": "2019-12-01"}]}
    assert set(asked("b", resolutions=known)) == {"scenario_impossible"}
    assert set(asked("a", resolutions=known)) == {"scenario_certain"}


@pytest.mark.parametrize("name", bundled_studies())
def test_nothing_is_asked_of_the_scenarios_of_bundled_studies(name: str) -> None:
    assert scenario_questions(load_study(study_path(name))) == ()


def test_one_of_the_options_turns_out_true() -> None:
    """So scenarios for each of them cover everything, and none of them is impossible."""
    categorical = {
        "id": "winner",
        "title": "Who wins",
        "kind": "categorical",
        "options": [{"id": "left"}, {"id": "right"}, {"id": "none"}],
        "resolution": {"criteria": "As published.", "by": "2024-01-01"},
    }
    scenarios = [{"id": name, "title": name, "when": f"option(winner, {name})"} for name in ("left", "right", "none")]
    rows = [
        {"expert": "ann", "outcome": "winner", "option": name, "probability": p, "on": "2019-12-01"}
        for name, p in (("left", 0.2), ("right", 0.5), ("none", 0.3))
    ]
    study = make_study(event_outcome(), categorical, scenarios=scenarios, judgments={"rows": rows})
    assert scenario_questions(study) == ()
    assert set(dict(scenario_questions(study.model_copy(update={"scenarios": study.scenarios[:2]})))) == {
        "scenarios_leave_a_gap"
    }
