"""What the program takes a conditional judgment to mean is what its futures show: P(effect by t | cause by t)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from forecast.futures.correction import corrected
from forecast.futures.simulation import simulate_futures
from forecast.inference.engine.program import get_program
from forecast.inference.labels import label_quantities
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.posterior import present_case
from tests.documents import binary_outcome, event_outcome, make_study

pytestmark = pytest.mark.program

FUTURES = 100_000
DRAWS = 6


def level(log_rate: float) -> dict[str, Any]:
    return {"prior": {"distribution": f"normal({log_rate}, 0.5)"}}


def judged(outcome: str, given: str, **more: Any) -> dict[str, Any]:
    return {"expert": "x", "outcome": outcome, "probability": 0.4, "on": "2020-01-01", "given": given, **more}


def study(
    *rows: dict[str, Any], outcomes: list[dict[str, Any]], links: dict[tuple[str, str], float], **more: Any
) -> EncodedStudy:
    made = [
        {"cause": cause, "effect_on": effect, "log_ratio": f"normal({size}, 0.2)", "rationale": "Tested."}
        for (cause, effect), size in links.items()
    ]
    return encode_study(make_study(*outcomes, links=made, judgments={"rows": list(rows)}, **more))


CASES = {
    "an event on an event": study(
        judged("effect", "cause"), judged("effect", "cause", by="2022-07-01"),
        outcomes=[event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))],
        links={("cause", "effect"): 1.5},
    ),
    "against": study(
        judged("effect", "cause"),
        outcomes=[event_outcome(id="cause", **level(-3.5)), event_outcome(id="effect", **level(-4))],
        links={("cause", "effect"): -1.5},
    ),
    "on each of two rivals, from one of two others": study(
        judged("exit", "war"), judged("stay", "war"),
        outcomes=[
            event_outcome(id="war", competes="a", **level(-4)), event_outcome(id="peace", competes="a", **level(-4.5)),
            event_outcome(id="exit", competes="b", **level(-4)), event_outcome(id="stay", competes="b", **level(-4)),
        ],
        links={("war", "exit"): 1.2, ("war", "stay"): 0.4},
    ),
    "a binary outcome on an event": study(
        judged("effect", "agreement"),
        outcomes=[binary_outcome(resolution={"criteria": "Signed.", "by": "2021-09-15"}), event_outcome(id="effect", **level(-4))],
        links={("agreement", "effect"): 1.3},
    ),
    "a likely event on a binary outcome that acts strongly": study(
        judged("effect", "agreement"),
        outcomes=[
            binary_outcome(resolution={"criteria": "Signed.", "by": "2022-01-01"}, prior={"distribution": "normal(0, 0.3)"}),
            event_outcome(id="effect", **level(-3.6)),
        ],
        links={("agreement", "effect"): 2.2},
        horizon=36,
    ),
    "an event on a binary outcome": study(
        judged("agreement", "cause"),
        outcomes=[event_outcome(id="cause", **level(-4)), binary_outcome()],
        links={("cause", "agreement"): 1.8},
    ),
    "a cause and an effect that change on stated days": study(
        judged("effect", "cause"), judged("effect", "cause", by="2021-10-15"),
        outcomes=[event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))],
        links={("cause", "effect"): 1.5},
        changes=[
            {"outcome": "cause", "from": "2021-01-02", "to": "2022-07-02", "log_ratio": 1.5},
            {"outcome": "effect", "from": "2021-07-02", "log_ratio": -1.2},
        ],
    ),
    "a cause and an effect that are at risk only from days to come": study(
        judged("effect", "cause"), judged("effect", "cause", by="2022-01-15"),
        outcomes=[
            event_outcome(id="cause", at_risk_since="2020-09-10", **level(-3.5)),
            event_outcome(id="effect", at_risk_since="2021-03-20", **level(-3.5)),
        ],
        links={("cause", "effect"): 1.5},
        horizon=36,
    ),
    "a cause that is itself an effect": study(
        judged("effect", "cause"),
        outcomes=[event_outcome(id=name, **level(-4)) for name in ("first", "cause", "effect")],
        links={("first", "cause"): 1.0, ("cause", "effect"): 1.2},
    ),
    "each on the other": study(
        judged("effect", "cause"), judged("cause", "effect"),
        outcomes=[event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))],
        links={("cause", "effect"): 1.5, ("effect", "cause"): 1.2},
    ),
    "back onto the condition alone": study(
        judged("effect", "cause"),
        outcomes=[event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))],
        links={("effect", "cause"): 1.6},
    ),
    "round by way of a third": study(
        judged("effect", "cause"),
        outcomes=[event_outcome(id=name, **level(-4)) for name in ("cause", "effect", "third")],
        links={("cause", "effect"): 1.2, ("effect", "third"): 1.2, ("third", "cause"): 1.2},
    ),
    "one cause of both": study(
        judged("effect", "cause"),
        outcomes=[event_outcome(id=name, **level(-4)) for name in ("cause", "effect", "third")],
        links={("third", "effect"): 1.5, ("third", "cause"): 1.5},
    ),
    "a rival of the condition": study(
        judged("exit", "war"),
        outcomes=[
            event_outcome(id="war", competes="a", **level(-4)), event_outcome(id="peace", competes="a", **level(-3.5)),
            event_outcome(id="exit", **level(-4)),
        ],
        links={("war", "exit"): 1.2, ("peace", "exit"): -1.0},
    ),
    "a binary outcome and an event, each on the other": study(
        judged("effect", "agreement"), judged("agreement", "effect"),
        outcomes=[binary_outcome(resolution={"criteria": "Signed.", "by": "2022-09-15"}), event_outcome(id="effect", **level(-4))],
        links={("agreement", "effect"): 1.3, ("effect", "agreement"): 1.5},
    ),
    "settled later than the date": study(
        judged("effect", "agreement", by="2021-07-01"),
        outcomes=[binary_outcome(resolution={"criteria": "Signed.", "by": "2022-09-15"}), event_outcome(id="effect", **level(-4))],
        links={("agreement", "effect"): 1.3, ("effect", "agreement"): 1.5},
    ),
    "two binary outcomes": study(
        judged("ratified", "agreement"), judged("agreement", "ratified"),
        outcomes=[
            binary_outcome(resolution={"criteria": "Signed.", "by": "2022-09-15"}),
            binary_outcome(id="ratified", resolution={"criteria": "Ratified.", "by": "2023-09-15"}),
            event_outcome(id="effect", **level(-4)),
        ],
        links={("agreement", "ratified"): 1.3, ("effect", "ratified"): 1.5, ("agreement", "effect"): 0.7},
    ),
}  # fmt: skip


@pytest.mark.parametrize("encoded", CASES.values(), ids=CASES.keys())
def test_the_judged_log_odds_are_those_of_the_futures(encoded: EncodedStudy) -> None:
    program = get_program()
    drawn = program.draw_prior(encoded.arrays, DRAWS, seed=1)
    prior = label_quantities(drawn, dict(zip(program.names, program.dims, strict=True)), encoded)
    present = corrected(present_case(encoded, prior))
    times = simulate_futures(present, replicates=FUTURES, seed=2).times
    for place, question in enumerate(encoded.opinions.questions.values()):
        cause, effect = (present.outcomes.index(name) for name in (question.given[0][0], question.outcome))
        by = question.by_periods
        given = times[:, :, cause] <= max(by, present.resolves[cause] if present.is_binary[cause] else 0.0)
        both = given & (times[:, :, effect] <= by)
        counted = both.sum(axis=1) / given.sum(axis=1)
        meant = special.expit(drawn["judged_log_odds"][:, place])
        error = np.sqrt(meant * (1 - meant) / given.sum(axis=1))
        # The chain has 24 legs; futures take causes to be independent among survivors.
        assert np.all(np.abs(counted - meant) < 0.006 + 4 * error), (question.question, counted, meant)


ONCE = {"given_at": "once"}
AT_ONCE = {
    "an event on an event": study(
        judged("effect", "cause", **ONCE), judged("effect", "cause", by="2022-07-01", **ONCE),
        outcomes=[event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))],
        links={("cause", "effect"): 1.5},
    ),
    "on each of two rivals, from one of two others": study(
        judged("exit", "war", **ONCE), judged("stay", "war", **ONCE),
        outcomes=[
            event_outcome(id="war", competes="a", **level(-4)), event_outcome(id="peace", competes="a", **level(-4.5)),
            event_outcome(id="exit", competes="b", **level(-4)), event_outcome(id="stay", competes="b", **level(-4)),
        ],
        links={("war", "exit"): 1.2, ("war", "stay"): -0.8},
    ),
    "a binary outcome on an event, before and after its day": study(
        judged("effect", "agreement", **ONCE), judged("effect", "agreement", by="2021-06-01", **ONCE),
        outcomes=[binary_outcome(resolution={"criteria": "Signed.", "by": "2021-09-15"}), event_outcome(id="effect", **level(-4))],
        links={("agreement", "effect"): 1.3},
    ),
    "an event on a binary outcome": study(
        judged("agreement", "cause", **ONCE),
        outcomes=[event_outcome(id="cause", **level(-4)), binary_outcome()],
        links={("cause", "agreement"): 1.8},
    ),
}  # fmt: skip


@pytest.mark.parametrize("encoded", AT_ONCE.values(), ids=AT_ONCE.keys())
def test_given_at_once_is_what_the_futures_show_where_the_cause_is_made_to_occur(encoded: EncodedStudy) -> None:
    program = get_program()
    drawn = program.draw_prior(encoded.arrays, DRAWS, seed=1)
    prior = label_quantities(drawn, dict(zip(program.names, program.dims, strict=True)), encoded)
    present = present_case(encoded, prior)
    for place, question in enumerate(encoded.opinions.questions.values()):
        times = simulate_futures(present, replicates=FUTURES, seed=2, forced={question.given[0][0]: 0.0}).times
        counted = (times[:, :, present.outcomes.index(question.outcome)] <= question.by_periods).mean(axis=1)
        meant = special.expit(drawn["judged_log_odds"][:, place])
        error = np.sqrt(meant * (1 - meant) / FUTURES)
        assert np.all(np.abs(counted - meant) < 0.006 + 4 * error), (question.question, counted, meant)


def test_a_cause_that_occurs_at_once_does_more_than_one_that_has_occurred_by_the_date() -> None:
    """And both are questions of their own, with errors of their own."""
    encoded = study(
        judged("effect", "cause"), judged("effect", "cause", **ONCE),
        outcomes=[event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))],
        links={("cause", "effect"): 1.5},
    )  # fmt: skip
    point = np.zeros((1, encoded.arrays.parameters))
    by_then, at_once = get_program().load(encoded.arrays).quantities(point)["judged_log_odds"][0]
    assert at_once > by_then + 0.5
    assert encoded.coords["topic"] == ["effect|cause", "effect|cause at once"]


def test_unconditional_judgments_and_priors_speak_of_the_marginal() -> None:
    """With and without the link the program says the same of an unconditional question."""
    outcomes = [event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))]
    row = {"expert": "x", "outcome": "effect", "probability": 0.4, "on": "2020-01-01"}
    found = []
    for links in ({}, {("cause", "effect"): 1.5}):
        arrays = study(row, outcomes=outcomes, links=links).arrays
        point = np.zeros((1, arrays.parameters))
        found.append(get_program().load(arrays).quantities(point)["judged_log_odds"])
    assert found[0] == pytest.approx(found[1], abs=1e-12)


def test_a_level_without_the_cause_takes_the_condition_at_once() -> None:
    """`base: none`: the hazard is multiplied from the as-of date on."""
    outcomes = [event_outcome(id="cause", **level(-4)), event_outcome(id="effect", **level(-4.5))]
    link = {
        "cause": "cause",
        "effect_on": "effect",
        "log_ratio": "normal(1.5, 0.2)",
        "base": "none",
        "rationale": "Tested.",
    }
    made = make_study(*outcomes, links=[link], judgments={"rows": [judged("effect", "cause")]})
    arrays = encode_study(made).arrays
    quantities = get_program().load(arrays).quantities(np.zeros((1, arrays.parameters)))
    theta, delta = quantities["theta"][0, 1], quantities["delta"][0, 0]
    expected = -np.expm1(-60 * np.exp(theta + delta))
    assert special.expit(quantities["judged_log_odds"][0, 0]) == pytest.approx(expected, rel=1e-9)


def test_a_count_that_has_reached_its_level_may_be_supposed() -> None:
    """It has no hazard for the chain: the question is read as if the cause did nothing more."""
    rows = [{"period": "2019-11", "value": 12}]
    threshold = {
        "id": "clashes", "title": "Clashes", "kind": "threshold", "indicator": "incidents", "at_least": 10,
        "resolution": {"criteria": "As counted."},
    }  # fmt: skip
    made = make_study(
        threshold,
        event_outcome(id="effect"),
        indicators=[{"id": "incidents", "rows": rows}],
        links=[{"cause": "clashes", "effect_on": "effect", "log_ratio": "normal(1, 0.2)", "rationale": "Tested."}],
        judgments={"rows": [judged("effect", "clashes")]},
        resolutions={"rows": [{"outcome": "clashes", "resolution": "yes", "on": "2019-12-01", "source": "x"}]},
    )
    arrays = encode_study(made).arrays
    assert (arrays.lengths["question"], arrays.lengths["condition"]) == (1, 0)
