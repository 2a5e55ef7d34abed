"""Which links are made for conditional judgments, which way, and when none can be."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import Study, made_links, with_as_of, with_made_links
from forecast.study.checks.left_out import rows_left_out
from forecast.study.checks.questions import questions
from tests.documents import binary_outcome, event_outcome, make_study

ROW: dict[str, Any] = {"expert": "x", "probability": 0.4, "on": "2020-01-01"}


def judged(outcome: str, given: str, **changes: Any) -> dict[str, Any]:
    return {**ROW, "outcome": outcome, "given": given, **changes}


def link(cause: str, effect: str, **changes: Any) -> dict[str, Any]:
    return {"cause": cause, "effect_on": effect, "log_ratio": "normal(1, 0.5)", **changes}


def dated(name: str, by: str) -> dict[str, Any]:
    return binary_outcome(id=name, resolution={"criteria": "It is signed.", "by": by})


def study(*rows: dict[str, Any], links: list[dict[str, Any]] | None = None, **changes: Any) -> Study:
    """Events a to e, of which d and e exclude one another; pacts of 2020, of 2023, and two of 2024. The horizon is 2025."""
    rivals = [event_outcome(id=name, competes="end") for name in "de"]
    pacts = [dated(name, by) for name, by in (("early", "2020-06-01"), ("late", "2023-06-01"), ("one", "2024-01-01"))]
    outcomes = [*(event_outcome(id=name) for name in "abc"), *rivals, *pacts, dated("other", "2024-01-01")]
    return make_study(*outcomes, judgments={"rows": list(rows)}, links=links or [], **changes)


def made(*rows: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    return [(found.link.cause, found.link.effect_on) for found in made_links(study(*rows, **changes))]


@pytest.mark.parametrize(
    ("row", "links", "expected"),
    [
        (judged("b", "a"), [], [("a", "b")]),
        (judged("b", "not a"), [], [("a", "b")]),
        (judged("b", "a and not c"), [], [("a", "b"), ("c", "b")]),
        (judged("b", "a and c"), [link("a", "b")], [("c", "b")]),
        (judged("b", "a", given_at="once"), [], [("a", "b")]),
        (judged("b", "a"), [link("a", "b")], []),
        (judged("b", "a"), [link("a", "b", base="none")], []),
        (judged("b", "a"), [link("b", "a")], []),  # P(b | a) can be what it will through it
        (judged("b", "a", given_at="once"), [link("b", "a")], [("a", "b")]),  # but not what a does at once
        (judged("b", "a"), [link("b", "a", base="none")], [("a", "b")]),
        (judged("b", "a"), [link("a", "c"), link("c", "b")], []),
        (judged("b", "a"), [link("a", "c", base="none"), link("c", "b")], [("a", "b")]),
        (judged("b", "a and c"), [link("a", "c"), link("c", "b")], [("a", "b")]),  # once c is supposed, a says no more
        (judged("b", "a"), [link("c", "a"), link("c", "b")], [("a", "b")]),  # a cause of both ties them loosely
        (judged("d", "not e"), [], []),  # they exclude one another
        (judged("d", "not e and a"), [], [("a", "d")]),
        (judged("one", "a"), [], [("a", "one")]),
        (judged("one", "early"), [], [("early", "one")]),
        (judged("early", "one"), [], [("early", "one")]),  # what is settled later can't act on it
        (judged("early", "one", given_at="once"), [], [("one", "early")]),
        (judged("early", "one"), [link("one", "early")], [("early", "one")]),
        (judged("a", "early"), [], [("early", "a")]),
        (judged("a", "late"), [], [("a", "late")]),  # when it is settled too little of the way is left
        (judged("a", "late", by="2021-01-01"), [], [("a", "late")]),
        (judged("a", "early", by="2021-06-01"), [], [("early", "a")]),
        (judged("a", "early", by="2020-07-01"), [], [("a", "early")]),
        (judged("one", "other"), [], [("other", "one")]),
        (judged("one", "other"), [link("one", "other")], []),
    ],
)
def test_a_link_is_made_where_no_way_of_links_has_a_place_for_a_judgment(
    row: dict[str, Any], links: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    assert made(row, links=links) == expected


def test_the_link_keeps_the_marginal_and_comes_after_those_that_are_stated() -> None:
    stated = study(judged("b", "a"), links=[link("c", "a")])
    whole = with_made_links(stated)
    assert [(found.cause, found.effect_on) for found in whole.links] == [("c", "a"), ("a", "b")]
    assert whole.links[1].keeps_marginal
    assert whole.links[1].course.is_plain
    assert str(whole.links[1].log_ratio) == "normal(0, 1.5)"
    assert with_made_links(whole).links == whole.links
    assert (made_links(whole), questions(whole)) == (made_links(stated), questions(stated))
    assert whole.digest == stated.digest
    placed = study(judged("a", "c"), links=[link("c", "a")])
    assert with_made_links(placed) is placed


def test_the_order_of_judgments_makes_no_difference() -> None:
    rows = [
        judged("b", "a"),
        judged("a", "b"),
        judged("a", "c and not one"),
        judged("one", "other"),
        judged("other", "one"),
    ]
    found = {tuple(made(*order)) for order in permutations(rows)}
    assert found == {(("b", "a"), ("c", "a"), ("a", "one"), ("other", "one"))}  # one link serves both ways round


def test_what_occurs_at_once_and_what_is_settled_later_have_a_link_each() -> None:
    rows = [judged("early", "one", given_at="once"), judged("early", "one")]
    assert made(*rows) == [("one", "early"), ("early", "one")]


def test_judgments_that_say_nothing_any_more_make_no_link() -> None:
    """Of what is settled or excluded, under what is known to be so or not, known later, of a past day."""
    settled = {
        "rows": [
            {"outcome": o, "resolution": r, "on": "2019-12-01"} for o, r in (("c", "yes"), ("d", "yes"), ("b", "no"))
        ]
    }
    rows = [judged("c", "a"), judged("e", "a"), judged("a", "c"), judged("a", "b"), judged("a", "not c"), judged("a", "e"),
            judged("a", "one", on="2020-02-01"), judged("a", "one", by="2019-12-31", on="2019-06-01")]  # fmt: skip
    assert made(*rows, resolutions=settled) == []
    assert {sentence for sentence in rows_left_out(study(*rows, resolutions=settled)) if "given" in sentence} == {
        f"judgments.rows[{row}]: given {condition}, which is known not to be so, so not used"
        for row, condition in ((3, "b"), (4, "not c"), (5, "e"))
    }
    assert made(judged("a", "c and one"), resolutions=settled) == [("a", "one")]
    later = study(judged("b", "a", on="2020-02-01"))
    assert made_links(later) == ()
    assert len(made_links(with_as_of(later, later.as_of.replace(month=3)))) == 1


def test_a_link_that_is_made_is_asked_about() -> None:
    found = dict(questions(study(judged("b", "not a and c"), links=[link("c", "b")])))
    assert found["made_link"] == (
        "does a act on b? b is judged given not a and c, but the study has no link through which the two depend on one another; "
        "one from a to b is made, with the log ratio normal(0, 1.5), which leaves their own probabilities where they are stated; "
        "state it in `links` with what is known of it"
    )


def test_a_link_that_could_only_close_a_circle_is_an_error() -> None:
    """One of a level without its cause leads from `one` to `other`, on the day on which both are settled."""
    with pytest.raises(StudyError) as caught:
        study(judged("one", "other"), links=[link("one", "other", base="none")])
    (error,) = caught.value.errors
    assert (error.path, error.code) == ("judgments", "circle")
    assert error.message.startswith("one is judged given other, and the study has no link")
    assert error.message.endswith("change `base`, or a date, or leave the judgment out")


def test_thousands_of_judgments_are_gone_through_in_a_moment() -> None:
    """2,450 pairs among fifty outcomes of one day or of any, each judged by one of two experts."""
    names = [f"x{place}" for place in range(50)]
    outcomes = [dated(name, "2024-01-01") if place % 2 else event_outcome(id=name) for place, name in enumerate(names)]
    rows = [
        judged(effect, cause, expert=f"e{place % 2}", on="2019-12-01")
        for place, (effect, cause) in enumerate(permutations(names, 2))
    ]
    known = make_study(*outcomes, judgments={"rows": rows})
    found = made_links(known)
    # Through one link each pair has its place.
    assert {frozenset((each.link.cause, each.link.effect_on)) for each in found} <= {
        frozenset(pair) for pair in permutations(names, 2)
    }
    assert len(found) == len({frozenset((each.link.cause, each.link.effect_on)) for each in found})
