"""Changes on stated days: what is refused, and what is said then."""

from __future__ import annotations

from typing import Any

import pytest

from forecast.errors import StudyError
from forecast.study import study_from_document
from tests.documents import binary_outcome, document, event_outcome, make_study


def change(**keys: Any) -> dict[str, Any]:
    return {"outcome": "exit", "from": "2021-01-01", "log_ratio": 0.5, **keys}


def errors_of(*changes: dict[str, Any], **blocks: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(StudyError) as caught:
        study_from_document(document(event_outcome(), binary_outcome(), changes=list(changes), **blocks))
    return [(error.path, error.code, error.message) for error in caught.value.errors]


def test_a_change_is_read_with_its_days() -> None:
    (found,) = make_study(event_outcome(), changes=[change(to="2022-01-01")]).changes
    assert (str(found.since), str(found.to), found.log_ratio) == ("2021-01-01", "2022-01-01", 0.5)
    assert [found.acts_on(day) for day in (found.since, found.to)] == [True, False]


def test_an_outcome_that_is_unknown_or_a_threshold_is_refused() -> None:
    threshold = {
        "id": "clashes", "title": "Clashes", "kind": "threshold", "indicator": "incidents", "at_least": 10,
        "resolution": {"criteria": "As counted."},
    }  # fmt: skip
    with pytest.raises(StudyError) as caught:
        make_study(
            event_outcome(),
            threshold,
            indicators=[{"id": "incidents", "rows": [{"period": "2019-11", "value": 2}]}],
            changes=[change(outcome="exot"), change(outcome="clashes")],
        )
    (first, second) = caught.value.errors
    assert (first.path, first.code) == ("changes[0].outcome", "unknown_id")
    assert (second.path, second.code) == ("changes[1].outcome", "kind")
    assert "the probability of a threshold comes from its indicator" in second.message


@pytest.mark.parametrize("to", ["2021-01-01", "2020-12-31"])
def test_a_change_that_ends_before_it_begins_is_refused(to: str) -> None:
    ((path, _, message),) = errors_of(change(to=to))
    assert path == "changes[0]"
    assert message.startswith(f"to: {to} is not after from: 2021-01-01; expected a later day")


@pytest.mark.parametrize("size", [50.5, -1e9, "0.5", True, None])
def test_a_size_that_is_no_log_ratio_is_refused(size: Any) -> None:
    ((path, _, _),) = errors_of(change(log_ratio=size))
    assert path == "changes[0].log_ratio"


def test_a_day_that_is_absent_or_none_is_refused() -> None:
    missing = change()
    del missing["from"]
    assert [path for path, _, _ in errors_of(missing)] == ["changes[0].from"]
    assert [path for path, _, _ in errors_of(change(**{"from": "2021-02-30"}))] == ["changes[0].from"]


def test_changes_that_are_too_large_together_are_refused_from_their_day_on() -> None:
    ((path, code, message),) = errors_of(
        change(log_ratio=30, to="2022-01-01"), change(log_ratio=-30), change(log_ratio=40, **{"from": "2021-06-01"}),
        change(log_ratio=45, **{"from": "2022-01-01", "to": "2023-01-01"}), change(outcome="agreement", log_ratio=50),
    )  # fmt: skip
    assert (path, code) == ("changes[3].log_ratio", "too_large")
    assert message.startswith("from 2022-01-01 on changes of 'exit' sum to 55; expected -50 to 50")


def test_an_outcome_that_is_settled_keeps_its_change() -> None:
    """Resolutions arrive later than the change was stated, and must not make the study invalid."""
    rows = [{"outcome": "exit", "resolution": "yes", "on": "2019-10-01", "source": "x"}]
    assert make_study(event_outcome(), changes=[change()], resolutions={"rows": rows}).changes
