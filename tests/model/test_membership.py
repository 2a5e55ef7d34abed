"""One class or another: shares by Bayes' rule, and judged questions as averages over them, at given points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from forecast.errors import StudyError
from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.selection import Selection
from tests.documents import binary_outcome, event_outcome, make_study
from tests.model.reference_density import unpack

pytestmark = pytest.mark.program

FAST, SLOW = np.log(0.1), np.log(0.001)
HALF = {"fast": 0.5, "slow": 0.5}
HALVES = np.array([0.5, 0.5])
SPREAD = {"class_sd": 1, "case_sd": 0}


def event(**changes: Any) -> dict[str, Any]:
    return event_outcome(pooling={**event_outcome()["pooling"], **SPREAD}, **changes)


def encoded(*outcomes: dict[str, Any], **changes: Any) -> EncodedStudy:
    serving = [outcome["id"] for outcome in outcomes]
    is_event = outcomes[0]["kind"] == "event"
    row = {"duration": 10.0, "event": serving[0]} if is_event else {"successes": 1, "trials": 2}
    groups = [{"id": name, "outcome": serving, "rows": [row]} for name in HALF]
    return encode_study(make_study(*outcomes, reference_classes=groups, **changes))


def at(study: EncodedStudy, levels: dict[str, float], membership: tuple[float, ...] = ()) -> dict[str, np.ndarray]:
    """Quantities where classes have given levels, and a new one that of the prior's centre; the rest at its centre."""
    point = np.zeros(study.arrays.parameters)
    latents = unpack(point, study.arrays)
    for place, level in enumerate(study.levels):
        centre = study.arrays["mu_loc"][study.outcomes.index(level.outcome)]
        latents["level_z"][place] = levels[level.reference_class] - centre
    latents["membership_z"][:] = membership or 0.0
    found = get_program().load(study.arrays).quantities(point[None])
    return {name: values[0] for name, values in found.items()}


LEVELS = {"fast": FAST, "slow": SLOW}


def test_half_a_class_at_ten_per_cent_a_month_and_half_at_a_thousandth() -> None:
    """By month 12: .355 for one of them; .113 for a blend, which has the mean log rate."""
    judged = {"rows": [{"expert": "x", "outcome": "exit", "probability": 0.3, "on": "2020-01-01", "by": "2021-01-01"}]}
    for reference, expected in (({"one_of": HALF}, 0.355), (HALF, 0.355), ({"blend": HALF}, 0.113)):
        found = at(encoded(event(reference=reference), judgments=judged), LEVELS)
        assert special.expit(found["judged_log_odds"][0]) == pytest.approx(expected, abs=5e-4), reference


def test_quiet_time_moves_the_share_by_bayes_rule() -> None:
    """Twelve quiet months: e^-1.2 against e^-.012. Judged questions use the shares that are left."""
    judged = {"rows": [{"expert": "x", "outcome": "exit", "probability": 0.3, "on": "2020-01-01", "by": "2021-01-01"}]}
    study = encoded(event(reference=HALF, at_risk_since="2019-01-01"), judgments=judged)
    share = np.array([np.exp(-1.2), np.exp(-0.012)])
    share /= share.sum()
    found = at(study, LEVELS)
    assert found["option_share"] == pytest.approx(share, rel=1e-9)
    expected = share @ -np.expm1(-12 * np.exp([FAST, SLOW]))
    assert special.expit(found["judged_log_odds"][0]) == pytest.approx(expected, rel=1e-9)


def test_an_old_statement_is_read_with_the_shares_of_its_day() -> None:
    """Said twelve months ago of twenty-four months: the quiet year between is on its way, and not in its shares too."""
    judged = {"rows": [{"expert": "x", "outcome": "exit", "probability": 0.4, "on": "2019-01-01", "by": "2021-01-01"}]}
    study = encoded(event(reference=HALF, at_risk_since="2018-01-01"), judgments=judged)
    share = np.exp(-12 * np.exp([FAST, SLOW]))  # of the year before the statement
    expected = (share / share.sum()) @ -np.expm1(-24 * np.exp([FAST, SLOW]))
    assert special.expit(at(study, LEVELS)["judged_log_odds"][0]) == pytest.approx(expected, rel=1e-9)
    unseen = encode_study(study.study, Selection(history=False))
    expected = HALVES @ -np.expm1(-24 * np.exp([FAST, SLOW]))
    assert special.expit(at(unseen, LEVELS)["judged_log_odds"][0]) == pytest.approx(expected, rel=1e-9)


def test_what_was_seen_is_counted_once_whatever_the_classes() -> None:
    quiet = encoded(event(reference={"fast": 1.0}, at_risk_since="2019-01-01")).evidence_counts["history_cells"]
    assert encoded(event(reference=HALF, at_risk_since="2019-01-01")).evidence_counts["history_cells"] == quiet == 1


