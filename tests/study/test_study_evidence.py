"""The evidence of a study as of its date, and what no document may do."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import StudyError
from forecast.study import (
    Study,
    resolve_judgments,
    resolve_observations,
    resolve_resolutions,
    resolve_track_records,
    study_from_document,
    with_as_of,
)

FULL: dict[str, Any] = {
    "factors": [{"id": "friction", "effects": {"withdrawal": "normal(0.3, 0.3)"}}],
    "indicators": [
        {
            "id": "incidents",
            "factor": "friction",
            "rows": [
                {"period": "2021-04", "value": 0},
                {"period": "2021-03-15", "value": 2, "exposure": 0.5, "known_at": "2021-04-05"},
                {"period": "2021-03", "value": 3, "known_at": "2021-05-05"},
                {"period": "2021-09", "value": 9},
            ],
        }
    ],
    "judgments": {
        "rows": [
            {"expert": "x", "outcome": "agreement", "by": "2022-09-10", "probability": 0, "on": "2021-05-01"},
            {
                "expert": "y",
                "outcome": "agreement",
                "by": 16,
                "probability": 1,
                "on": "2021-05-10",
                "given": "withdrawal",
            },
            {"expert": "z", "outcome": "agreement", "probability": 0.5, "on": "2021-05-01", "known_at": "2021-09-11"},
        ]
    },
    "track_records": {
        "rows": [
            {"expert": "x", "question": "q", "probability": 0.7, "outcome": 1, "on": "2020-01-01"},
            {"expert": "x", "question": "r", "probability": 0.7, "outcome": 0, "on": "2022-01-01"},
        ]
    },
    "links": [{"cause": "agreement", "effect_on": "withdrawal", "log_ratio": "normal(-0.7, 0.4)"}],
    "dependence": {"eta": 2.0},
    "resolutions": {"rows": [{"outcome": "agreement", "resolution": "no", "on": "2021-09-01"}]},
}


def test_every_block_is_read_as_of_the_date(document: dict[str, Any]) -> None:
    study = study_from_document({**document, **FULL})
    counts = [(o.period, o.value, o.exposure, o.known_at) for o in resolve_observations(study)["incidents"]]
    assert counts == [
        (date(2021, 3, 1), 3, 1.0, date(2021, 5, 5)),
        (date(2021, 4, 1), 0, 1.0, date(2021, 4, 30)),
    ]
    earlier = resolve_observations(with_as_of(study, date(2021, 4, 5)))["incidents"]
    assert [(o.value, o.exposure) for o in earlier] == [(2, 0.5)]
    assert [(j.expert, j.by, j.given) for j in resolve_judgments(study)] == [
        ("x", date(2022, 9, 10), ()),
        ("y", 16.0, (("withdrawal", True),)),
    ]
    assert [(t.question, t.outcome) for t in resolve_track_records(study)] == [("q", True)]
    assert [(r.outcome, r.resolution) for r in resolve_resolutions(study)] == [("agreement", "no")]


@pytest.mark.parametrize(
    ("block", "row", "column", "words"),
    [
        ("indicators", {"value": -1}, "value", "at least 0|from 0"),
        ("indicators", {"value": 1.5}, "value", "whole number"),
        ("indicators", {"value": 1_000_001}, "value", r"1000001 is not a whole number from 0 to 1e\+06"),
        ("indicators", {"value": 1e300}, "value", "1e.300 is not a whole number"),
        ("indicators", {"value": "many"}, "value", "'many' is not a whole number"),
        ("indicators", {"value": "nan"}, "value", "'nan' is not a whole number"),
        ("indicators", {"exposure": 0}, "exposure", "no part of the period"),
        ("indicators", {"exposure": 1.5}, "exposure", "from 0 to 1"),
        ("indicators", {"exposure": -0.5}, "exposure", "from 0 to 1"),
        ("indicators", {"period": "1971-08"}, "period", "outside the study, 601 month periods before .* at most 600"),
        ("indicators", {"period": "2071-10"}, "period", "outside the study, 601 month periods after"),
        ("indicators", {"period": "2021"}, "period", "not a month; expected a month such as 2024-01"),
        ("indicators", {"period": "March"}, "period", "is not a month"),
        ("indicators", {"period": "2021-13"}, "period", "has the month 13"),
        ("indicators", {"period": "2021-03", "known_at": "2021-02-01"}, "known_at", "is before"),
        ("indicators", {"period": "2021-03", "known_at": "2021-04-05"}, "period", "is also in"),
        ("judgments", {"probability": 1.1}, "probability", "from 0 to 1"),
        ("judgments", {"outcome": "agreemnt"}, "outcome", "did you mean 'agreement'"),
        ("judgments", {"given": "agreement"}, "given", "given itself"),
        ("judgments", {"by": "2021-04-01"}, "by", "is before"),
        ("judgments", {"by": 25}, "by", "from 1 to 24"),
        ("judgments", {"expert": ""}, "expert", "blank"),
        ("judgments", {"on": ""}, "on", "blank"),
        ("judgments", {"known_at": "2021-04-01"}, "known_at", "is before"),
        ("track_records", {"outcome": 0.5}, "outcome", "whole number"),
        ("track_records", {"probability": "often"}, "probability", "not a number"),
        ("resolutions", {"resolution": "maybe"}, "resolution", "yes, no, ambiguous or annulled"),
        ("resolutions", {"outcome": "x"}, "outcome", "unknown"),
        ("resolutions", {"on": "soon"}, "on", "not a date"),
    ],
)
def test_a_bad_row_of_evidence_is_an_error(
    document: dict[str, Any], block: str, row: dict[str, Any], column: str, words: str
) -> None:
    full = json.loads(json.dumps({**document, **FULL}))
    rows = (full[block][0] if block == "indicators" else full[block])["rows"]
    rows.append({**rows[0], **row})
    with pytest.raises(StudyError, match=words) as caught:
        study_from_document(full)
    where = "indicators[0]" if block == "indicators" else block
    assert [error.path for error in caught.value.errors] == [f"{where}.rows[{len(rows) - 1}].{column}"]


def test_a_missing_column_of_evidence_is_an_error(document: dict[str, Any]) -> None:
    document["resolutions"] = {"rows": [{"outcome": "agreement", "resolutoin": "yes", "on": "2021-01-01"}]}
    with pytest.raises(StudyError, match="did you mean 'resolutoin'"):
        study_from_document(document)


def test_importing_the_package_loads_no_science_and_no_data_frames() -> None:
    heavy = "pymc pytensor numba nutpie polars pandas scipy numpy lark sqlalchemy celery fastapi"
    code = f"import sys, forecast.study; print([m for m in {heavy.split()} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted(Study.model_fields)


@given(st.data())
def test_no_document_raises_anything_but_a_study_error(data: st.DataObject) -> None:
    document: dict[str, Any] = {
        "study": "strait", "title": "T", "as_of": "2021-09-10", "period": "month", "horizon": 24,
        "outcomes": [{"id": "withdrawal", "title": "W", "kind": "event", "resolution": {"criteria": "c"},
                      "prior": {"distribution": "normal(-4, 1)"}},
                     {"id": "agreement", "title": "A", "kind": "event", "resolution": {"criteria": "c"},
                      "prior": {"distribution": "normal(-4, 1)"}}],
        **json.loads(json.dumps(FULL)),
        "reference_classes": [{"id": "c", "outcome": "withdrawal", "rows": [{"duration": 1, "event": 1}],
                               "where": {}, "columns": {}, "event_value": {"withdrawal": 1}}],
        "scenarios": [{"id": "s", "title": "S", "when": "withdrawal"}],
    }  # fmt: skip
    at: Any = document
    while True:  # replace a value at a random place
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else list(range(len(at)))))
        inner = at[key]
        if not (isinstance(inner, dict | list) and inner) or data.draw(st.integers(0, 5)) == 0:
            at[key] = data.draw(json_values)
            break
        at = inner
    try:
        study = study_from_document(document)
    except StudyError as error:
        unplaced = [item for item in error.errors if not item.path and item.code != "more_errors"]
    else:
        unplaced = []
        assert study_from_document(study.canonical()).digest == study.digest
    assert not unplaced


def test_a_count_that_is_no_number_is_an_error(document: dict[str, Any]) -> None:
    rows = [{"period": "2021-03", "value": float("nan")}]
    with pytest.raises(StudyError, match=r"indicators\[0\]\.rows\[0\]\.value: nan is not a finite number"):
        study_from_document({**document, "indicators": [{"id": "incidents", "rows": rows}]})


def test_counts_at_the_limits_are_read(document: dict[str, Any]) -> None:
    rows = [{"period": "1971-09", "value": 1_000_000, "exposure": 0.001}, {"period": "2071-09", "value": 1}]
    study = study_from_document({**document, "indicators": [{"id": "incidents", "rows": rows}]})
    assert [(o.period, o.value, o.exposure) for o in resolve_observations(study)["incidents"]] == [
        (date(1971, 9, 1), 1_000_000, 0.001)
    ]


def test_a_whole_period_counts_once_it_is_over(document: dict[str, Any]) -> None:
    rows = [{"period": "2021-08", "value": 4}, {"period": "2021-09", "value": 7}]
    study = study_from_document({**document, "indicators": [{"id": "incidents", "rows": rows}]})
    assert [o.value for o in resolve_observations(study)["incidents"]] == [4]
    over = with_as_of(study, date(2021, 9, 30))
    assert [o.value for o in resolve_observations(over)["incidents"]] == [4, 7]
    assert [o.period for o in resolve_observations(over)["incidents"]][-1] == over.calendar.last_complete_period()[0]


def test_a_blank_count_is_not_observed_and_not_zero(document: dict[str, Any]) -> None:
    rows = [
        {"period": "2021-01", "value": 0},
        {"period": "2021-02", "value": None},
        {"period": "2021-03", "value": 4},
        {"period": "2021-03", "value": None, "known_at": "2021-06-01"},
    ]
    study = study_from_document({**document, "indicators": [{"id": "incidents", "rows": rows}]})
    assert [(o.period, o.value) for o in resolve_observations(study)["incidents"]] == [(date(2021, 1, 1), 0)]
    before = resolve_observations(with_as_of(study, date(2021, 5, 1)))["incidents"]
    assert [(o.period.month, o.value) for o in before] == [(1, 0), (3, 4)]
