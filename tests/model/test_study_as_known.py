"""A study as it was known on the day of an older statement holds nothing that was learned later."""

from __future__ import annotations

from datetime import date

from forecast.model.encoding.foreseen import study_as_known
from forecast.study import Spell, resolve_cases
from tests.documents import event_outcome, make_study


def test_cases_are_those_that_were_known_then() -> None:
    rows = [
        {"id": "over", "entered": "2005-01-01", "exited": "2010-01-01", "event": "yes"},
        {"id": "ends later", "entered": "2010-01-01", "exited": "2018-01-01", "event": "yes"},
        {"id": "begins later", "entered": "2017-01-01", "exited": "2018-01-01", "event": "yes"},
        {"id": "told later", "entered": "2005-01-01", "exited": "2009-01-01", "event": "yes", "known_at": "2019-01-01"},
    ]
    study = make_study(event_outcome(), reference_classes=[{"id": "past", "outcome": "exit", "rows": rows}])
    then = {case.id: case.data for case in resolve_cases(study_as_known(study, date(2015, 1, 1)))}
    assert {name: (spell.exit, spell.event) for name, spell in then.items() if isinstance(spell, Spell)} == {
        "over": (60, "exit"),
        "ends later": (60, None),
        "told later": (120, None),
    }
    assert "begins later" not in then
    assert [case.id for case in resolve_cases(study)] == ["over", "ends later", "begins later", "told later"]
