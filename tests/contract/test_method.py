"""Numbers that change need another method number, since forecasts of one number are compared with each other."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from forecast.answer import METHOD_VERSION
from forecast.model.specs import LATENTS
from tests.contract.method import FOLDER, file_of, golden_document, numbers_of

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


def test_futures_are_the_methods(kept: dict[str, Any], found: dict[str, Any]) -> None:
    assert found["futures"] == kept["numbers"]["futures"], f"the futures have changed; {TO_DO}"


def test_the_study_has_every_block() -> None:
    from forecast.model.encoding.encode import encode_study
    from forecast.study import study_from_document

    lengths = encode_study(study_from_document(golden_document())).arrays.lengths
    assert not [name for name, spec in LATENTS.items() if any(lengths[dim] == 0 for dim in spec.dims)]
