"""What scenarios leave open: impossible ones, overlaps and gaps, over futures that know no probabilities."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

from forecast.futures.directed import directed_futures
from forecast.futures.enumerated import is_never_true
from forecast.futures.possible import Possible
from forecast.futures.shape import newly_asked, scenario_questions
from forecast.study import Study, load_study
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
    assert "can s0 happen? In none of the futures that the outcomes allow" in found["scenario_impossible"]


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


TWENTY = tuple(f"x{place}" for place in range(20))


def of_twenty(when: str, **changes: Any) -> dict[str, str]:
    """What is asked of one scenario over twenty events."""
    scenarios = [{"id": "s", "title": "t", "when": when}]
    outcomes = [event_outcome(id=name, **changes) for name in TWENTY]
    return dict(scenario_questions(make_study(*outcomes, scenarios=scenarios)))


@pytest.mark.parametrize("number", [0, 1, 10, 19, 20])
@pytest.mark.parametrize("bound", ["at_least", "at_most", "exactly"])
def test_every_number_of_outcomes_is_found(bound: str, number: int) -> None:
    if (bound, number) not in {("at_least", 0), ("at_most", 20)}:  # which are refused
        assert of_twenty(f"{bound}({number}, {', '.join(TWENTY)})") == {}


def test_narrow_windows_orders_and_short_gaps_are_found() -> None:
    """Each of them has a chance below one in a million in futures that are drawn without regard to it."""
    windows = " and ".join(f"between({name}, 2021-03-{day:02}, 2021-03-{day:02})" for day, name in enumerate(TWENTY, 1))
    assert of_twenty(windows) == {}
    chain = " and ".join(f"before({first}, {second})" for first, second in itertools.pairwise(TWENTY))
    assert of_twenty(chain) == {}
    assert of_twenty(f"{chain} and by(x19, 1)") == {}
    gaps = " and ".join(f"within({later}, {first}, 0.01)" for first, later in itertools.pairwise(TWENTY[:8]))
    assert of_twenty(f"{gaps} and between(x0, 30, 30.01)") == {}
    assert of_twenty(f"not ({chain})") == {}


def test_the_last_of_many_rivals_may_occur_late() -> None:
    assert of_twenty("between(x19, 59.9, 60)", competes="one") == {}
    assert set(of_twenty("x18 and x19", competes="one")) == {"scenario_impossible"}
    none = " and ".join(f"not {name}" for name in TWENTY)
    assert of_twenty(none, competes="one") == {}
    assert set(of_twenty(none, competes="one", exhaustive=True)) == {"scenario_impossible"}


def test_what_was_not_gone_through_is_asked_as_a_question() -> None:
    """A circle of twenty outcomes, each before the next, is more than is gone through; so are lengths of time."""
    circle = " and ".join(f"before({first}, {second})" for first, second in itertools.pairwise((*TWENTY, "x0")))
    for when in (circle, "within(x1, x0, 2) and between(x0, 10, 11) and between(x1, 20, 21)"):
        found = of_twenty(when)
        assert (
            "Among 16,384 futures that the outcomes allow, and 128 drawn towards it, none was found in which"
            in found["scenario_not_found"]
        )


def test_one_of_an_exhaustive_group_occurs_by_its_last_date() -> None:
    """None of the two is impossible, as is one that comes later; so the two cover everything."""
    outcomes = [
        event_outcome(id="a", competes="one", exhaustive=True, resolution={"criteria": "So.", "by": "2021-01-01"}),
        event_outcome(id="b", competes="one", resolution={"criteria": "So.", "by": "2022-01-01"}),
    ]

    def found(*whens: str) -> set[str]:
        scenarios = [{"id": f"s{place}", "title": "t", "when": when} for place, when in enumerate(whens)]
        return set(dict(scenario_questions(make_study(*outcomes, scenarios=scenarios))))

    assert found("not (by(a, 60) or by(b, 60))") == {"scenario_impossible"}
    assert found("between(b, 2022-02-01, 2024-01-01)") == {"scenario_impossible"}
    assert found("by(a, 2022-01-01)", "b") == set()
    assert found("a or by(b, 2021-01-01)", "b") == {"scenarios_overlap", "scenarios_leave_a_gap"}


def test_what_is_enumerated_is_what_is_drawn() -> None:
    """Nothing that was drawn is called impossible, and what is possible in a few outcomes is found."""
    rng = np.random.default_rng(5)
    leaves = ["a", "b", "c", "d", "by(a, 12)", "by(c, 7)", "between(b, 3, 9)", "before(a, c)", "before(c, d)"]

    def drawn(depth: int) -> str:
        if depth == 0:
            return str(rng.choice(leaves))
        first, second = drawn(depth - 1), drawn(depth - 1)
        if first == second:
            return f"not ({first})"
        return str(
            rng.choice([f"({first}) and ({second})", f"not (({first}) or ({second}))", f"({first}) or ({second})"])
        )

    outcomes = [
        *(event_outcome(id=name, competes="one") for name in "ab"),
        event_outcome(id="c"),
        binary_outcome(id="d"),
    ]
    scenarios = [{"id": f"s{place}", "title": "t", "when": drawn(3)} for place in range(60)]
    study = make_study(*outcomes, scenarios=scenarios)
    expressions = [scenario.expression for scenario in study.scenarios]
    possible = Possible(study, expressions)
    impossible = 0
    for expression in expressions:
        is_met = bool(possible.is_true(expression, possible.common).any())
        is_met |= bool(directed_futures(possible, expression, 128, seed=1)[1].any())
        assert is_never_true(possible, expression) != is_met
        impossible += not is_met
    assert 0 < impossible < 60


def test_no_more_is_drawn_towards_an_expression_than_is_needed() -> None:
    """The first tries are those of all tries, and decide alike."""
    names = [f"x{place}" for place in range(12)]
    order = " and ".join(f"before({first}, {second})" for first, second in itertools.pairwise(names))
    study = make_study(
        *(event_outcome(id=name) for name in names), scenarios=[{"id": "s", "title": "t", "when": order}]
    )
    expression = study.scenarios[0].expression
    possible = Possible(study, [expression])
    every, are_true = directed_futures(possible, expression, 128, seed=1)
    times, true = directed_futures(possible, expression, 128, seed=1, enough=8)
    assert (len(every), len(times)) == (128, 16)
    assert np.array_equal(times, every[:16])
    assert np.array_equal(true, are_true[:16])
    assert np.array_equal(are_true, possible.is_true(expression, every))
    assert true.sum() >= 8


def test_evidence_that_settles_nothing_asks_nothing_new_of_scenarios() -> None:
    def study(**changes: Any) -> Study:
        scenarios = [{"id": "s", "title": "t", "when": "a"}, {"id": "r", "title": "t", "when": "b"}]
        outcomes = (event_outcome(id=name, competes="one") for name in "ab")
        return make_study(*outcomes, scenarios=scenarios, **changes)

    def judged(expert: str, p: float) -> dict[str, Any]:
        return {"expert": expert, "outcome": "a", "probability": p, "on": "2019-12-01"}

    before = study(judgments={"rows": [judged("ann", 0.2)]})
    assert newly_asked(before, study(judgments={"rows": [judged("ann", 0.2), judged("bo", 0.3)]})) == ()
    happened = {"rows": [{"outcome": "a", "resolution": "yes", "on": "2019-12-01"}]}
    after = study(judgments={"rows": [judged("ann", 0.2)]}, resolutions=happened)
    assert {"scenario_certain", "scenario_impossible"} <= set(dict(newly_asked(before, after)))


def test_hundred_scenarios_are_looked_at_in_a_moment() -> None:
    whens = [f"exactly({number % 21}, {', '.join(TWENTY)}) and by(x0, {1 + number // 2})" for number in range(100)]
    scenarios = [{"id": f"s{place}", "title": "t", "when": when} for place, when in enumerate(whens)]
    study = make_study(*(event_outcome(id=name) for name in TWENTY), scenarios=scenarios)
    found = dict(scenario_questions(study))
    assert {"scenarios_overlap", "scenarios_leave_a_gap"} <= set(found)


def test_what_is_known_counts() -> None:
    """After a has happened b cannot, and a is certain."""
    known = {"rows": [{"outcome": "a", "resolution": "yes", "on": "2019-12-01"}]}
    assert set(asked("b", resolutions=known)) == {"scenario_impossible"}
    assert set(asked("a", resolutions=known)) == {"scenario_certain"}


@pytest.mark.parametrize("on", ["2019-12-01", "2020-01-01"])
def test_what_has_occurred_is_not_said_to_occur_after_some_time(on: str) -> None:
    known = {"rows": [{"outcome": "a", "resolution": "yes", "on": on}]}
    assert "s0 and s1 (a has occurred, c occurs after " in asked("a and c", "a", resolutions=known)["scenarios_overlap"]


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