def test_what_is_left_of_the_weights_is_a_class_not_seen() -> None:
    study = encoded(event(reference={"fast": 0.3, "slow": 0.5}, at_risk_since="2019-01-01"))
    weight = np.array([0.3, 0.5, 0.2]) * np.exp(-12 * np.exp([FAST, SLOW, -3.0]))
    assert study.coords["option"] == ["exit:fast", "exit:slow", "exit:new class"]
    assert at(study, LEVELS)["option_share"] == pytest.approx(weight / weight.sum(), rel=1e-9)


def test_answers_that_came_move_the_share_too() -> None:
    yes = {"rows": [{"outcome": "agreement", "resolution": "yes", "on": "2019-07-01", "source": "x"}]}
    study = encoded(binary_outcome(reference=HALF, pooling=SPREAD), resolutions=yes)
    found = at(study, {"fast": special.logit(0.7), "slow": special.logit(0.1)})
    assert found["option_share"] == pytest.approx([0.7 / 0.8, 0.1 / 0.8], rel=1e-9)


@pytest.mark.parametrize(("z", "chosen"), [(stats.norm.ppf(0.49), FAST), (stats.norm.ppf(0.51), SLOW)])
def test_a_draw_has_the_level_of_one_class(z: float, chosen: float) -> None:
    assert at(encoded(event(reference=HALF)), LEVELS, (z,))["theta"] == pytest.approx([chosen])


def test_outcomes_that_name_the_same_classes_are_in_one_together() -> None:
    """The quiet time of one moves the share of both; another weight is another membership."""
    study = encoded(
        event(reference=HALF, at_risk_since="2019-01-01"),
        event(id="same", reference=HALF),
        event(id="other", reference={"fast": 0.4, "slow": 0.6}),
        event(id="mixed", reference={"blend": HALF}),
        event(id="only", reference={"fast": 1.0}),
    )
    assert study.coords["membership"] == ["exit+same", "other"]
    assert study.coords["variant"] == [
        "exit:fast", "exit:slow", "same:fast", "same:slow", "other:fast", "other:slow", "mixed", "only",
    ]  # fmt: skip
    share = np.array([np.exp(-1.2), np.exp(-0.012)])
    for z, place in ((-3.0, 0), (3.0, 1)):
        found = at(study, LEVELS, (z, z))
        assert found["option_share"] == pytest.approx([*share / share.sum(), 0.4, 0.6], rel=1e-9)
        one = (FAST, SLOW)[place]
        assert found["theta"] == pytest.approx([one, one, one, (FAST + SLOW) / 2, FAST])


def test_rivals_of_two_memberships_are_read_under_every_pair() -> None:
    """Cumulative incidence under each pair of classes, by the product of their shares."""
    judged = {"rows": [{"expert": "x", "outcome": "exit", "probability": 0.3, "on": "2020-01-01", "by": "2021-01-01"}]}
    study = encoded(
        event(reference=HALF, competes="end"),
        event(id="other", competes="end", reference={"fast": 0.4, "slow": 0.6}),
        judgments=judged,
    )
    expected = sum(
        share * rest * -np.expm1(-12 * (own + rival)) * own / (own + rival)
        for own, share in zip(np.exp([FAST, SLOW]), (0.5, 0.5), strict=True)
        for rival, rest in zip(np.exp([FAST, SLOW]), (0.4, 0.6), strict=True)
    )
    assert special.expit(at(study, LEVELS)["judged_log_odds"][0]) == pytest.approx(expected, rel=1e-9)


def test_a_condition_that_shares_a_class_makes_its_effect_likelier() -> None:
    """No effect of the link: what the condition says is that the class may be the fast one."""
    judged = {
        "rows": [
            {
                "expert": "x",
                "outcome": "exit",
                "probability": 0.3,
                "on": "2020-01-01",
                "by": "2021-01-01",
                "given": "same",
            }
        ]
    }
    link = {"cause": "same", "effect_on": "exit", "log_ratio": "normal(0, 0.1)", "rationale": "Tested."}
    study = encoded(event(reference=HALF), event(id="same", reference=HALF), judgments=judged, links=[link])
    by = -np.expm1(-12 * np.exp([FAST, SLOW]))
    expected = (by**2).sum() / by.sum()
    assert special.expit(at(study, LEVELS)["judged_log_odds"][0]) == pytest.approx(expected, rel=1e-3)


def test_classes_that_combine_in_too_many_ways_are_refused() -> None:
    judged = {"rows": [{"expert": "x", "outcome": "a0", "probability": 0.3, "on": "2020-01-01", "by": "2021-01-01"}]}
    rivals = [
        event(id=f"a{place}", competes="end", reference={"fast": 0.1 * (place + 1), "slow": 0.2}) for place in range(4)
    ]
    with pytest.raises(
        StudyError, match=r"a0@2021-01-01 depends on outcomes whose classes combine in 81 ways; .* say `blend`"
    ):
        encoded(*rivals, judgments=judged)
