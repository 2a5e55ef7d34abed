"""What goes with an effect that is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecast.explain.leans import Effect, find_effects
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from tests.documents import binary_outcome, event_outcome, make_study
from tests.explain.studies import opinions_study


def given(expert: str, outcome: str, condition: str | None) -> dict[str, Any]:
    by = "2023-01-01" if outcome == "c" else "2024-01-01"
    return {"expert": expert, "outcome": outcome, "given": condition, "by": by, "probability": 0.6, "on": "2019-12-01"}


def chained(*rows: dict[str, Any], links: tuple[str, ...] = ("a>b", "b>c")) -> EncodedStudy:
    """Events a, b and c, and a binary outcome d, with links from one to the next."""
    outcomes = [*(event_outcome(id=name) for name in "abc"), binary_outcome(id="d")]
    stated = [
        {"cause": cause, "effect_on": effect, "log_ratio": "normal(0.5, 0.5)"}
        for cause, effect in (link.split(">") for link in links)
    ]
    return encode_study(make_study(*outcomes, links=stated, judgments={"rows": list(rows)}))


def left_with(encoded: EncodedStudy, label: str, shift: float | None = None) -> list[str]:
    """Judged questions of the arrays in which one link is left out, or moved."""
    effects: dict[str, Effect] = {effect.label: effect for effect in find_effects(encoded)}
    arrays = effects[label].arrays(encoded.arrays, shift)
    asked = list(encoded.opinions.questions.values())
    return [f"{asked[place].outcome}|{asked[place].condition}" for place in arrays["judgment_question"]]


def test_a_link_that_is_left_out_takes_with_it_what_is_said_of_it_alone() -> None:
    encoded = chained(given("ann", "b", "a"), given("bob", "b", "a"), given("ann", "c", "b"), given("ann", "b", None))
    assert left_with(encoded, "a -> b") == ["c|b", "b|None"]
    assert left_with(encoded, "b -> c") == ["b|a", "b|a", "b|None"]
    for shift in (-0.5, 0.5):
        assert len(left_with(encoded, "a -> b", shift)) == 4


def test_what_another_way_has_a_place_for_stays() -> None:
    rows = given("ann", "c", "a"), given("ann", "b", "a")
    assert left_with(chained(*rows), "b -> c") == ["b|a"]
    assert left_with(chained(*rows, links=("a>b", "b>c", "a>c")), "b -> c") == ["c|a", "b|a"]


def test_a_link_that_was_made_goes_with_its_judgment() -> None:
    encoded = chained(given("ann", "d", "a"), given("ann", "b", "a"))
    assert encoded.links[-1] == ("a", "d")
    assert left_with(encoded, "a -> d") == ["b|a"]


@pytest.mark.parametrize("name", ["link_loc", "link_scale"])
def test_the_effect_itself_is_zero(name: str) -> None:
    encoded = encode_study(opinions_study())
    (effect,) = find_effects(encoded)
    assert np.array_equal(effect.arrays(encoded.arrays, None)[name], [0.0])
    assert effect.arrays(encoded.arrays, None).parameters == encoded.arrays.parameters
