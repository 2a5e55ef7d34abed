"""The study object: digest, canonical form, other dates and settings."""

from __future__ import annotations

import json
import pickle
from datetime import date
from pathlib import Path
from typing import Any

import pydantic
import pytest

from forecast.errors import StudyError
from forecast.study import (
    By,
    SamplerSettings,
    Study,
    load_study,
    study_from_bytes,
    study_from_document,
    with_as_of,
    with_sampler,
)


def reordered(value: Any) -> Any:
    """The same data with every key order turned round."""
    if isinstance(value, dict):
        return {key: reordered(item) for key, item in reversed(value.items())}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_defaults() -> None:
    settings = SamplerSettings()
    assert settings.model_dump() == {
        "draws": None, "max_draws": None, "target_mcse": None, "tune": None, "chains": 4, "target_accept": None,
        "seed": None, "futures_per_draw": 5,
    }  # fmt: skip
    assert (settings.least_draws, settings.most_draws, settings.warm_up) == (1000, 8000, 400)
    assert settings.acceptances == (0.9, 0.97, 0.99)


@pytest.mark.parametrize(
    ("settings", "affordable", "numbers"),
    [
        ({}, 9000, [1000, 2000, 4000, 8000]),
        ({}, 3000, [1000, 2000, 3000]),
        ({}, 10, [1000]),
        ({"max_draws": 1500}, 9000, [1000, 1500]),
        ({"max_draws": 300}, 9000, [300]),
        ({"draws": 700}, 9000, [700]),
        ({"draws": 9000}, 100, [9000]),
    ],
)
def test_draws_are_counted_at_fixed_numbers(settings: dict[str, int], affordable: int, numbers: list[int]) -> None:
    assert list(SamplerSettings(**settings).checkpoints(affordable)) == numbers


@pytest.mark.parametrize("other", [{"max_draws": 2000}, {"target_mcse": 0.005}])
def test_as_many_draws_and_as_many_as_needed_contradict_each_other(
    document: dict[str, Any], other: dict[str, float]
) -> None:
    with pytest.raises(StudyError, match="expected one of them; remove the other"):
        study_from_document({**document, "sampler": {"draws": 500, **other}})


def test_default_age_bands_follow_the_horizon(document: dict[str, Any]) -> None:
    study = study_from_document(document)
    assert study.outcome("withdrawal").bands(24) == (0, 6, 12, 24, 48, 96)
    document["outcomes"][0]["pooling"] = {"age_bands": [0, 3]}
    assert study_from_document(document).outcome("withdrawal").bands(24) == (0, 3)


def test_an_unknown_outcome_is_a_key_error(document: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match="withdrawal, agreement"):
        study_from_document(document).outcome("x")


def test_an_outcome_resolves_by_its_date_or_the_horizon(document: dict[str, Any]) -> None:
    study = study_from_document(document)
    assert study.resolves_by("withdrawal") == date(2023, 9, 10)
    assert study.resolves_by("agreement") == date(2022, 9, 10)


def test_the_digest_does_not_depend_on_key_order_form_or_number_style(dated: dict[str, Any]) -> None:
    study = study_from_document(dated)
    assert len(study.digest) == 64
    assert study_from_document(reordered(dated)).digest == study.digest
    assert study_from_bytes(json.dumps(dated).encode(), "application/json").digest == study.digest
    assert study_from_bytes(json.dumps(dated).encode(), "application/yaml").digest == study.digest
    assert study_from_document({**dated, "horizon": 24.0}).digest == study.digest
    assert study_from_document({**dated, "as_of": date(2021, 9, 10)}).digest == study.digest
    assert study_from_document({**dated, "title": "Another"}).digest != study.digest


