"""Cases that several outcomes share: columns for each, blanks that say nothing, and columns that would be read twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forecast.study import Spell, Trial, study_from_document, with_as_of
from tests.study.test_cases import data_of, first_error


def shared(document: dict[str, Any], rows: list[dict[str, Any]], **keys: Any) -> dict[str, Any]:
    """Two binary outcomes, `agreement` and `treaty`, of one class."""
    document["outcomes"].append({**document["outcomes"][1], "id": "treaty"})
    group = {"id": "past", "outcome": ["agreement", "treaty"], "rows": rows, **keys}
    return {**document, "reference_classes": [group]}


def trials_of(document: dict[str, Any]) -> list[dict[str, Trial | None]]:
    return [case.trials for case in study_from_document(document).cases]


def test_binary_outcomes_share_cases_by_columns_of_their_own(document: dict[str, Any]) -> None:
    rows = [{"signed": 3, "held": 7, "n": 10}, {"signed": "yes", "held": "no", "n": None}]
    named = {"success_columns": {"agreement": "signed", "treaty": "held"}, "columns": {"trials": "n"}}
    found = shared(document, rows, **named)
    assert trials_of(found) == [
        {"agreement": Trial(3, 10), "treaty": Trial(7, 10)},
        {"agreement": Trial(1, 1), "treaty": Trial(0, 1)},
    ]
    assert data_of(found) == [None, None]


def test_columns_may_be_called_as_the_outcomes_are_and_have_their_own_trials(document: dict[str, Any]) -> None:
    rows = [{"agreement": 3, "treaty": 7, "trials": 4, "m": 9}]
    found = shared(document, rows, trial_columns={"treaty": "m"})
    assert trials_of(found) == [{"agreement": Trial(3, 4), "treaty": Trial(7, 9)}]


def test_a_blank_says_nothing_of_its_outcome_and_a_blank_row_nothing_at_all(document: dict[str, Any]) -> None:
    rows = [{"agreement": 3, "treaty": None, "trials": 4}, {"agreement": None, "treaty": None, "trials": 4}]
    found = shared(document, [*rows, {"agreement": 0, "treaty": 0, "trials": 0}])
    (case,) = study_from_document(found).cases
    assert (case.id, case.seen("agreement"), case.seen("treaty")) == ("1", Trial(3, 4), None)


def test_an_outcome_that_every_case_leaves_blank_has_no_information(document: dict[str, Any]) -> None:
    found = shared(document, [{"agreement": 3, "treaty": None, "trials": 4}])
    del found["outcomes"][2]["prior"]
    assert first_error(found)[0] == "outcomes[2]"


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({}, "success_columns", "has no column 'treaty'; expected one for each binary outcome of the class"),
        ({"success_columns": {"treaty": "hold"}}, "success_columns.treaty", "did you mean 'held'"),
        ({"success_columns": {"treaty": "held"}, "trial_columns": {"treaty": "m"}}, "trial_columns.treaty", "no column 'm'"),
        ({"columns": {"successes": "held"}}, "columns.successes", "one column of successes for 2 binary outcomes"),
        ({"columns": {"treaty": "held"}}, "columns.treaty", "name its successes in `success_columns: {treaty: column}`"),
    ],
)  # fmt: skip
def test_an_outcome_without_a_column_is_an_error(
    document: dict[str, Any], keys: dict[str, Any], path: str, words: str
) -> None:
    where, message = first_error(shared(document, [{"agreement": 3, "held": 1, "trials": 4}], **keys))
    assert where == f"reference_classes[0].{path}"
    assert words in message


def test_more_successes_than_trials_are_an_error_of_their_outcome(document: dict[str, Any]) -> None:
    found = shared(document, [{"agreement": 3, "treaty": 5, "trials": 4}])
    where, message = first_error(found)
    assert where == "reference_classes[0].rows[0].treaty"
    assert "5 successes in 4 trials" in message


@pytest.mark.parametrize(
    ("keys", "also"),
    [
        ({"success_columns": {"agreement": "held", "treaty": "held"}}, "successes of 'agreement'"),
        ({"success_columns": {"treaty": "trials"}}, "trials of 'agreement'"),
        ({"success_columns": {"treaty": "held"}, "columns": {"weight": "held"}}, "`weight`"),
        ({"success_columns": {"treaty": "held"}, "columns": {"terrain": "held"}, "covariates": ["terrain"]}, "`terrain`"),
    ],
)  # fmt: skip
def test_a_column_of_successes_is_read_once(document: dict[str, Any], keys: dict[str, Any], also: str) -> None:
    document["covariates"] = [{"id": "terrain"}]
    where, message = first_error(shared(document, [{"agreement": 0, "held": 1, "trials": 4}], **keys))
    assert where == "reference_classes[0].success_columns.treaty"
    assert f"is also read as {also}; expected one of its own" in message


def test_the_end_of_a_spell_is_not_also_a_yes_or_no(dated: dict[str, Any]) -> None:
    group = mixed(dated, 1, 1, 1)["reference_classes"][0]
    group["success_columns"] = {"agreement": "how"}
    assert first_error(dated) == (
        "reference_classes[0].success_columns.agreement",
        "column 'how' is also read as `event`; expected one of its own for the successes of 'agreement'; name another",
    )
    group.update(success_columns={"agreement": "signed"}, columns=group["columns"] | {"successes": "signed"})
    assert "named twice" in first_error(dated)[1]


def test_yes_is_no_count_of_several_trials(document: dict[str, Any]) -> None:
    """A column of trials is shared unless an outcome has its own: yes would be one success of all of them."""
    found = shared(document, [{"agreement": 3, "treaty": "yes", "trials": 4}])
    where, message = first_error(found)
    assert where == "reference_classes[0].rows[0].treaty"
    assert "'yes' for 4 trials; expected how many of them succeeded" in message
    found["reference_classes"][0]["rows"][0]["one"] = 1
    found["reference_classes"][0]["trial_columns"] = {"treaty": "one"}
    assert trials_of(found) == [{"agreement": Trial(3, 4), "treaty": Trial(1, 1)}]


def mixed(dated: dict[str, Any], *answers: object) -> dict[str, Any]:
    """The dated cases, each of which also says whether there was an agreement."""
    group = dated["reference_classes"][0]
    group["outcome"] = ["withdrawal", "agreement"]
    group["success_columns"] = {"agreement": "signed"}
    for row, answer in zip(group["rows"], answers, strict=True):
        row["signed"] = answer
    return dated


def test_a_spell_carries_binary_outcomes(dated: dict[str, Any]) -> None:
    a, b, c = study_from_document(mixed(dated, "yes", None, 0)).cases
    assert a.seen("withdrawal") == Spell(0.0, 12.0, "withdrawal", date(2000, 1, 31), date(2001, 1, 31))
    assert [case.seen("agreement") for case in (a, b, c)] == [Trial(1, 1), None, Trial(0, 1)]
    dated["reference_classes"][0]["event_value"]["agreement"] = "signed"
    assert "'agreement' is not an event of the class" in first_error(dated)[1]


def test_a_case_may_say_nothing_of_its_spell(dated: dict[str, Any]) -> None:
    mixed(dated, 1, 1, 1)["reference_classes"][0]["rows"][1].update(start=None, end=None, how=None)
    _, b, _ = study_from_document(dated).cases
    assert (b.data, b.trials) == (None, {"agreement": Trial(1, 1)})
    dated["reference_classes"][0]["rows"][1]["how"] = "left"
    assert first_error(dated)[0] == "reference_classes[0].rows[1].start"


def test_going_back_in_time_leaves_out_what_a_case_may_not_have_said_yet(dated: dict[str, Any]) -> None:
    """A had ended, B is still going on, and C ended later."""
    dated["horizon"] = 160
    study = with_as_of(study_from_document(mixed(dated, 1, 1, 1)), date(2016, 6, 1))
    assert [case.seen("agreement") for case in study.cases] == [Trial(1, 1), Trial(1, 1), None]
    assert [case.id for case in with_as_of(study, date(2010, 1, 1)).cases] == ["A"]
