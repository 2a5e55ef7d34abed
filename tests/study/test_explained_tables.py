"""The examples that explain the columns of tables are read as their words say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.study import (
    Case,
    Count,
    Spell,
    Stage,
    Trial,
    resolve_judgments,
    resolve_observations,
    resolve_resolutions,
    resolve_track_records,
    study_from_document,
)
from forecast.study.document.column import Example
from forecast.study.document.columns import CASES, INDICATORS, JUDGMENTS, RESOLUTIONS, TRACK_RECORDS
from forecast.study.reading.csv_table import read_csv
from forecast.study.reading.yaml_reader import read_yaml

EXAMPLES = {example.title: example for example in CASES.examples}


def block(example: Example) -> dict[str, Any]:
    """A block with the example's table and what stands beside it."""
    rows = [dict(row) for row in read_csv(example.text.encode(), "example.csv")]
    return {**(read_yaml(example.fields.encode()) or {}), "rows": rows}


def cases(document: dict[str, Any], outcome: str, title: str) -> dict[str, Case]:
    found = {"id": "past", "outcome": outcome, **block(EXAMPLES[title])}
    document["reference_classes"] = [found]
    document["covariates"] = [{"id": name} for name in found.get("covariates", [])]
    return {case.id: case for case in study_from_document(document).cases}


def test_days_count_from_the_origin_and_else_from_entry(document: dict[str, Any]) -> None:
    found = cases(document, "withdrawal", "Days")
    north, south, east = (found[name].data for name in ("north", "south", "east"))
    assert isinstance(north, Spell)
    assert (north.entry, north.event) == (0, "withdrawal")
    assert north.exit == pytest.approx(45 + 21 / 31)
    assert isinstance(south, Spell)
    assert (south.event, south.exited) == (None, date(2021, 9, 10))
    assert isinstance(east, Spell)
    assert (east.entry, east.event) == (24.0, None)
    assert east.exit == pytest.approx(24 + 31 + 9 / 29, abs=0.1)


def test_durations_count_from_the_beginning_of_the_clock(document: dict[str, Any]) -> None:
    found = cases(document, "withdrawal", "Durations")
    assert found["A"].data == Spell(0, 20, "withdrawal")
    assert found["B"].data == Spell(0, 52, None)
    assert found["C"].data == Spell(0, 30, "withdrawal")
    assert found["C"].stages == (Stage(0, 12, {"consent": 0.0}), Stage(12, 30, {"consent": 1.0}))


def test_counts_and_successes(document: dict[str, Any]) -> None:
    found = cases(document, "withdrawal", "Counts")
    assert [case.data for case in found.values()] == [Count(94.3, 5), Count(10, 0, 12)]
    found = cases(document, "agreement", "Successes")
    assert {name: (case.data, case.weight) for name, case in found.items()} == {
        "Haifa": (Trial(3, 10), 0.5),
        "Oslo": (Trial(1, 1), 1.0),
    }


def test_counts_by_month(document: dict[str, Any]) -> None:
    document["indicators"] = [{"id": "incidents", **block(INDICATORS.examples[0])}]
    found = resolve_observations(study_from_document(document))["incidents"]
    assert [(seen.period.isoformat(), seen.value, seen.exposure) for seen in found] == [
        ("2021-06-01", 15, 1.0),
        ("2021-07-01", 9, 0.5),
    ]


def test_what_experts_say_and_how_it_turned_out(document: dict[str, Any]) -> None:
    document["judgments"] = block(JUDGMENTS.examples[0])
    document["track_records"] = block(TRACK_RECORDS.examples[0])
    study = study_from_document(document)
    assert [
        (said.expert, said.probability, said.by_day.isoformat(), said.given) for said in resolve_judgments(study)
    ] == [
        ("Ada", 0.2, "2022-09-01", ()),
        ("Ada", 0.3, "2023-09-01", ()),
        ("Crowd", 0.4, "2023-09-10", (("agreement", True),)),
    ]
    assert [(said.expert, said.probability, said.outcome) for said in resolve_track_records(study)] == [
        ("Ada", 0.7, True),
        ("Ben", 0.4, True),
    ]
    document["resolutions"] = block(RESOLUTIONS.examples[0])
    (resolved,) = resolve_resolutions(study_from_document(document))
    assert (resolved.outcome, resolved.resolution, resolved.on) == ("agreement", "yes", date(2021, 8, 30))
    assert resolved.known_at == date(2021, 9, 2)
