"""Where the sampler's variables are centred, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.expert_shares import centring, reflection
from tests.documents import binary_outcome, event_outcome
from tests.model.test_encode_opinions import encode, said


def small_study() -> EncodedStudy:
    records = [{"expert": name, "question": "q", "probability": 0.5, "outcome": 1} for name in ("y", "z")]
    rows = [
        said("x", "exit", by=12), said("y", "exit", by=12), said("x", "exit", 0.4, by="2022-01-01"),
        said("x", "agreement", given="exit"),
    ]  # fmt: skip
    links = [{"cause": "exit", "effect_on": "agreement", "log_ratio": "normal(1, 0.5)"}]
    return encode(*rows, records=records, outcomes=[event_outcome(), binary_outcome()], links=links)


def test_shares_are_of_the_unconditional_statements() -> None:
    encoded = small_study()
    a = encoded.arrays
    assert encoded.coords["outcome"] == ["exit", "agreement"]
    assert encoded.coords["expert"] == ["x", "y", "z"]
    assert a["outcome_voices"] == pytest.approx(np.array([[2 / 3, 1 / 3, 0], [0, 0, 0]]))
    assert a["exercise_voices"] == pytest.approx(np.array([[0, 0.5, 0.5]]))
    assert encoded.coords["topic"] == ["exit", "agreement|exit"]
    assert a["outcome_topic"].tolist() == [1, 0]  # counted from 1; agreement is judged only under a condition


def test_a_level_is_centred_by_what_is_said_of_it_unless_it_has_classes_to_learn_from() -> None:
    assert small_study().arrays["mu_centring"].tolist() == [pytest.approx(3 / 4), 0]
    classes = [{"id": "past", "outcome": "agreement", "rows": [{"id": "a", "successes": 1, "trials": 3}]}]
    assert encode(said("x", "agreement")).arrays["mu_centring"].tolist() == [0, 0.5]
    assert encode(said("x", "agreement"), reference_classes=classes).arrays["mu_centring"].tolist() == [0, 0]


def test_experts_are_grouped_by_what_they_spoke_about() -> None:
    a = small_study().arrays
    assert a["expert_leader"].tolist() == [0, 1, 2]
    rows = [said(name, "agreement") for name in ("a", "b")]
    records = [{"expert": name, "question": "q", "probability": 0.5, "outcome": 1} for name in ("c", "d")]
    assert encode(*rows, records=records).arrays["expert_leader"].tolist() == [0, 0, 2, 2]


def test_the_more_experts_and_statements_the_nearer_to_wholly_centred() -> None:
    one = encode(said("a", "agreement")).arrays["bias_centring"]
    assert one == pytest.approx(1 / 5 * 1 / 61)  # after one statement, in a group of one
    many = [said(f"e{k}", "agreement") for k in range(100)]
    assert encode(*many).arrays["bias_centring"] == pytest.approx(np.full(100, 1 / 5 * 100 / 160))
    assert centring(np.array([0.0, 4.0]), 4.0).tolist() == [0.0, 0.5]


@pytest.mark.parametrize("leaders", [[0], [0, 0], [0, 1, 0, 3, 1, 0, 0]])
def test_a_reflection_is_orthogonal_and_takes_the_first_member_to_all_alike(leaders: list[int]) -> None:
    h = reflection(np.array(leaders))
    same = np.equal.outer(leaders, leaders)
    matrix = np.eye(len(leaders)) - np.outer(h, h) * same
    assert matrix @ matrix.T == pytest.approx(np.eye(len(leaders)))
    for leader in set(leaders):
        members = np.equal(leaders, leader)
        assert matrix[members, leader] == pytest.approx(np.full(members.sum(), members.sum() ** -0.5))
        assert not matrix[~members, leader].any()
