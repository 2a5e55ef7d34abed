"""An indicator is a count that comes every month; a factor is the state of affairs that moves it.

A factor is never seen itself. Counts that rise together say that it is high, and a high factor makes outcomes more likely,
or less. It wanders back to its mean, so a bad month matters for the near future most.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecast.futures.simulation import simulate_futures
from forecast.model.encoding.encode import encode_study
from forecast.study import study_from_document
from tests.documents import document, event_outcome
from tests.futures.present import make_present

TENSION: dict[str, Any] = {
    "as_of": "2020-01-10",
    "factors": [{"id": "tension", "effects": {"exit": "normal(0.5, 0.25)"}}],  # one more step of it: 1.6 times the rate
    "indicators": [
        {
            "id": "incidents",
            "factor": "tension",
            "rows": [
                {"period": "2019-10", "value": 0},  # quiet: a count like any other
                {"period": "2019-11", "value": None},  # not known: no count at all
                {"period": "2019-12", "value": 7, "exposure": 0.5},  # half of the month was watched
                {"period": "2020-01", "value": 3},  # the month is not over yet
            ],
        },
        {"id": "meetings", "factor": "tension", "direction": -1, "rows": [{"period": "2019-12", "value": 2}]},
    ],
}


def test_a_quiet_month_is_evidence_and_an_unknown_one_is_none() -> None:
    encoded = encode_study(study_from_document(document(event_outcome(), **TENSION)))
    assert encoded.coords["past_period"] == ["2019-10-01", "2019-11-01", "2019-12-01"]
    seen = encoded.arrays["count_indicator"] == encoded.indicators.index("incidents")
    assert encoded.arrays["count_value"][seen].tolist() == [0, 7]
    assert encoded.arrays["count_period"][seen].tolist() == [0, 2]
    assert np.exp(encoded.arrays["count_log_exposure"][seen]) == pytest.approx([1, 0.5])


def test_a_direction_says_which_way_a_count_goes_when_the_factor_rises() -> None:
    arrays = encode_study(study_from_document(document(event_outcome(), **TENSION))).arrays
    incidents, meetings = arrays["loading_scale"]
    assert incidents == -meetings > 0


def test_without_counts_a_factor_says_nothing() -> None:
    unwatched = {"id": "incidents", "factor": "tension", "rows": [{"period": "2019-12", "value": None}]}
    encoded = encode_study(study_from_document(document(event_outcome(), **{**TENSION, "indicators": [unwatched]})))
    assert (encoded.factors, encoded.indicators) == ((), ())


def test_a_bad_month_matters_most_for_the_months_after_it() -> None:
    def share(state: float) -> np.ndarray:
        case = make_present([[0.02] * 24], states={"tension": (state, 0.8)}, effects={(0, "tension"): 0.5}, draws=2000)
        times = simulate_futures(case, replicates=20, seed=1).times
        return np.array([np.mean((start < times) & (times <= start + 6)) for start in (0, 18)])

    early, late = share(2.0) / share(0.0)
    assert early > 1.3
    assert late == pytest.approx(1.0, abs=0.1)
