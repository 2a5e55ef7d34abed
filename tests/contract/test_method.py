"""Numbers that change need another method number, since forecasts of one number are compared with each other."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest

from forecast.answer import METHOD_VERSION
from forecast.model.encoding.encode import encode_study
from forecast.model.latent_specs import LATENTS
from forecast.study import OutcomeKind, study_from_document
from forecast.summary.posterior import ROLLED_FORWARD
from tests.contract.method import FOLDER, file_of, golden_document, numbers_of, with_new_sections
from tests.contract.method.futures import CHAINS, DRAWS, REPLICATES, counts_of

pytestmark = pytest.mark.program

TO_DO = "give METHOD_VERSION another number and run `python -m tests.contract.method`, if the numbers are to change"


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    assert file_of(METHOD_VERSION).is_file(), f"no numbers are kept for method {METHOD_VERSION}; {TO_DO}"
    found: dict[str, Any] = json.loads(file_of(METHOD_VERSION).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def found(kept: dict[str, Any]) -> dict[str, Any]:
    return numbers_of(kept["document"])


def test_one_method_is_kept() -> None:
    assert [file.name for file in FOLDER.glob("*.json")] == [file_of(METHOD_VERSION).name]


@pytest.mark.parametrize("part", ["log_density", "gradient"])
def test_the_density_is_the_methods(kept: dict[str, Any], found: dict[str, Any], part: str) -> None:
    assert np.shape(found[part]) == np.shape(kept["numbers"][part])
    assert np.allclose(found[part], kept["numbers"][part], rtol=1e-9, atol=1e-11), f"{part} has changed; {TO_DO}"


def test_draws_from_the_prior_are_the_methods(kept: dict[str, Any], found: dict[str, Any]) -> None:
    before, now = kept["numbers"]["prior"], found["prior"]
    assert set(now) == set(before), f"the prior has other variables; {TO_DO}"
    for name, values in before.items():
        assert np.shape(now[name]) == np.shape(values), f"{name} has another shape; {TO_DO}"
        assert np.allclose(now[name], values, rtol=1e-9, atol=1e-11), f"the prior of {name} has changed; {TO_DO}"


def test_futures_are_the_methods(kept: dict[str, Any]) -> None:
    futures = kept["futures"]
    assert counts_of(futures["document"], futures["draws"]) == futures["counts"], f"the futures have changed; {TO_DO}"


def test_the_study_has_every_block() -> None:
    lengths = encode_study(study_from_document(golden_document())).arrays.lengths
    assert not [name for name, spec in LATENTS.items() if any(lengths[dim] == 0 for dim in spec.dims)]


def test_the_futures_are_of_every_kind_of_outcome_and_of_all_that_moves_one(kept: dict[str, Any]) -> None:
    futures = kept["futures"]
    encoded = encode_study(study_from_document(futures["document"]))
    outcomes = encoded.study.outcomes
    assert {outcome.kind for outcome in outcomes} == set(OutcomeKind)
    groups = Counter(outcome.competes for outcome in outcomes if outcome.competes)
    assert max(groups.values()) > 1, "none compete"
    assert encoded.links
    assert encoded.effects
    assert set(futures["draws"]) == set(ROLLED_FORWARD)
    for name, counts in futures["counts"].items():
        assert 0 < counts[-1] < CHAINS * DRAWS * REPLICATES, f"{name} says nothing"


def test_a_section_is_added_under_the_same_number_and_none_is_changed() -> None:
    before = {"document": {"study": "small"}, "numbers": [0.5]}
    assert with_new_sections(before, {**before, "futures": [3]}) == {**before, "futures": [3]}
    for changed in ({**before, "numbers": [0.6]}, {"document": before["document"], "futures": [3]}):
        with pytest.raises(ValueError, match="numbers would change"):
            with_new_sections(before, changed)
