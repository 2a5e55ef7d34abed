"""Conditional judgments among many rivals are refused before all that may happen is gone through."""

from __future__ import annotations

import pytest

from forecast.errors import StudyError
from forecast.model.encoding.chains import Chain
from forecast.model.encoding.encode import encode_study
from tests.documents import event_outcome, make_study


def test_too_many_worlds_are_counted_and_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Chain, "worlds", property(lambda _: pytest.fail("worlds were gone through")))
    outcomes = [
        event_outcome(id=f"{group}{member}", competes=group, prior={"distribution": "normal(-4, 1)"})
        for group in ("ga", "gb", "gc", "gd")
        for member in range(12)
    ]
    row = {
        "expert": "ann",
        "outcome": "gd0",
        "given": "ga0 and gb0 and gc0",
        "probability": 0.4,
        "on": "2019-12-01",
    }
    with pytest.raises(StudyError, match=r"take 2,399,124 steps .* suppose fewer outcomes"):
        encode_study(make_study(*outcomes, judgments={"rows": [row]}))
