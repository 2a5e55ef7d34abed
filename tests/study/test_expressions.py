"""Scenario expressions: precedence, round trips, and errors that say where."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forecast.errors import ExpressionError
from forecast.study import (
    And,
    Before,
    Between,
    Bound,
    By,
    Expression,
    HowMany,
    Not,
    Occurs,
    Or,
    Within,
    parse_expression,
    walk,
)

OUTCOMES = ("a", "b", "c", "order", "bye")
A, B, C = Occurs("a"), Occurs("b"), Occurs("c")
names = st.sampled_from(OUTCOMES)


def join(kind: type[And | Or], items: list[Expression]) -> Expression:
    """As the parser does: items of the same kind are merged."""
    flat = [part for item in items for part in (item.items if isinstance(item, kind) else (item,))]
    return kind(tuple(flat))


def how_many(bound: Bound, items: list[Expression], share: float) -> HowMany:
    """A number that may be asked for: at least one of them, at most all but one."""
    low, high = (1 if bound is Bound.AT_LEAST else 0), len(items) - (1 if bound is Bound.AT_MOST else 0)
    return HowMany(bound, low + round(share * (high - low)), tuple(items))


times = st.one_of(st.dates(date(1000, 1, 1), date(2999, 12, 31)), st.floats(0.001, 600))
leaves = st.one_of(
    st.builds(Occurs, names),
    st.builds(By, names, times),
    st.builds(Between, names, times, times),
    st.builds(Before, names, names),
    st.builds(Within, names, names, st.floats(0.001, 600)),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(join, st.just(And), st.lists(inner, min_size=2, max_size=3)),
        st.builds(join, st.just(Or), st.lists(inner, min_size=2, max_size=3)),
        st.builds(
            how_many, st.sampled_from(Bound), st.lists(inner, min_size=1, max_size=4, unique=True), st.floats(0, 1)
        ),
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("a or b and c", Or((A, And((B, C))))),
        ("not a and b", And((Not(A), B))),
        ("not (a or b)", Not(Or((A, B)))),
        ("(a or b) and c", And((Or((A, B)), C))),
        ("a and (b and c)", And((A, B, C))),
        ("by(a, 2025-11-10)", By("a", date(2025, 11, 10))),
        ("by(a,12.5)", By("a", 12.5)),
        ("before(a, b)\n or order", Or((Before("a", "b"), Occurs("order")))),
        ("bye", Occurs("bye")),
        ("((((a))))", A),
        ("between(a, 2025-11-10, 12)", Between("a", date(2025, 11, 10), 12.0)),
        ("within(a, b, 6)", Within("a", "b", 6.0)),
        ("at_least(2, a, b, not c)", HowMany(Bound.AT_LEAST, 2, (A, B, Not(C)))),
        ("at_most(0, a or b, (c)) and a", And((HowMany(Bound.AT_MOST, 0, (Or((A, B)), C)), A))),
        (
            "exactly(1, at_least(1, a), by(a, 3))",
            HowMany(Bound.EXACTLY, 1, (HowMany(Bound.AT_LEAST, 1, (A,)), By("a", 3.0))),
        ),
    ],
)
def test_text_is_read_as_a_tree(text: str, tree: Expression) -> None:
    assert parse_expression(text, OUTCOMES) == tree


@given(expressions)
def test_a_tree_written_as_text_is_read_back_the_same(tree: Expression) -> None:
    assert parse_expression(str(tree), OUTCOMES) == tree


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "expected an outcome"),
        ("a or", 5, "the expression ends"),
        ("(a", 3, r"expected '\)'"),
        ("a b", 3, "'b'; expected 'and'"),
        ("a orb", 3, "'orb'"),
        ("a & b", 3, "no meaning"),
        ("by(a)", 5, "expected ','"),
        ("by(a, b)", 7, "a date such as"),
        ("by(a, 2025-02-30)", 7, "no day of the calendar"),
        ("before(a, not b)", 11, "an outcome"),
        ("ordre or a", 1, "did you mean 'order'"),
        ("a\nor ordre", 6, "did you mean 'order'"),
        ("Order", 1, "did you mean 'order'"),
        ("a == b", 3, "no meaning"),
        ("__import__('os')", 11, "expected"),
        ("by(a, " + "9" * 400 + ")", 7, "short number"),
        ("at_least(3, a, b)", 10, "a whole number from 1 to 2"),
        ("at_least(0, a, b)", 10, "a whole number from 1 to 2"),
        ("at_most(2, a, b)", 9, "a whole number from 0 to 1"),
        ("exactly(1.5, a, b)", 9, "a whole number from 0 to 2"),
        ("exactly(" + "1" * 400 + ", a, b)", 9, "short number"),
        ("at_least(2, a, b, a)", 10, "twice"),
        ("at_least(a, b)", 10, "a number"),
        ("at_least(1)", 11, "','"),
        ("at_least(1, a, ordre)", 16, "did you mean 'order'"),
        ("within(a, b)", 12, "','"),
        ("within(a, b, 2025-01-01)", 14, "a number"),
        ("within(a, not b, 3)", 11, "an outcome"),
        ("between(a, 3)", 13, "','"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, position: int, words: str) -> None:
    with pytest.raises(ExpressionError, match=words) as caught:
        parse_expression(text, OUTCOMES)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" + " " * 4000, "4001 characters"),
        ("(" * 10_000 + "a" + ")" * 10_000, "20001 characters; expected at most 4000"),
        ("(" * 10_000, "10000 characters"),
        ("not " * 32 + "a", "33 levels"),
        (" or ".join(["a"] * 400), "401 parts"),
        ("at_least(1, " * 32 + "a" + ")" * 32, "33 levels"),
        ("at_least(1, " * 300 + "a" + ")" * 300, "301 levels"),
        ("at_least(1" + ", a" * 400 + ")", "401 parts"),
    ],
)
def test_an_expression_over_a_limit_is_refused(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        parse_expression(text, OUTCOMES)


def test_an_expression_at_the_limits_is_read() -> None:
    assert sum(1 for _ in walk(parse_expression(" or ".join(["a"] * 399), OUTCOMES))) == 400
    assert isinstance(parse_expression("not " * 31 + "a", OUTCOMES), Not)
    assert parse_expression("(" * 1999 + "a" + ")" * 1999, OUTCOMES) == A


def test_at_least_so_many_of_twenty_outcomes_fit_in_one_expression() -> None:
    ids = [f"{number:02d}".join(("o", "_" * 61)) for number in range(20)]
    assert {len(id) for id in ids} == {64}
    items = ", ".join(f"between({id}, 2025-01-01, 2026-12-31)" for id in ids)
    read = parse_expression(f"at_least(7, {items})", ids)
    assert isinstance(read, HowMany)
    assert len(read.items) == 20


@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "a",
                    "b",
                    "and",
                    "or",
                    "not",
                    "by",
                    "between",
                    "before",
                    "within",
                    "at_least",
                    "exactly",
                    "(",
                    ")",
                    ",",
                    "2025-11-10",
                    "12",
                    "1",
                    ".",
                    "-",
                ]
            ),
            max_size=40,
        ).map(" ".join),
    )
)
@example("(" * 2000)
@example("not " * 500)
@example("\x00")
@example("\ud800")
@example("by(a, ٣)")
@example("at_least(1, " * 330)
@example("exactly(1, " * 300 + "a" + ")" * 300)
def test_no_text_raises_anything_but_an_expression_error(text: str) -> None:
    try:
        tree = parse_expression(text, OUTCOMES)
    except ExpressionError:
        return
    assert parse_expression(str(tree), OUTCOMES) == tree
