"""Quantities as documents state them: their scale, their tables, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forecast.errors import StudyError
from forecast.study import (
    parse_expression,
    resolve_quantiles,
    resolve_values,
    study_from_document,
    value_of,
    with_as_of,
)
from forecast.study.checks.left_out import rows_left_out
from forecast.study.document.quantity_scale import QuantityScale
from tests.documents import event_outcome
from tests.quantities import quantiles, quantity, quantity_document, values

triples = st.tuples(st.floats(-50, 50), st.floats(0.1, 20), st.floats(0.06, 15), st.booleans())


@given(triples)
def test_the_scale_has_the_stated_quantiles_and_is_its_own_inverse(triple: tuple[float, float, float, bool]) -> None:
    middle, width, ratio, is_log = triple
    low, median, high = middle - width, middle, middle + ratio * width
    if is_log:
        low, median, high = np.exp(np.array([low, median, high]) / 10)
    scale = QuantityScale.through(low, median, high, 0.9, is_log=is_log)
    place = stats.norm.ppf(0.95)
    assert scale.numbers([-place, 0.0, place]) == pytest.approx([low, median, high], rel=1e-9, abs=1e-9)
    w = np.linspace(-6.0, 6.0, 61)
    numbers = scale.numbers(w)
    if is_log:
        w, numbers = w[np.abs(np.log(numbers)) < 500.0], numbers[np.abs(np.log(numbers)) < 500.0]
    assert np.all(np.diff(numbers) > 0.0)
    assert scale.places(numbers) == pytest.approx(w, rel=1e-6, abs=1e-6)


def test_it_stands_among_the_outcomes_or_beside_them() -> None:
    among = study_from_document(quantity_document(event_outcome(), quantity()))
    beside = study_from_document(quantity_document(event_outcome(), quantities=[quantity()]))
    assert [outcome.id for outcome in among.outcomes] == ["exit"]
    assert [found.id for found in among.quantities] == ["refugees"]
    assert among.digest == beside.digest
    assert study_from_document(among.canonical()).digest == among.digest
    assert [found.id for found in study_from_document(quantity_document()).quantities] == ["refugees"]
    alone = {key: value for key, value in quantity_document().items() if key != "outcomes"}
    assert (
        study_from_document({**alone, "quantities": [quantity()]}).digest
        == study_from_document(quantity_document()).digest
    )


def test_every_row_that_is_not_used_is_named() -> None:
    first = values(9000.0, 30_000.0, 40_000.0)["rows"]
    rows = [{"known_at": None, "weight": None, **row} for row in first]
    rows[1]["weight"], rows[2]["known_at"] = 0, "2020-06-01"
    said = quantiles(("ann", 0.5, 8000.0), on="2019-01-01")["rows"] + quantiles(("ann", 0.5, 9000.0))["rows"]
    study = study_from_document(quantity_document(values={"rows": rows}, quantiles={"rows": said}))
    words = " ".join(rows_left_out(study))
    assert "values.rows[1]" in words
    assert "values.rows[2]" in words
    assert "quantiles.rows[0]" in words
    assert "quantiles.rows[1]" not in words


def test_a_study_may_be_looked_at_before_its_cases_were_known() -> None:
    rows = [{**row, "known_at": "2019-06-01"} for row in values(9000.0)["rows"]]
    study = study_from_document(quantity_document(quantity(reference={"wars": 0.5}), values={"rows": rows}))
    assert resolve_values(with_as_of(study, date(2019, 1, 1))) == ()


def test_a_document_asks_of_something() -> None:
    with pytest.raises(StudyError, match="neither outcomes nor quantities"):
        study_from_document({**quantity_document(), "outcomes": []})


def test_what_was_said_last_and_known_counts() -> None:
    early = quantiles(("ann", 0.5, 9000.0), ("bob", 0.5, 8000.0), on="2019-01-01")["rows"]
    late = quantiles(("ann", 0.5, 30000.0), ("ann", 0.9, 70000.0))["rows"]
    later = [{**late[0], "expert": "cat", "known_at": "2021-01-01"}]
    rows = [{**row, "known_at": row.get("known_at")} for row in (*early, *late, *later)]
    study = study_from_document(quantity_document(quantiles={"rows": rows}, values=values(10.0, 20.0)))
    said = [(found.expert, found.quantile, found.value) for found in resolve_quantiles(study)]
    assert said == [("bob", 0.5, 8000.0), ("ann", 0.5, 30000.0), ("ann", 0.9, 70000.0)]
    assert [found.value for found in resolve_values(study)] == [10.0, 20.0]


def linear(low: float, median: float, high: float, level: float = 0.9) -> Any:
    stated = {"low": low, "median": median, "high": high, "level": level}
    return {"scale": "linear", "prior": {"value": stated}, "thresholds": []}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outcomes": [quantity(**linear(5, 5, 9))]}, "out of order"),
        ({"outcomes": [quantity(**linear(0, 1, 1000))]}, "999 times as far"),
        ({"outcomes": [quantity(**linear(0, 1, 5, level=0.1))]}, "at most 1.25 times for an interval of 0.1"),
        ({"outcomes": [quantity(**linear(0, 1, 2, level=1e-12))]}, "0.1"),
        ({"outcomes": [quantity(**linear(0, 1, 2, level=0.9999999999999999))]}, "0.9999"),
        ({"outcomes": [quantity(thresholds=[0.0])]}, "0 on a log scale"),
        ({"outcomes": [quantity(reference={"wars": 0.7, "riots": 0.6})]}, "weights of 1.3"),
        ({"outcomes": [quantity(reference={"wars": 0.7})]}, "no row of `values` has refugees of class 'wars'"),
        ({"outcomes": [quantity(), quantity()]}, "expected different ids"),
        ({"outcomes": [event_outcome(id="refugees"), quantity()]}, "also the id of an outcome"),
        ({"outcomes": [quantity(resolution={"criteria": "c", "by": "2031-01-01"})]}, "not in the forecast"),
        ({"values": values(-3.0)}, "expected a number above 0"),
        (
            {"quantiles": quantiles(("ann", 0.5, 1e12)), "outcomes": [quantity(**linear(0, 1, 2))]},
            "expected at most 20",
        ),
        ({"values": values(3.0, of="rain")}, "'rain'"),
        ({"values": {"rows": values(3.0)["rows"] * 2}}, "has a value of refugees in"),
        ({"quantiles": quantiles(("ann", 0.5, 900.0), ("ann", 0.9, 800.0))}, "higher number for a higher quantile"),
        ({"quantiles": quantiles(("ann", 0.5, 900.0), ("ann", 0.5, 901.0))}, "states the quantile 0.5 of refugees in"),
        ({"quantiles": quantiles(("ann", 1.0, 900.0))}, "between 0 and 1"),
        ({"quantiles": quantiles(("ann", 50.0, 900.0))}, "not a number from 0 to 1"),
        ({"outcomes": [event_outcome()], "values": values(3.0)}, "the study has no quantity"),
        ({"scenarios": [{"id": "s", "title": "S", "when": "value(rain) > 3"}]}, "'value(rain)' is not a quantity"),
        ({"scenarios": [{"id": "s", "title": "S", "when": "refugees"}]}, "'refugees' is not an outcome"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as refused:
        study_from_document({**quantity_document(), **changes})
    assert any(message in error.message for error in refused.value.errors), refused.value.errors


@pytest.mark.parametrize(
    "text",
    [
        "value(a) > 3",
        "value(a) <= -2.5",
        "value(a) >= 1000000 and b",
        "not value(a) < 0.5",
        "at_least(1, value(a) > 1, b)",
    ],
)
def test_expressions_compare_it_with_a_number(text: str) -> None:
    found = parse_expression(text, ["b", value_of("a")])
    assert parse_expression(str(found), ["b", value_of("a")]) == found
    assert str(found) == text
