"""Named arrays are refused before they reach compiled code, which would read past their ends."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.model.arrays import ARRAYS, ModelArrays, smallest_arrays


def changed(**arrays: object) -> dict[str, object]:
    return {**smallest_arrays(), **arrays}


def test_the_smallest_study_is_one_outcome_with_a_prior() -> None:
    arrays = smallest_arrays()
    assert arrays.lengths["outcome"] == 1
    assert arrays.parameters == 7
    assert set(arrays) == set(ARRAYS)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"mu_loc": [[0.0]]}, "dims"),
        ({"mu_loc": [0.0, 1.0]}, "length"),
        ({"mu_loc": [np.nan]}, "not finite"),
        ({"mu_scale": [np.inf]}, "not finite"),
        ({"mu_scale": [-1.0]}, "at least 0"),
        ({"level_outcome": [3], "present_weights": [[1.0]]}, "points to 3"),
        ({"level_outcome": [-1], "present_weights": [[1.0]]}, "points to -1"),
    ],
)
def test_bad_arrays_are_refused(arrays: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ModelArrays(changed(**arrays), frailties=0)  # type: ignore[arg-type]


def test_a_frailty_index_may_be_zero_for_none_but_not_past_the_end() -> None:
    arrays = changed(
        level_outcome=[0], present_weights=[[1.0]], unit_level=[0], unit_frailty=[2], unit_covariates=np.zeros((1, 0))
    )
    with pytest.raises(ValueError, match="unit_frailty"):
        ModelArrays(arrays, frailties=1)  # type: ignore[arg-type]
    assert ModelArrays(arrays, frailties=2).lengths["frailty"] == 2  # type: ignore[arg-type]


def test_missing_and_unknown_arrays_are_named() -> None:
    arrays = dict(smallest_arrays())
    arrays["nonsense"] = arrays.pop("mu_loc")
    with pytest.raises(ValueError, match=r"nonsense.*mu_loc"):
        ModelArrays(arrays, frailties=0)
