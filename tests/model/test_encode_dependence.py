"""Residual correlation and links as arrays worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.selection import Selection
from forecast.study import Study
from tests.documents import NO_POOLING, binary_outcome, event_outcome, make_study

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


def shared_study(*rows: dict[str, Any]) -> Study:
    """A class of the event `left` and the binary outcomes `a` and `b`, all correlated."""
    shape = {**SPREAD, "age_bands": [0, 12]}
    binary = [binary_outcome(id=name, pooling={"class_sd": 0, "case_sd": 0.5}) for name in ("a", "b")]
    classes = [{"id": "past", "outcome": ["a", "left", "b"], "rows": list(rows)}]
    return make_study(
        event_outcome(id="left", pooling=shape), *binary, dependence={"eta": 3}, reference_classes=classes
    )


ALL = {"entry": 0, "duration": 20, "event": 1, "a": 3, "b": 2, "trials": 5}


def test_outcomes_of_one_case_have_correlated_frailties_whatever_their_kinds() -> None:
    """Units in the order of the class; places left 0, a 1, b 2; 12 periods in the first band and 8 in the second."""
    encoded = encode_study(shared_study({"id": "x", **ALL}))
    assert [unit.outcome for unit in encoded.units] == ["a", "left", "b"]
    assert encoded.coords["frailty"] == ["past/x:left", "past/x:a", "past/x:b"]
    assert frailty_rows(encoded).tolist() == [[11, 12, 0], [1, 0, 0], [21, 22, 23]]
    assert encoded.arrays["trial_unit"].tolist() == [0, 2]
    assert (encoded.arrays["trial_yes"].tolist(), encoded.arrays["trial_n"].tolist()) == ([3, 2], [5, 5])
    assert encoded.arrays["cell_unit"].tolist() == [1, 1]
    assert encoded.arrays["cell_exposure"].tolist() == [12, 8]
    assert encoded.arrays["cell_events"].tolist() == [0, 1]
    assert (encoded.evidence_counts["cases"], encoded.evidence_counts["binary_cases"]) == (1, 1)


def test_a_case_has_no_part_in_an_outcome_of_which_it_says_nothing() -> None:
    """The first says nothing of `a`, the second of the spell; the third carries `b` alone, with a frailty of its own."""
    blank = {"duration": None, "event": None}
    encoded = encode_study(
        shared_study({"id": "x", **ALL, "a": None}, {"id": "y", **ALL, **blank}, {"id": "z", **ALL, **blank, "a": None})
    )
    assert [unit.label for unit in encoded.units] == ["past/x:left", "past/x:b", "past/y:a", "past/y:b", "past/z:b"]
    assert encoded.coords["frailty"] == [
        *("past/x:left", "past/x:a", "past/x:b"), *("past/y:left", "past/y:a", "past/y:b"), "past/z:b"
    ]  # fmt: skip
    rows = frailty_rows(encoded)
    assert rows[:2, :3].tolist() == [[1, 0, 0], [21, 22, 23]]
    assert rows[2:4, 3:6].tolist() == [[11, 12, 0], [21, 22, 23]]
    assert rows[4].tolist() == [0, 0, 0, 0, 0, 0, 1]
    assert encoded.arrays["trial_unit"].tolist() == [1, 2, 3, 4]


def test_a_weighed_late_case_is_one_integral_over_what_it_carries_and_one_over_what_might_have_ended_it() -> None:
    """Yes and trials on the axes of a and b, spans on that of the event; the time before entry concerns the event alone."""
    arrays = encode_study(shared_study({"id": "x", **ALL, "entry": 5, "weight": 0.4})).arrays
    assert arrays.lengths["cell"] == arrays.lengths["trial"] == arrays.lengths["frailty"] == 0
    assert arrays["integral_power"].tolist() == [0.4, -0.4]
    assert arrays["integral_unit"].tolist() == [[1, 2, 3], [2, 0, 0]]
    assert arrays["integral_row"].tolist() == [[1, 0, 2], [0, 0, 0]]
    assert arrays["integral_yes"].tolist() == [[3, 1, 2], [0, 0, 0]]
    assert arrays["integral_n"].tolist() == [[5, 0, 5], [0, 0, 0]]
    assert arrays["span_integral"].tolist() == [0, 0, 1]
    assert arrays["span_axis"].tolist() == [1, 1, 0]
    assert arrays["span_exposure"].tolist() == [12, 8, 5]


def test_a_late_case_of_full_weight_is_divided_by_the_chance_of_its_spell() -> None:
    arrays = encode_study(shared_study({"id": "x", **ALL, "entry": 5})).arrays
    assert (arrays.lengths["frailty"], arrays["integral_power"].tolist()) == (3, [-1])
    assert arrays["integral_unit"].tolist() == [[2]]


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


def test_time_after_a_cause_is_cut_where_its_link_begins_changes_and_ends() -> None:
    """At risk for ten months; the cause occurred at four, acts from six on with half of itself a month later, ends at 11."""
    outcomes = [
        event_outcome(id="cause", at_risk_since=None),
        event_outcome(id="effect", at_risk_since="2019-03-01", pooling={"age_bands": [0, 7.5]}),
        binary_outcome(),
    ]
    to = {"cause": "cause", "log_ratio": "normal(1, 0.5)", "base": "none", "half_life": 1, "delay": 2}
    arrays = encode_study(
        make_study(
            *outcomes,
            links=[{**to, "effect_on": "effect"}, {**to, "effect_on": "agreement"}],
            resolutions={
                "rows": [
                    {"outcome": "cause", "resolution": "yes", "on": "2019-07-01"},
                    {"outcome": "agreement", "resolution": "no", "on": "2019-12-01"},
                ]
            },
        )
    ).arrays
    # Ages 0-6, 6-7, 7-7.5, 7.5-8, 8-9, 9-10.
    assert arrays["history_exposure"] == pytest.approx([6, 1, 0.5, 0.5, 1, 1])
    pressed = zip(arrays["press_history"], arrays["press_verdict"], arrays["press_link"], strict=True)
    assert list(pressed) == [(2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 0), (6, 0, 0), (0, 1, 1)]
    # The answer came three months after the effect had begun.
    assert arrays["press_share"] == pytest.approx([2**-0.5, 2**-1.5, 2**-1.5, 2**-2.5, 2**-3.5, 2**-3.0])
