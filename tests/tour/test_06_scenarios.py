"""A scenario is a sentence about outcomes; its probability is the share of simulated futures in which it is true.

The words are outcome ids, `and`, `or`, `not`, `by(outcome, when)` and `before(one, other)`. All scenarios are counted over
the same futures, so their probabilities fit together.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from forecast.errors import ExpressionError
from forecast.futures.query import QueryError, QueryRequest, answer_query
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import StoredFutures
from forecast.study import And, By, Calendar, Not, Occurs, Or, Period, parse_expression
from tests.futures.present import make_present

IDS = ("leaves", "stays", "talks")  # two ways in which a mission ends, and whether there are talks by July


@pytest.fixture(scope="module")
def stored() -> StoredFutures:
    """Futures of a year, as the file draws.nc of a forecast holds them."""
    monthly = [[0.05] * 12, [0.02] * 12, [0.0] * 12]
    case = make_present(monthly, groups=[0, 0, 2], yes={2: 0.3}, resolves=[12, 12, 6], draws=1000)
    case = replace(case, outcomes=IDS)
    calendar = Calendar(Period.MONTH, date(2021, 1, 1))
    return StoredFutures(calendar, 12, case, simulate_futures(case, replicates=5, seed=1), 1, ())


def probability(stored: StoredFutures, sentence: str) -> float:
    return answer_query(stored, QueryRequest(expression=sentence)).probability


def test_a_sentence_is_read_into_a_tree_and_never_run_as_code() -> None:
    read = parse_expression("not talks or by(leaves, 6) and stays", IDS)
    # `not` binds closest, then `and`, then `or`.
    assert read == Or((Not(Occurs("talks")), And((By("leaves", 6.0), Occurs("stays")))))
    assert parse_expression(str(read), IDS) == read


def test_a_mistake_is_shown_where_it_is() -> None:
    with pytest.raises(ExpressionError, match=r"position 9: 'leavs' .* 'leaves'") as caught:
        parse_expression("not (by(leavs, 6))", IDS)
    assert caught.value.position == 9


def test_probabilities_of_one_set_of_futures_fit_together(stored: StoredFutures) -> None:
    assert probability(stored, "not leaves") == pytest.approx(1 - probability(stored, "leaves"))
    ways = [probability(stored, sentence) for sentence in ("leaves", "stays", "not leaves and not stays")]
    assert sum(ways) == pytest.approx(1)  # one of three, and never two at once
    assert probability(stored, "leaves and stays") == 0


def test_time_matters_within_the_horizon(stored: StoredFutures) -> None:
    by_month = [probability(stored, f"by(leaves, {month})") for month in range(1, 13)]
    assert by_month == sorted(by_month)
    assert by_month[5] == probability(stored, "by(leaves, 2021-07-01)")
    first, second = probability(stored, "before(talks, leaves)"), probability(stored, "before(leaves, talks)")
    assert first + second == pytest.approx(probability(stored, "talks or leaves"))
    with pytest.raises(QueryError, match="1 to 12 periods"):
        probability(stored, "by(leaves, 13)")
