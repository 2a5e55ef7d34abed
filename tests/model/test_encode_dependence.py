"""Residual correlation and links as arrays worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecast.model.encoding.encode import EncodedStudy, encode_study
from forecast.model.encoding.selection import Selection
from forecast.study import Study
from tests.documents import NO_POOLING, event_outcome, make_study

SPREAD = {**NO_POOLING, "case_sd": 0.5}
NAMES = ("a", "b", "c", "d")


def study_of(spreads: str, served: list[str], **changes: Any) -> Study:
    """Outcomes a, b, c, ...: those named in `spreads` have a residual; one class per list of served outcomes."""
    outcomes = [event_outcome(id=name, pooling=SPREAD if name in spreads else NO_POOLING) for name in NAMES]
    classes = [
        {
            "id": f"class{place}",
            "outcome": list(outcomes_of),
            "rows": [{"id": "x", "duration": 5, "event": outcomes_of[0]}],
            "event_value": {name: name for name in outcomes_of},
        }
        for place, outcomes_of in enumerate(served)
    ]
    return make_study(*outcomes, reference_classes=classes, **{"dependence": {"eta": 3}, **changes})


def frailty_rows(encoded: EncodedStudy) -> np.ndarray:
    """Dims (unit, frailty): each frailty as a combination of standard normals, for L[row, column] = 10 row + column + 1."""
    rows = np.zeros((len(encoded.units), encoded.arrays.lengths["frailty"]))
    a = encoded.arrays
    for unit, frailty, row, column in zip(
        a["term_unit"], a["term_frailty"], a["term_row"], a["term_column"], strict=True
    ):
        rows[unit, frailty] += 10 * row + column + 1
    return rows


def test_partial_correlations_join_the_outcomes_that_have_a_residual() -> None:
    """Beta shapes under LKJ(3) of three: 3 + 1/2 with the first, 3 with the second."""
    encoded = encode_study(study_of("acd", []))
    assert encoded.coords["pair"] == ["a~c", "a~d", "c~d"]
    assert encoded.arrays["pair_row"].tolist() == [2, 3, 3]
    assert encoded.arrays["pair_column"].tolist() == [0, 0, 2]
    assert encoded.arrays["pair_shape"].tolist() == [3.5, 3.5, 3.0]


@pytest.mark.parametrize("changes", [{"dependence": None}, {"spreads": "b"}, {"spreads": ""}])
def test_without_the_block_or_without_two_residuals_nothing_is_correlated(changes: dict[str, Any]) -> None:
    encoded = encode_study(study_of(**{"spreads": "ab", "served": ["ab"], **changes}))
    assert encoded.arrays.lengths["pair"] == 0
    assert set(encoded.arrays["term_row"].tolist()) <= {0}
    assert set(encoded.arrays["term_column"].tolist()) <= {0}


def test_a_case_that_carries_several_outcomes_has_the_rows_of_the_cholesky_factor() -> None:
    """Case of b and d among the correlated a, b, d: a standard normal for each; d = L_da e_a + L_db e_b + L_dd e_d."""
    encoded = encode_study(study_of("abd", ["bd"]))
    assert encoded.coords["frailty"] == ["class0/x:a", "class0/x:b", "class0/x:d"]
    assert [unit.outcome for unit in encoded.units] == ["b", "d"]
    assert frailty_rows(encoded).tolist() == [[11, 12, 0], [31, 32, 34]]


def test_a_case_needs_no_standard_normal_beyond_its_last_outcome() -> None:
    encoded = encode_study(study_of("abd", ["ab", "da"]))
    assert encoded.coords["frailty"] == [
        "class0/x:a", "class0/x:b", "class1/x:a", "class1/x:b", "class1/x:d"
    ]  # fmt: skip
    assert frailty_rows(encoded).tolist() == [
        [1, 0, 0, 0, 0],
        [11, 12, 0, 0, 0],
        [0, 0, 31, 32, 34],
        [0, 0, 1, 0, 0],
    ]


def test_a_case_of_one_correlated_outcome_has_a_frailty_of_its_own() -> None:
    """Its variance is 1 either way; an outcome without a residual has none."""
    encoded = encode_study(study_of("abd", ["bc", "d"]))
    assert encoded.coords["frailty"] == ["class0/x:b", "class1/x:d"]
    assert frailty_rows(encoded).tolist() == [[1, 0], [0, 0], [0, 1]]


def test_links_keep_their_order_and_labels() -> None:
    links = [
        {"cause": "c", "effect_on": "a", "log_ratio": "normal(0.7, 0.3)"},
        {"cause": "a", "effect_on": "b", "log_ratio": "normal(-0.2, 0.1)"},
    ]
    study = study_of("ab", ["ab"], links=links)
    encoded = encode_study(study)
    assert encoded.links == (("c", "a"), ("a", "b"))
    assert encoded.coords["link"] == ["a<-c", "b<-a"]
    assert encoded.arrays["link_loc"].tolist() == [0.7, -0.2]
    assert encoded.arrays["link_scale"].tolist() == [0.3, 0.1]
    without = encode_study(study, Selection(links=False))
    assert (without.arrays.lengths["link"], without.arrays.lengths["pair"]) == (0, 0)
    assert without.coords["frailty"] == ["class0/x:a", "class0/x:b"]
