"""Statements that no distribution allows together: named with expert and rows, and nothing that can be true."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import numpy as np
import pytest

from forecast.errors import StudyError
from forecast.study import Study, resolve_judgments, study_from_document
from forecast.study.checks.coherence import Contradiction, contradictions
from forecast.study.checks.coherence.claims import Claim, Literal
from forecast.study.checks.coherence.groups import Groups
from forecast.study.checks.coherence.patterns import connected
from forecast.study.checks.questions import questions
from tests.incoherent import (
    EARLY,
    LATE,
    MIDDLE,
    ONE,
    RIVALS,
    SHAPES,
    THREE,
    TWO,
    Said,
    Shape,
    binary,
    document_of,
    event,
    study_of,
)


def found_in(study: Study) -> tuple[Contradiction, ...]:
    return contradictions(study, resolve_judgments(study), {})


def of(outcomes: tuple[dict[str, Any], ...], *said: Said) -> tuple[Contradiction, ...]:
    return found_in(study_of(Shape(outcomes, said, said, "", ()), said, ["ann"]))


@pytest.mark.parametrize("name", SHAPES)
def test_a_contradiction_is_named_with_expert_and_rows_and_a_coherent_set_is_not(name: str) -> None:
    shape = SHAPES[name]
    assert found_in(study_of(shape, shape.coherent)) == ()
    study, size = study_of(shape, shape.incoherent), len(shape.incoherent)
    found = found_in(study)
    for place, expert in enumerate(["ann", "bo", "cy", "di", "eli"]):
        mine = [each for each in found if each.experts == (expert,)]
        rows = sorted({claim.row - place * size for claim in mine[0].claims})
        assert (mine[0].name, tuple(rows)) == (shape.name, shape.rows)
    asked = [text for kind, text in questions(study) if kind == shape.name]
    assert asked[0].startswith("'ann' says ")
    for row in shape.rows:
        assert f"(judgments.rows[{row}])" in asked[0]


def test_the_message_says_what_the_others_leave() -> None:
    shape = SHAPES["joint above the marginal"]
    (found,) = found_in(study_of(shape, shape.incoherent, ["ann"]))
    assert "a 0.5 (judgments.rows[0]), b 0.1 (judgments.rows[1]) and b given a 0.9 (judgments.rows[2])" in found.asked
    assert "the others leave 0.45 to 0.95 for b" in found.asked


def test_each_set_is_smallest() -> None:
    """Dropping any one statement of it leaves a set that can be true."""
    for shape in SHAPES.values():
        study = study_of(shape, shape.incoherent, ["ann"])
        for contradiction in found_in(study):
            rows = {claim.row for claim in contradiction.claims}
            for dropped in rows:
                kept = [shape.incoherent[row] for row in sorted(rows - {dropped})]
                assert found_in(study_of(shape, kept, ["ann"])) == ()


def test_how_far_statements_are_from_possible() -> None:
    """0.4 and 0.2 meet in the middle of their log odds; two of 0.6 that exclude one another at 0.5 each."""
    log_odds = np.log([0.395 / 0.605, 0.205 / 0.795])  # what rounds to them is nearer
    (later,) = of(ONE, ("a", EARLY, 0.4, None), ("a", LATE, 0.2, None))
    assert later.distance == pytest.approx((log_odds[0] - log_odds[1]) / 2, abs=0.002)
    (both,) = of(RIVALS, ("a", None, 0.6, None), ("b", None, 0.6, None))
    assert both.distance == pytest.approx(np.log(0.595 / 0.405), abs=0.002)
    (point,) = of(ONE, ("a", EARLY, 0.21, None), ("a", LATE, 0.2, None))
    assert point.distance == 0.0


def drawn_world(rng: np.random.Generator) -> list[Said]:
    """Marginals and conditionals of three outcomes of one joint distribution, rounded to two digits."""
    joint = rng.dirichlet(np.full(8, 0.5)).reshape(2, 2, 2)
    names = "abc"

    def chance(*true: int) -> float:
        return float(joint[tuple(1 if place in true else slice(None) for place in range(3))].sum())

    said: list[Said] = [(names[place], None, round(chance(place), 2), None) for place in range(3)]
    for first, second in itertools.permutations(range(3), 2):
        if chance(second) > 0.05:
            said.append((names[first], None, round(chance(first, second) / chance(second), 2), names[second]))
    return said


@pytest.mark.parametrize("seed", range(100))
def test_what_was_drawn_from_a_distribution_and_rounded_contradicts_nothing(seed: int) -> None:
    assert of(THREE, *drawn_world(np.random.default_rng(seed))) == ()


@pytest.mark.parametrize("seed", range(40))
def test_rival_dates_drawn_from_a_distribution_contradict_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.dirichlet(np.full(7, 0.5))[:6].reshape(3, 2)  # which, and by which of two dates
    said: list[Said] = []
    for name, (early, late) in zip("abc", first, strict=True):
        said += [(name, EARLY, round(early, 3), None), (name, LATE, round(early + late, 3), None)]
    assert [found for found in of(RIVALS, *said) if found.name != "later_date_less_likely"] == []


def test_shares_that_add_up_to_one_but_for_rounding_are_no_contradiction() -> None:
    assert of(RIVALS, *((name, None, 0.335, None) for name in "abc")) != ()
    assert of(RIVALS, ("a", None, 0.33, None), ("b", None, 0.33, None), ("c", None, 0.35, None)) == ()


def test_what_was_said_at_another_time_may_differ() -> None:
    rows = [
        {"expert": "ann", "outcome": "a", "by": EARLY, "probability": 0.4, "on": "2023-06-10"},
        {"expert": "ann", "outcome": "a", "by": LATE, "probability": 0.2, "on": "2024-01-10"},
    ]
    shape = SHAPES["later date"]
    document = document_of(shape, shape.coherent)
    assert found_in(study_from_document({**document, "judgments": {"rows": rows}})) == ()
    rows[0]["on"] = "2023-12-20"
    assert len(found_in(study_from_document({**document, "judgments": {"rows": rows}}))) == 1


def test_a_condition_that_occurs_at_once_is_another_world() -> None:
    """0.6 and 0.7 exclude one another in it; what is said without it is not held against it."""
    rows = [
        {"expert": "ann", "outcome": name, "probability": p, "on": "2024-01-10", "given": given, "given_at": at}
        for name, p, given, at in [("a", 0.1, None, None), ("a", 0.6, "d", "once"), ("b", 0.7, "d", "once")]
    ]
    shape = SHAPES["two that exclude one another under a condition"]
    found = found_in(study_from_document({**document_of(shape, shape.coherent), "judgments": {"rows": rows}}))
    assert [sorted(claim.row for claim in each.claims) for each in found] == [[1, 2]]


def test_experts_may_disagree_but_not_say_together_what_cannot_be() -> None:
    """One says both marginals, the other the conditional alone."""
    document = document_of(Shape(TWO, (), (), "", ()), ())
    told = [("ann", "a", 0.5, None), ("ann", "b", 0.1, None), ("bo", "b", 0.9, "a")]

    def found(more: list[tuple[str, str, float, str | None]]) -> tuple[Contradiction, ...]:
        rows = [
            {"expert": expert, "outcome": outcome, "probability": p, "on": "2024-01-10", "given": given}
            for expert, outcome, p, given in more
        ]
        return found_in(study_from_document({**document, "judgments": {"rows": rows}}))

    (together,) = found(told)
    assert together.name == "incoherent_together"
    assert together.experts == ("ann", "bo")
    assert "b 0.1 (judgments.rows[1]) of 'ann'" in together.asked
    # A third one, by whom it can be, leaves nothing but disagreement.
    assert found([*told, ("cy", "b", 0.6, None)]) == ()
    # Of rivals, each with an expert of its own.
    assert found([("ann", "a", 0.9, None), ("bo", "a", 0.1, None)]) == ()


def test_the_last_of_several_statements_counts() -> None:
    rows = [
        {"expert": "ann", "outcome": "a", "by": EARLY, "probability": 0.4, "on": "2024-01-10"},
        {"expert": "ann", "outcome": "a", "by": LATE, "probability": 0.2, "on": "2024-01-10"},
        {"expert": "ann", "outcome": "a", "by": LATE, "probability": 0.5, "on": "2024-01-11"},
    ]
    shape = SHAPES["later date"]
    assert found_in(study_from_document({**document_of(shape, ()), "judgments": {"rows": rows}})) == ()


SURE = tuple(event(name, competes="one", **({"exhaustive": True} if name == "a" else {})) for name in "abc")


def test_where_one_must_occur_less_than_one_in_all_is_a_contradiction() -> None:
    """But not before its last day, nor while one of them is not spoken of."""
    said: tuple[Said, ...] = tuple((name, None, 0.25, None) for name in "abc")
    (found,) = of(SURE, *said)
    assert found.name == "exhaustive_sum"
    assert "one of them must occur, but they add up to 0.75; which of them is more?" in found.asked
    # 0.75 in all, at most 0.765 with rounding: each moves to a third.
    assert found.distance == pytest.approx(np.log((1 / 3) / (2 / 3)) - np.log(0.255 / 0.745), abs=0.002)
    assert of(RIVALS, *said) == ()
    assert of(SURE, *said[:2]) == ()
    assert of(SURE, *said[:2], ("c", EARLY, 0.25, None)) == ()
    assert of(SURE, *said[:2], ("c", EARLY, 0.25, None), ("c", None, 0.5, None)) == ()
    assert [each.name for each in of(SURE, *said[:2], ("c", EARLY, 0.6, None), ("c", None, 0.45, None))] != []
    assert of(SURE, *((name, None, 0.33, None) for name in "abc")) == ()


def test_several_experts_cannot_leave_too_little_where_one_must_occur() -> None:
    rows = [
        {"expert": expert, "outcome": name, "probability": 0.2, "on": "2024-01-10"}
        for expert, name in [("ann", "a"), ("bo", "b"), ("cy", "c")]
    ]
    document = {**document_of(Shape(SURE, (), (), "", ()), ()), "judgments": {"rows": rows}}
    (found,) = found_in(study_from_document(document))
    assert found.name == "incoherent_together"
    assert found.experts == ("ann", "bo", "cy")


def test_the_order_of_rows_is_of_no_account_and_what_is_not_named_is_counted() -> None:
    """Ann contradicts herself about twelve outcomes, Bo about one: both are named in any order of rows."""
    names = [f"x{place}" for place in range(12)]
    rows = [
        {"expert": "ann", "outcome": name, "by": by, "probability": p, "on": "2024-01-10"}
        for name in names
        for by, p in ((EARLY, 0.4), (MIDDLE, 0.3), (LATE, 0.2))
    ]
    rows += [
        {"expert": "bo", "outcome": "x0", "by": by, "probability": p, "on": "2024-01-10"}
        for by, p in ((EARLY, 0.6), (LATE, 0.5))
    ]
    document = document_of(Shape(tuple(event(name) for name in names), (), (), "", ()), ())

    def found(order: list[int]) -> list[tuple[str, tuple[str, ...], list[tuple[str, float]], float]]:
        study = study_from_document({**document, "judgments": {"rows": [rows[place] for place in order]}})
        each = found_in(study)
        assert sum("And 14 more of 'ann'." in contradiction.asked for contradiction in each) == 1
        return [
            (one.name, one.experts, [(claim.words, claim.probability) for claim in one.claims], one.distance)
            for one in each
        ]

    straight = found(list(range(len(rows))))
    assert [experts for _, experts, _, _ in straight] == [("ann",)] * 10 + [("bo",)]
    rng = np.random.default_rng(0)
    for _ in range(3):
        assert found([int(place) for place in rng.permutation(len(rows))]) == straight


def test_which_claims_contradict_one_another_does_not_depend_on_the_order_of_rows() -> None:
    """Several smallest sets share claims: which of them are named is a matter of what they say alone."""
    shape = SHAPES["joint above the marginal"]
    said = [*shape.incoherent, ("a", None, 0.97, "b")]
    orders = list(itertools.permutations(range(len(said))))[::5]
    found = set()
    for order in orders:
        study = study_of(shape, [said[place] for place in order], ["ann"])
        found.add(tuple(tuple((claim.words, claim.probability) for claim in each.claims) for each in found_in(study)))
    assert len(found) == 1


def test_thousands_of_statements_are_put_into_sets_in_a_moment() -> None:
    """5,000 about 500 outcomes, half of them given the one before: one set, too large, so that pairs are looked at."""
    days = [date(2025, month, 1) for month in range(1, 6)]
    claims = []
    for place in range(500):
        for number, day in enumerate(days):
            before = Literal(f"x{place - 1}", day)
            for given in ((), (before,)) if place else ((), ()):
                judged = Literal(f"x{place}", day)
                claims.append(Claim("ann", judged, given, 0.5 + 0.01 * number, 0.4, 0.6, len(claims), "x"))
    names = [f"x{place}" for place in range(500)]
    groups = Groups({name: name for name in names}, {})
    pieces = list(connected(claims, groups))
    assert [len(piece) for piece in pieces] == [20] + [15] * 498 + [2] * 5
    alone = connected([claim for claim in claims if not claim.given], groups)
    assert [len(part) for part in alone] == [10] + [5] * 499


def test_a_study_may_refuse_contradictions() -> None:
    shape = SHAPES["later date"]
    document = document_of(shape, shape.incoherent, ["ann", "bo"])
    study_from_document({**document, "judgments": {**document["judgments"], "incoherent": "keep"}})
    refused = {**document, "judgments": {**document["judgments"], "incoherent": "refuse"}}
    with pytest.raises(StudyError) as caught:
        study_from_document(refused)
    assert [(error.path, error.code) for error in caught.value.errors] == [
        ("judgments.rows[1]", "incoherent"),
        ("judgments.rows[3]", "incoherent"),
    ]
    assert "which of the two is meant? Expected statements that can be true" in caught.value.errors[0].message
    coherent = document_of(shape, shape.coherent, ["ann", "bo"])
    study_from_document({**coherent, "judgments": {**coherent["judgments"], "incoherent": "refuse"}})


def test_large_sets_are_looked_at_in_parts() -> None:
    """Fourteen outcomes that conditions tie together have 16,384 patterns."""
    names = [f"x{place}" for place in range(14)]
    outcomes = tuple(binary(name) for name in names)
    said: list[Said] = [(name, None, 0.5, None) for name in names]
    said += [(second, None, 0.6, first) for first, second in itertools.pairwise(names)]
    assert of(outcomes, *said) == ()
    said[3] = (names[3], None, 0.2, None)
    found = of(outcomes, *said)
    assert {claim.row for each in found for claim in each.claims} == {2, 3, 14 + 2}
