"""Judgments that suppose what does not occur, several outcomes, or what no link leads from: read as the futures show them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from forecast.futures.correction import corrected
from forecast.futures.simulation import simulate_futures
from forecast.inference.engine.program import get_program
from forecast.inference.labels import label_quantities
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.posterior import present_case
from tests.documents import binary_outcome, event_outcome
from tests.inference.test_conditional_judgments import FUTURES, judged, level, study

pytestmark = pytest.mark.program

DRAWS = 4
OF_LEG_COUNT = 4e-4
"""Of a probability, where 24 legs leave 0.1 % of a hazard."""
OF_LEGS = 0.006
"""As in tests/inference/test_conditional_judgments.py."""


def dated(name: str, by: str, **more: Any) -> dict[str, Any]:
    return binary_outcome(id=name, resolution={"criteria": "Signed.", "by": by}, **more)


CASES = {
    "an event without another": study(
        judged("effect", "not cause"), judged("effect", "not cause", by="2022-07-01"),
        outcomes=[event_outcome(id="cause", **level(-3.7)), event_outcome(id="effect", **level(-4.2))],
        links={("cause", "effect"): 1.5},
    ),
    "two causes, both, one, none": study(
        *(judged("effect", given) for given in ("a and b", "a and not b", "not a and not b")),
        outcomes=[event_outcome(id=name, **level(-4)) for name in ("a", "b", "effect")],
        links={("a", "effect"): 1.3, ("b", "effect"): -0.8},
    ),
    "a rival that does not occur, and a cause of one of both": study(
        judged("war", "not peace"), judged("war", "not peace and talks"),
        outcomes=[
            event_outcome(id="war", competes="a", **level(-4)), event_outcome(id="peace", competes="a", **level(-3.8)),
            event_outcome(id="talks", **level(-4)),
        ],
        links={("talks", "peace"): 1.4},
    ),
    "an event and a binary outcome of a later date": study(
        judged("effect", "not cause and agreement", by="2022-07-01"), judged("effect", "cause and not agreement", by="2022-07-01"),
        outcomes=[
            event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4)), dated("agreement", "2023-09-15"),
        ],
        links={("cause", "effect"): 1.0, ("cause", "agreement"): 1.2, ("effect", "agreement"): -1.0},
    ),
    "three binary outcomes, one a cause of another": study(
        judged("ratified", "signed and not kept and won"),
        outcomes=[dated("signed", "2021-06-01"), dated("kept", "2022-06-01"), dated("won", "2022-06-01"), dated("ratified", "2023-06-01")],
        links={("signed", "kept"): 1.2, ("signed", "ratified"): 1.0, ("kept", "ratified"): 1.3, ("won", "ratified"): -1.0},
    ),
    "links that are made": study(
        judged("effect", "cause and not agreement"), judged("agreement", "not effect"),
        outcomes=[event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4)), dated("agreement", "2021-03-15")],
        links={},
    ),
}  # fmt: skip


@pytest.mark.parametrize("encoded", CASES.values(), ids=CASES.keys())
def test_the_judged_log_odds_are_those_of_the_futures(encoded: EncodedStudy) -> None:
    program = get_program()
    drawn = program.draw_prior(encoded.arrays, DRAWS, seed=3)
    prior = label_quantities(drawn, dict(zip(program.names, program.dims, strict=True)), encoded)
    present = corrected(present_case(encoded, prior))
    times = simulate_futures(present, replicates=FUTURES, seed=2).times
    for place, question in enumerate(encoded.opinions.questions.values()):
        by, given = question.by_periods, np.ones(times.shape[:2], dtype=bool)
        for name, occurs in question.given:
            cause = present.outcomes.index(name)
            day = present.resolves[cause] if present.is_binary[cause] else by
            given &= (times[:, :, cause] <= day) == occurs
        both = given & (times[:, :, present.outcomes.index(question.outcome)] <= by)
        counted = both.sum(axis=1) / given.sum(axis=1)
        meant = special.expit(drawn["judged_log_odds"][:, place])
        error = np.sqrt(meant * (1 - meant) / given.sum(axis=1))
        assert np.all(np.abs(counted - meant) < OF_LEGS + 4 * error), (question.question, counted, meant)


def test_what_several_outcomes_do_at_once_is_what_the_futures_show_where_they_are_made_to() -> None:
    encoded = study(
        judged("effect", "a and agreement", given_at="once"),
        outcomes=[event_outcome(id="a", **level(-4)), event_outcome(id="effect", **level(-4)), dated("agreement", "2022-09-15")],
        links={("a", "effect"): 1.2, ("agreement", "effect"): 0.8},
    )  # fmt: skip
    program = get_program()
    drawn = program.draw_prior(encoded.arrays, DRAWS, seed=3)
    present = present_case(
        encoded, label_quantities(drawn, dict(zip(program.names, program.dims, strict=True)), encoded)
    )
    forced = {"a": 0.0, "agreement": 0.0}
    times = simulate_futures(present, replicates=FUTURES, seed=2, forced=forced).times
    counted = (times[:, :, present.outcomes.index("effect")] <= 60.0).mean(axis=1)
    meant = special.expit(drawn["judged_log_odds"][:, 0])
    assert counted == pytest.approx(meant, abs=OF_LEGS + 4 * 0.5 / FUTURES**0.5)


def test_a_probability_is_the_mean_of_those_with_and_without_a_cause() -> None:
    """P(b) = P(a) P(b | a) + P(not a) P(b | not a), for every draw: nothing of the marginal is lost."""
    rows = [judged("effect", "cause"), judged("effect", "not cause"), {**judged("effect", ""), "given": None}]
    rows += [{**judged("cause", ""), "given": None}]
    encoded = study(
        *rows,
        outcomes=[dated("cause", "2021-06-01"), event_outcome(id="effect", **level(-4))],
        links={("cause", "effect"): 1.5},
    )
    drawn = special.expit(get_program().draw_prior(encoded.arrays, 50, seed=4)["judged_log_odds"])
    with_it, without, whole, cause = drawn.T
    assert cause * with_it + (1 - cause) * without == pytest.approx(whole, abs=OF_LEG_COUNT)
