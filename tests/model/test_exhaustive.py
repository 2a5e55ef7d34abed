"""Outcomes of which one must occur: what is judged, and what quiet time says, in closed form at given points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from forecast.errors import StudyError
from forecast.inference.engine.program import get_program
from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.selection import Selection
from tests.documents import Document, binary_outcome, event_outcome, make_study
from tests.model.reference_density import unpack

pytestmark = pytest.mark.program

FIRST, SECOND = np.exp(-3.0), np.exp(-4.0)
"""Events a month; the study looks 60 months ahead."""
HALF = {"fast": 0.5, "slow": 0.5}
FAST, SLOW = np.log(0.1), np.log(0.001)


def member(id: str, level: float = -3.0, **changes: Any) -> Document:
    return event_outcome(
        id=id, competes="end", exhaustive=True, prior={"distribution": f"normal({level}, 1)"}, **changes
    )


def judged(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"judgments": {"rows": [{"expert": "x", "probability": 0.4, "on": "2020-01-01", **row} for row in rows]}}


def at_centre(encoded: EncodedStudy) -> tuple[float, dict[str, np.ndarray]]:
    point = np.zeros(encoded.arrays.parameters)
    program = get_program().load(encoded.arrays)
    return program.log_density(point)[0], {name: values[0] for name, values in program.quantities(point[None]).items()}


def two(**blocks: Any) -> EncodedStudy:
    return encode_study(make_study(member("one"), member("two", -4.0), **blocks))


def rates_of(found: dict[str, np.ndarray]) -> tuple[float, float, float]:
    """Of the two, and of both: centring moves levels away from their priors' centres."""
    one, two = np.exp(found["present_level"])
    return float(one), float(two), float(one + two)


def test_a_judged_probability_is_over_that_of_the_group() -> None:
    """F_k(t) / F(H) of two constant hazards, also where the statement is of a year ago, and by the end."""
    encoded = two(**judged({"outcome": "one", "by": "2021-01-01"}, {"outcome": "two", "by": "2025-01-01"}))
    found = at_centre(encoded)[1]
    one, other, total = rates_of(found)
    expected = one / total * np.expm1(-12 * total) / np.expm1(-60 * total), other / total
    assert special.expit(found["judged_log_odds"]) == pytest.approx(expected, rel=1e-9)
    old = [member(id, level, at_risk_since="2018-01-01") for id, level in (("one", -3.0), ("two", -4.0))]
    said = judged({"outcome": "one", "by": "2021-01-01", "on": "2019-01-01"})
    found = at_centre(encode_study(make_study(*old, **said)))[1]
    one, other, total = rates_of(found)
    expected_then = one / total * np.expm1(-24 * total) / np.expm1(-72 * total)
    assert special.expit(found["judged_log_odds"]) == pytest.approx([expected_then], rel=1e-9)


def test_the_group_must_have_ended_by_the_last_of_their_dates() -> None:
    early = {"resolution": {"criteria": "c", "by": "2022-01-01"}}
    study = make_study(member("one", **early), member("two", -4.0, **early), **judged({"outcome": "one"}))
    found = at_centre(encode_study(study))[1]
    one, _, total = rates_of(found)
    assert special.expit(found["judged_log_odds"]) == pytest.approx([one / total], rel=1e-9)


def test_quiet_time_is_worth_what_is_left_of_the_time_until_one_must_occur() -> None:
    """(S(a) - S(H)) / (1 - S(H)), also where the event came, where one can no longer, and for one at risk only from now on."""

    def density(*outcomes: Document, **blocks: Any) -> float:
        study = make_study(*outcomes, **blocks)
        kept, left = (encode_study(study, Selection(history=history)) for history in (True, False))
        return at_centre(kept)[0] - at_centre(left)[0]

    def settled(outcome: str, answer: str, on: str) -> dict[str, Any]:
        return {"resolutions": {"rows": [{"outcome": outcome, "resolution": answer, "on": on}]}}

    since = {"at_risk_since": "2018-01-01"}  # 24 months
    total = FIRST + SECOND
    both = member("one", **since), member("two", -4.0, **since)
    expected = np.log(np.exp(-24 * total) - np.exp(-84 * total)) - np.log(-np.expm1(-84 * total))
    assert density(*both) == pytest.approx(expected, rel=1e-9)
    came = np.log(FIRST) - 12 * total - np.log(-np.expm1(-84 * total))
    assert density(*both, **settled("one", "yes", "2019-01-01")) == pytest.approx(came, rel=1e-9)
    ahead, behind = 60 * FIRST, 24 * total
    out = -behind + np.log(-np.expm1(-ahead)) - np.log(-np.expm1(-ahead - behind))
    assert density(*both, **settled("two", "no", "2020-01-01")) == pytest.approx(out, rel=1e-9)
    ahead, behind = 60 * total, 24 * FIRST
    new = -behind + np.log(-np.expm1(-ahead)) - np.log(-np.expm1(-ahead - behind))
    assert density(both[0], member("two", -4.0)) == pytest.approx(new, rel=1e-9)
    assert density(member("one"), member("two", -4.0)) == 0.0


