"""Numbers that may not mean what they say are asked about: codes, other units, scales, and ranges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from forecast.study import study_from_document
from forecast.study.checks.questions import questions

Make = Callable[..., dict[str, Any]]
WEALTH = (1.2, 3.4, 22, 5.1, 88, 110, 9.9, 30)


@pytest.fixture
def asked(with_class: Make) -> Callable[..., dict[str, str]]:
    """Questions about a class of cases with one covariate, by name; not those about how the study is resolved."""

    def ask(values: Sequence[Any], present: float = 5, covariate: dict[str, Any] | None = None, **keys: Any) -> Any:
        rows = [{"successes": index % 2, "gdp": value} for index, value in enumerate(values)]
        document = with_class("agreement", rows, covariates=["gdp"], **keys)
        document["covariates"] = [{"id": "gdp", **(covariate or {})}]
        document["outcomes"][1] |= {"covariates": {"gdp": present}, "reference": {"past": 1}}
        found = questions(study_from_document(document))
        return {name: asked for name, asked in found if name not in ("no_source", "unclear_criteria", "uninformed")}

    return ask


@pytest.mark.parametrize("code", [-88, -9, -66, -77, -99, -999, 999, 9999])
def test_a_number_that_may_be_a_code_is_asked_about(asked: Callable[..., dict[str, str]], code: int) -> None:
    found = asked([code, 6, -4, 2, 9])
    assert list(found) == ["missing_code"]
    assert f"is {code} in reference_classes[0].rows[0].gdp a code" in found["missing_code"]
    assert "all others lie from -4 to 9" in found["missing_code"]
    assert f"missing: [{code}]" in found["missing_code"]


def test_a_stated_code_is_not_asked_about(asked: Callable[..., dict[str, str]]) -> None:
    assert list(asked([-88, 6, -4, 2, 9], missing=[-88])) == ["left_out"]
    assert "far_value" in asked([-88, 6, -4, 2, 9], missing={"gdp": []})
    assert asked([-9, 6, -10, 2, 9]) == {}


@pytest.mark.parametrize("value", [5e9, 111, 1.1, -3])
def test_a_present_case_outside_the_range_of_its_cases_is_named_with_the_distance(
    asked: Callable[..., dict[str, str]], value: float
) -> None:
    found = asked(WEALTH, value)
    assert list(found) == ["outside_range"]
    assert f"is {value:g}, " in found["outside_range"]
    assert "(1.2 to 110)" in found["outside_range"]
    assert asked(WEALTH, 1.2) == asked(WEALTH, 110) == {}
    distance = (5e9 - 110) / np.std(WEALTH)
    assert f"{distance:.3g} standard deviations above the highest" in asked(WEALTH, 5e9)["outside_range"]


def test_where_all_cases_are_alike_no_distance_is_told(asked: Callable[..., dict[str, str]]) -> None:
    assert "where all its cases have 3" in asked([3, 3, 3], 4, {"standardize": False})["outside_range"]


@pytest.mark.parametrize(("values", "is_far"), [
    ([1.2, 3.4, 22, 5.1, 88, 1100], True),
    ([1.2, 3.4, 22, 5.1, 88, 110], False),
    ([1, 0, 0, 0, 0, 1, 0], False),
    ([0, 0.5, 1, 1, 0, 5000], True),
    ([5, 6, 7, 8, 9, 10, -60], True),
    ([5, 6, 7, 800], False),
])  # fmt: skip
def test_a_value_far_from_all_others_is_named_with_the_distance(
    asked: Callable[..., dict[str, str]], values: list[float], is_far: bool
) -> None:
    found = asked(values, values[0])
    assert list(found) == (["far_value"] if is_far else [])
    if is_far:
        assert f"rows[{len(values) - 1}].gdp lies far" in found["far_value"]
        assert "times their range away" in found["far_value"]


def test_times_and_counts_are_far_by_their_ratio(with_class: Make) -> None:
    rows = [{"duration": value, "event": 1} for value in (24, 31, 45, 48, 303)]
    document = with_class("withdrawal", rows)
    document["indicators"] = [
        {
            "id": "d",
            "rows": [
                {"period": f"2021-0{month}", "value": value} for month, value in enumerate((3, 0, 5, 2, 1, 1200), 1)
            ],
        }
    ]
    (asked,) = [text for name, text in questions(study_from_document(document)) if name == "far_value"]
    assert asked.startswith("1200 in indicators[0].rows[5].value lies far from all others, which go from 0 to 5")
    rows[-1]["duration"] = 30_000
    found = [text for name, text in questions(study_from_document(document)) if name == "far_value"]
    assert len(found) == 2


@pytest.mark.parametrize(("values", "sd", "is_asked"), [
    (WEALTH, 1.0, True),
    (WEALTH, 0.02, False),
    ([2001, 2002, 2010], 0.5, True),
    ([0.0001, 0.0002, 0.0004], 1.0, True),
    ([0, 1, 0, 1], 1.0, False),
])  # fmt: skip
def test_a_scale_on_which_an_effect_makes_no_sense_wants_to_be_standardized(
    asked: Callable[..., dict[str, str]], values: list[float], sd: float, is_asked: bool
) -> None:
    found = asked(values, values[0], {"standardize": False, "sd": sd})
    assert list(found) == (["scale"] if is_asked else [])
    assert asked(values, values[0], {"sd": sd}) == {}


def test_percentages_beside_numbers_are_asked_about(asked: Callable[..., dict[str, str]]) -> None:
    found = asked(["40 %", 35, 20, 0.1], 1)
    assert "are 40 % in reference_classes[0].rows[0].gdp and 35 in" in found["mixed_percentages"]
    assert "mixed_percentages" not in asked(["40 %", "35 %", 0.2], 0.3)
