"""What a judgment supposes: how it is written, and which conditions make no sense."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import StudyError
from forecast.study import Condition, accept_arrivals, condition_text, resolve_judgments
from forecast.study.document.evidence_kind import EvidenceKind
from forecast.study.rows.conditions import MAX_CONDITIONS, parse_condition, written_alike
from tests.documents import binary_outcome, event_outcome, make_study

ROW: dict[str, Any] = {"expert": "x", "outcome": "exit", "probability": 0.4, "on": "2020-01-01"}


def outcomes() -> list[dict[str, Any]]:
    rivals = [event_outcome(id=name, competes="end") for name in ("conversion", "exit", "stay")]
    return [*rivals, binary_outcome(), event_outcome(id="war"), event_outcome(id="talks")]


def read(given_cell: object, **changes: Any) -> Condition:
    (judgment,) = resolve_judgments(
        make_study(*outcomes(), judgments={"rows": [{**ROW, "given": given_cell, **changes}]})
    )
    return judgment.given


@pytest.mark.parametrize(
    ("cell", "condition"),
    [
        (None, ()),
        ("war", (("war", True),)),
        ("not war", (("war", False),)),
        ("war and agreement", (("agreement", True), ("war", True))),
        ("not war and  agreement", (("agreement", True), ("war", False))),
        ("talks and not war and not agreement", (("agreement", False), ("talks", True), ("war", False))),
        ("not conversion", (("conversion", False),)),
        ("not conversion and not stay", (("conversion", False), ("stay", False))),
    ],
)
def test_outcomes_that_occur_or_do_not_may_be_supposed(cell: object, condition: Condition) -> None:
    assert read(cell) == condition


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("wr", "'wr' is unknown; expected an outcome of the study or blank; did you mean 'war'?"),
        ("talks and not wr", "'wr' is unknown"),
        ("not", "'not' is no condition; expected up to 3 outcomes of the study"),
        ("not not war", "is no condition"),
        ("war and", "is no condition"),
        ("war talks", "'war talks' is no condition; expected up to 3 outcomes"),
        ("war or talks", "`and` between them; write ceasefire and not war, or leave it blank"),
        ("not (war and talks)", "is no condition"),
        ("war, talks", "is no condition"),
        ("war and not war", "'war' is supposed twice; expected each outcome once; remove one"),
        ("exit", "'exit' is given itself"),
        ("war and not exit", "'exit' is given itself"),
        ("conversion", "'conversion' excludes 'exit' (both compete for 'end'), so nothing is left to judge"),
        ("conversion", "expected an outcome that does not, or `not conversion`"),
        ("talks and war and agreement and not stay", "4 outcomes are supposed; expected at most 3; leave out what matters least"),
    ],
)  # fmt: skip
def test_conditions_that_make_no_sense_are_errors(cell: str, words: str) -> None:
    with pytest.raises(StudyError) as caught:
        read(cell)
    (error,) = caught.value.errors
    assert error.path == "judgments.rows[0].given"
    assert words in error.message


def test_what_excludes_one_another_is_not_supposed_together() -> None:
    with pytest.raises(StudyError) as caught:
        read("conversion and stay", outcome="war")
    (error,) = caught.value.errors
    assert error.message.startswith(
        "'conversion' and 'stay' exclude one another (they compete for 'end'); expected one"
    )


def test_what_does_not_occur_does_so_on_no_day() -> None:
    assert read("war and agreement", given_at="once") == (("agreement", True), ("war", True))
    with pytest.raises(StudyError) as caught:
        read("war and not agreement", given_at="once")
    (error,) = caught.value.errors
    assert error.path == "judgments.rows[0].given_at"
    assert "'agreement' is supposed not to occur, which no day settles; expected outcomes that occur" in error.message


def test_a_condition_is_one_question_however_it_is_written() -> None:
    rows = [{**ROW, "given": cell} for cell in ("war and not talks", " not talks  and war")]
    rows[1] |= {"on": "2019-12-15", "probability": 0.2}
    (judgment,) = resolve_judgments(make_study(*outcomes(), judgments={"rows": rows}))
    assert (judgment.question, judgment.probability) == ("exit@2025-01-01|not talks and war", 0.4)


def test_a_condition_arrives_as_it_stands_in_a_table() -> None:
    """And corrects the same one, written otherwise, while another one is a judgment of its own."""
    study = make_study(*outcomes())
    cells = ["war and not talks", "not talks and war", "war", None]
    slots = []
    for cell in cells:
        row = {**ROW, "given": cell, "known_at": "2020-01-01"}
        (arrival,) = accept_arrivals(study, EvidenceKind.JUDGMENTS, [row], study.as_of)
        slots.append(arrival.slot)
    once = {**ROW, "given": "war", "given_at": "once", "known_at": "2020-01-01"}
    slots.append(accept_arrivals(study, EvidenceKind.JUDGMENTS, [once], study.as_of)[0].slot)
    assert slots[0] == slots[1]
    assert len(set(slots)) == 4
    with pytest.raises(StudyError) as caught:
        accept_arrivals(study, EvidenceKind.JUDGMENTS, [{**ROW, "given": "not wr"}], study.as_of)
    (error,) = caught.value.errors
    assert (error.path, error.code) == ("rows[0].given", "unknown")


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: name not in {"and", "not", "or", "by"}
)


@given(st.dictionaries(NAMES, st.booleans(), min_size=1, max_size=MAX_CONDITIONS))
def test_every_condition_is_read_as_it_is_written(supposed: dict[str, bool]) -> None:
    condition = tuple(sorted(supposed.items()))
    assert parse_condition(condition_text(condition)) == condition
    assert written_alike(condition_text(tuple(supposed.items()))) == condition_text(condition)


@given(st.text(st.sampled_from("ab \t()&|!")) | st.lists(st.sampled_from(["and", "not", "a", "b"])).map(" ".join))
def test_any_text_is_a_condition_or_an_error(text: str) -> None:
    with suppress(ValueError):
        assert 1 <= len(parse_condition(text)) <= MAX_CONDITIONS
