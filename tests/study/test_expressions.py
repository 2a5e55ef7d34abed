"""Scenario expressions: precedence, round trips, and errors that say where."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forecast.errors import ExpressionError
from forecast.study import And, Before, By, Expression, Not, Occurs, Or, parse_expression, walk

OUTCOMES = ("a", "b", "c", "order", "bye")
A, B, C = Occurs("a"), Occurs("b"), Occurs("c")
names = st.sampled_from(OUTCOMES)


def join(kind: type[And | Or], items: list[Expression]) -> Expression:
    """As the parser does: items of the same kind are merged."""
    flat = [part for item in items for part in (item.items if isinstance(item, kind) else (item,))]
    return kind(tuple(flat))


leaves = st.one_of(
    st.builds(Occurs, names),
    st.builds(By, names, st.one_of(st.dates(date(1000, 1, 1), date(2999, 12, 31)), st.floats(0.001, 600))),
    st.builds(Before, names, names),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(join, st.just(And), st.lists(inner, min_size=2, max_size=3)),
        st.builds(join, st.just(Or), st.lists(inner, min_size=2, max_size=3)),
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
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, position: int, words: str) -> None:
    with pytest.raises(ExpressionError, match=words) as caught:
        parse_expression(text, OUTCOMES)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" + " " * 2000, "2001 characters"),
        ("(" * 10_000 + "a" + ")" * 10_000, "20001 characters; expected at most 2000"),
        ("(" * 10_000, "10000 characters"),
        ("not " * 32 + "a", "33 levels"),
        (" or ".join(["a"] * 200), "201 parts"),
    ],
)
def test_an_expression_over_a_limit_is_refused(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        parse_expression(text, OUTCOMES)


def test_an_expression_at_the_limits_is_read() -> None:
    assert sum(1 for _ in walk(parse_expression(" or ".join(["a"] * 199), OUTCOMES))) == 200
    assert isinstance(parse_expression("not " * 31 + "a", OUTCOMES), Not)
    assert parse_expression("(" * 999 + "a" + ")" * 999, OUTCOMES) == A


@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                ["a", "b", "and", "or", "not", "by", "before", "(", ")", ",", "2025-11-10", "12", ".", "-", " "]
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
def test_no_text_raises_anything_but_an_expression_error(text: str) -> None:
    try:
        tree = parse_expression(text, OUTCOMES)
    except ExpressionError:
        return
    assert parse_expression(str(tree), OUTCOMES) == tree
