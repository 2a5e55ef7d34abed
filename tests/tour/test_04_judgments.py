"""A judgment is a probability that a person, a crowd or a market stated, about one outcome by one day.

It is a measurement with an error, not a vote: the model learns who is too sure and who leans one way. A track record shows
that: earlier statements beside what happened. What one expert says twice counts once.
"""

from __future__ import annotations

import numpy as np
import pytest

from forecast.model.encoding.encode import encode_study
from forecast.study import resolve_judgments, study_from_document
from tests.documents import binary_outcome, document, event_outcome

STUDY = document(
    event_outcome(),
    binary_outcome(),  # whether they sign, by 2024-01-01
    links=[{"cause": "exit", "effect_on": "agreement", "log_ratio": "normal(0.4, 0.5)"}],
    judgments={
        "rows": [
            {"expert": "ann", "outcome": "exit", "by": "2022-01-01", "probability": 0.5, "on": "2019-12-05"},
            {"expert": "ann", "outcome": "exit", "by": "2022-01-01", "probability": 0.2, "on": "2019-12-20"},
            {"expert": "bob", "outcome": "exit", "by": "2022-01-01", "probability": 0.0, "on": "2019-12-20"},
            {"expert": "bob", "outcome": "agreement", "given": "exit", "probability": 0.5, "on": "2019-12-20"},
            {"expert": "bets", "kind": "market", "outcome": "agreement", "probability": 0.4, "on": "2019-12-31"},
            {"expert": "bets", "kind": "market", "outcome": "agreement", "probability": 0.9, "on": "2020-02-01"},
        ]
    },
    track_records={
        "rows": [
            {"expert": "ann", "question": "rain", "probability": 0.9, "outcome": 1, "on": "2018-05-01"},
            {"expert": "bob", "question": "rain", "probability": 0.6, "outcome": 1, "on": "2018-05-01"},
        ]
    },
)


def test_what_an_expert_said_last_counts_and_nothing_after_the_as_of_date() -> None:
    said = {(j.expert, j.question): j.probability for j in resolve_judgments(study_from_document(STUDY))}
    assert said == {
        ("ann", "exit@2022-01-01"): 0.2,
        ("bob", "exit@2022-01-01"): 0.0,
        ("bob", "agreement@2024-01-01|exit"): 0.5,  # if it leaves first
        ("bets", "agreement@2024-01-01"): 0.4,
    }


def test_a_statement_is_compared_on_the_log_odds_and_never_taken_for_certain() -> None:
    arrays = encode_study(study_from_document(STUDY)).arrays
    assert np.exp(arrays["judgment_log_odds"]) == pytest.approx([0.2 / 0.8, 0.005 / 0.995, 1.0, 0.4 / 0.6])


def test_each_kind_of_expert_has_a_lean_of_its_own() -> None:
    encoded = encode_study(study_from_document(STUDY))
    assert encoded.opinions.experts == {"ann": "person", "bob": "person", "bets": "market"}
    ann, bob, bets = encoded.arrays["expert_kind"]
    assert ann == bob != bets


def test_a_question_of_a_track_record_happened_once_however_many_answered_it() -> None:
    arrays = encode_study(study_from_document(STUDY)).arrays
    assert arrays["answer_yes"].tolist() == [1]
    assert arrays["record_expert"].tolist() == [0, 1]