def test_quiet_time_moves_the_share_of_a_class_by_bayes_rule() -> None:
    """Both outcomes are of one class or the other; judged questions see the shares of the day on which they were answered."""
    pooling = {**event_outcome()["pooling"], "class_sd": 1}
    since = {"at_risk_since": "2018-01-01", "reference": HALF, "pooling": pooling}
    groups = [{"id": name, "outcome": ["one", "two"], "rows": [{"duration": 10.0, "event": "one"}]} for name in HALF]
    for said, until in (("2020-01-01", 0), ("2019-01-01", 12)):
        study = make_study(
            member("one", **since),
            member("two", **since),
            reference_classes=groups,
            **judged({"outcome": "one", "by": "2021-01-01", "on": said}),
        )
        encoded = encode_study(study)
        point = np.zeros(encoded.arrays.parameters)
        latents = unpack(point, encoded.arrays)
        level = {"one": {"fast": FAST, "slow": SLOW}, "two": {"fast": -5.0, "slow": -2.0}}
        for place, each in enumerate(encoded.levels):
            latents["level_z"][place] = level[each.outcome][each.reference_class] + 3.0
        found = get_program().load(encoded.arrays).quantities(point[None])
        rate = np.exp([[level[outcome][name] for name in HALF] for outcome in ("one", "two")])
        total = rate.sum(axis=0)
        share = (np.exp(-24 * total) - np.exp(-84 * total)) / -np.expm1(-84 * total)
        assert found["option_share"][0] == pytest.approx(share / share.sum(), rel=1e-9)
        quiet = 24 - until
        then = (np.exp(-quiet * total) - np.exp(-84 * total)) / -np.expm1(-84 * total)
        chance = rate[0] / total * np.expm1(-(12 + until) * total) / np.expm1(-(60 + until) * total)
        expected = (then / then.sum()) @ chance
        assert special.expit(found["judged_log_odds"][0]) == pytest.approx([expected], rel=1e-9)


def test_slopes_of_experts_do_not_act_on_what_adds_up_to_one() -> None:
    encoded = encode_study(
        make_study(
            member("one"), member("two"), binary_outcome(),
            **judged({"outcome": "one", "by": "2025-01-01"}, {"outcome": "agreement"}),
        )
    )  # fmt: skip
    arrays = encoded.arrays
    point = np.zeros(arrays.parameters)
    moved = {}
    for place, outcome in enumerate(("one", "agreement")):
        found = []
        for slope in (0.0, 0.5):
            unpack(point, arrays)["slope_mean_z"][:] = slope
            program = get_program().load(ModelArrays({**arrays, "mu_centring": np.zeros(3)}, frailties=0))
            found.append(program.terms(point[None])["judgments"][0][place])
        moved[outcome] = not np.isclose(*found)
    assert moved == {"one": False, "agreement": True}


def test_a_judgment_under_a_condition_of_such_a_group_is_refused() -> None:
    link = {"cause": "one", "effect_on": "agreement", "log_ratio": "normal(1, 1)"}
    study = make_study(
        member("one"), member("two"), binary_outcome(), links=[link],
        **judged({"outcome": "agreement", "given": "one"}),
    )  # fmt: skip
    with pytest.raises(StudyError, match="'one', which is exhaustive"):
        encode_study(study)
