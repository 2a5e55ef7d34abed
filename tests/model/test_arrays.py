"""Named arrays are refused before they reach compiled code, which would read past their ends."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.model.arrays import (
    ModelArrays,
    empty_arrays,
    probe_arrays,
    smallest_arrays,
)
from forecast.model.latent_specs import LATENTS
from forecast.model.specs import ARRAYS, DIMS


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


def one_count(**arrays: object) -> dict[str, object]:
    """The smallest study with one indicator that no factor drives, seen in one month."""
    filled = {**empty_arrays(outcome=1, variant=1, past_period=1, indicator=1, count=1), "present_new": [1.0]}
    return {**filled, **arrays}


def test_an_index_that_may_be_none_is_counted_from_one() -> None:
    assert ModelArrays(one_count(), frailties=0).lengths["factor"] == 0  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"indicator_factor points to 1\.\.1; expected 0\.\.0 of factor_or_none"):
        ModelArrays(one_count(indicator_factor=[1]), frailties=0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"count_period points to 1\.\.1; expected 0\.\.0 of past_period"):
        ModelArrays(one_count(count_period=[1]), frailties=0)  # type: ignore[arg-type]


def test_a_frailty_that_does_not_exist_is_refused() -> None:
    cases = empty_arrays(outcome=1, level=1, unit=1, term=1, frailty=0)
    cases["term_frailty"] = np.array([1])
    with pytest.raises(ValueError, match="term_frailty points to 1"):
        ModelArrays(cases, frailties=1)
    assert ModelArrays(cases, frailties=2).lengths["frailty"] == 2


def test_the_probe_fills_every_block() -> None:
    probe = probe_arrays()
    assert set(probe.lengths) == set(DIMS)
    assert {dim for dim, size in probe.lengths.items() if size != 1} == {"outcome", "variant", "world"}
    assert probe.parameters == sum(2 if "outcome" in spec.dims else 1 for spec in LATENTS.values())


def test_an_unknown_dim_is_named() -> None:
    with pytest.raises(ValueError, match="unknown dims \\['outcomes'\\]"):
        empty_arrays(outcomes=1)


def test_missing_and_unknown_arrays_are_named() -> None:
    arrays = dict(smallest_arrays())
    arrays["nonsense"] = arrays.pop("mu_loc")
    with pytest.raises(ValueError, match=r"nonsense.*mu_loc"):
        ModelArrays(arrays, frailties=0)