def test_the_digest_is_the_same_for_a_table_and_its_inlined_rows(dated: dict[str, Any], tmp_path: Path) -> None:
    rows = dated["reference_classes"][0].pop("rows")
    lines = [",".join(rows[0])] + [",".join("" if cell is None else str(cell) for cell in row.values()) for row in rows]
    (tmp_path / "cases.csv").write_text("\n".join(lines))
    dated["reference_classes"][0]["table"] = "cases.csv"
    (tmp_path / "study.json").write_text(json.dumps(dated))
    beside = load_study(tmp_path / "study.json")
    inlined = {**dated, "reference_classes": [{**dated["reference_classes"][0], "rows": rows}]}
    del inlined["reference_classes"][0]["table"]
    assert study_from_document(inlined).digest == beside.digest
    assert study_from_document(beside.canonical()).digest == beside.digest
    assert "table" not in beside.canonical()["reference_classes"][0]


def test_the_canonical_form_keeps_what_the_author_wrote(document: dict[str, Any]) -> None:
    study = study_from_document(document)
    assert study.canonical() == document
    study.canonical()["outcomes"].clear()
    assert study.canonical() == document


def test_a_study_is_frozen_and_can_be_pickled(dated: dict[str, Any]) -> None:
    study = study_from_document(dated)
    with pytest.raises(pydantic.ValidationError):
        study.horizon = 3  # type: ignore[misc]
    copy: Study = pickle.loads(pickle.dumps(study))
    assert (copy.digest, copy.cases) == (study.digest, study.cases)


def test_a_study_made_by_hand_says_that_it_was_never_checked(document: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="never checked"):
        _ = Study.model_validate(document).digest


def test_other_sampler_settings_are_another_checked_version(document: dict[str, Any]) -> None:
    study = study_from_document(document)
    more = with_sampler(study, draws=500, seed=7)
    assert (more.sampler.draws, more.sampler.seed, more.sampler.warm_up) == (500, 7, 400)
    assert more.digest != study.digest
    assert with_sampler(more, seed=None).canonical()["sampler"] == {"draws": 500}
    with pytest.raises(StudyError, match=r"sampler\.draws"):
        with_sampler(study, draws=1)


@pytest.mark.parametrize("since", ["2021-09-10", "2021-12-01", "2023-09-09"])
def test_the_risk_may_begin_on_the_as_of_date_or_later(document: dict[str, Any], since: str) -> None:
    document["outcomes"][0]["at_risk_since"] = since
    study = study_from_document(document)
    assert with_as_of(study, date(2021, 10, 2)).as_of == date(2021, 10, 2)


@pytest.mark.parametrize(("since", "by"), [("2023-09-10", None), ("2022-03-01", "2022-03-01")])
def test_a_risk_that_begins_when_nothing_counts_any_more_is_an_error(
    document: dict[str, Any], since: str, by: str | None
) -> None:
    document["outcomes"][0]["at_risk_since"] = since
    document["outcomes"][0]["resolution"] |= {} if by is None else {"by": by}
    with pytest.raises(StudyError, match=f"at_risk_since: {since} is not before {since}, the last day that counts"):
        study_from_document(document)


def test_an_as_of_date_before_all_evidence_is_an_error(dated: dict[str, Any]) -> None:
    del dated["outcomes"][0]["prior"]
    del dated["outcomes"][1]
    study = study_from_document(dated)
    with pytest.raises(StudyError, match="no information as of 1999-01-01"):
        with_as_of(study, date(1999, 1, 1))


def test_file_names_stay_in_messages_of_another_date(tmp_path: Path, dated: dict[str, Any]) -> None:
    del dated["reference_classes"][0]["rows"]
    dated["reference_classes"][0]["table"] = "c.csv"
    (tmp_path / "c.csv").write_text("id,start,end,how,consent\nA,2000-01-01,2001-01-01,left,1\n")
    (tmp_path / "study.json").write_text(json.dumps(dated))
    study = load_study(tmp_path / "study.json")
    assert with_as_of(study, date(2021, 1, 1)).cases[0].id == "A"


def test_scenarios_give_their_tree(document: dict[str, Any]) -> None:
    document["scenarios"] = [{"id": "soon", "title": "Soon", "when": "by(withdrawal, 12)"}]
    assert study_from_document(document).scenarios[0].expression == By("withdrawal", 12.0)
