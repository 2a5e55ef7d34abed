"""What is said of one world under `not A`, `A and B` and `not A and B` agrees with its marginals, with links or without.

What is true comes from the Markov chain of tests/statistical/coherent_worlds.py.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import pytest
from scipy import special

from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.study import Condition, condition_text, study_from_document
from tests.documents import binary_outcome, document
from tests.statistical.coherent_studies import EXACT_EXPERTS, answer, links, outcomes
from tests.statistical.coherent_worlds import HORIZON, LEAST, MOST, Array, Chain, Meaning, World, draw_world
from tests.statistical.test_coherent_statements import LEAST_ERROR, OF_LEGS, SAMPLER, TIMES, differing
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program, pytest.mark.timeout(7200)]

LEAST_CONDITION: Final = 0.02
"""Conditions that are less likely are not stated."""
SEEDS = sized(range(200), (3, 17))

Said = dict[tuple[str, Condition], float]
"""Probability by outcome and condition; nothing is supposed in a marginal."""


def world_of(seed: int) -> World | None:
    """The world of a seed without its factor, if nothing in it acts back."""
    world = replace(draw_world(np.random.default_rng([7, seed])), factor=None, idle_factor=False)
    return None if world.acts_back else world


def has(law: Array, condition: Condition, world: World) -> float:
    """Probability that all of it is so."""
    states = np.arange(law.shape[1])
    so = [((states >> world.names.index(name) & 1) == occurs) for name, occurs in condition]
    return float(law[0, np.all(so, axis=0)].sum())


def true(world: World, meaning: Meaning) -> Said:
    """Marginals, and conditionals on what acts on an outcome or excludes it."""
    chain = Chain(world, np.array([world.levels]), np.array([list(world.links.values())]))
    laws, found = chain.run(meaning, parts=8), Said()
    for effect, name in enumerate(world.names):
        law = laws[world.dates[effect]]
        found[name, ()] = has(law, ((name, True),), world)
        for condition in conditions(world, effect):
            likely = has(law, condition, world)
            both = has(law, (*condition, (name, True)), world)
            if likely > LEAST_CONDITION and LEAST < both / likely < MOST:
                found[name, condition] = both / likely
    return found


def conditions(world: World, effect: int) -> list[Condition]:
    """Each cause absent, each pair of causes present and one of them absent, and each competitor absent."""
    causes = [cause for cause, acted_on in world.links if acted_on == effect]
    rivals = [k for k, group in enumerate(world.groups) if group == world.groups[effect] and k != effect]
    found: list[Condition] = [((world.names[k], False),) for k in (*causes, *rivals)]
    for one, other in combinations(causes, 2):
        if world.groups[one] != world.groups[other]:
            pair = world.names[one], world.names[other]
            found += [tuple(zip(pair, (first, True), strict=True)) for first in (True, False)]
    return found


def rows(said: Said) -> list[dict[str, Any]]:
    """What three experts state who all know the world."""
    return [
        {
            "expert": f"e{k}",
            "on": "2020-01-01",
            "outcome": name,
            "given": condition_text(given) or None,
            "probability": p,
        }
        for k in range(3)
        for (name, given), p in said.items()
    ]


def test_conditions_are_read_as_what_is_true_of_even_hazards() -> None:
    """Without experts' errors and sampling, at the levels and links of worlds without a factor."""
    program, compared = get_program(), 0
    for seed in sized(range(200), (3, 4, 8, 17)):
        if (world := world_of(seed)) is None:
            continue
        said = true(world, "marginal")
        exact = [{"distribution": f"normal({level}, 1e-6)"} for level in world.levels]
        study = document(
            *outcomes(world, exact),
            horizon=HORIZON,
            links=links(world, 1e-6, "marginal"),
            judgments={"rows": rows(said)},
        )
        encoded = encode_study(study_from_document(study))
        judged = special.expit(program.draw_prior(encoded.arrays, 1, seed=1)["judged_log_odds"][0])
        for question, found in zip(encoded.opinions.questions.values(), judged, strict=True):
            expected = said[question.outcome, question.given]
            assert found == pytest.approx(expected, abs=OF_LEGS), (seed, question.question)
            compared += bool(question.given)
    assert compared >= 5


@pytest.mark.parametrize("has_links", [True, False])
def test_statements_under_conditions_leave_marginals_where_they_are(*, has_links: bool) -> None:
    """With the links of the world, and with those that are made where a study states none."""
    far: list[str] = []
    for seed in SEEDS:
        if (world := world_of(seed)) is None:
            continue
        said = true(world, "base")
        marginals = {asked: p for asked, p in said.items() if not asked[1]}
        stated = {"links": links(world, 0.05, "marginal")} if has_links else {}
        whole, alone = (
            document(
                *outcomes(world),
                horizon=HORIZON,
                experts=EXACT_EXPERTS,
                sampler=SAMPLER,
                judgments={"rows": rows(these)},
                **more,
            )
            for these, more in ((said, stated), (marginals, {}))
        )
        far += differing(whole, alone, seed)
    assert far == []


@pytest.mark.parametrize("stated", [True, False])
def test_a_panel_that_is_coherent_gets_back_what_it_said(*, stated: bool) -> None:
    """Five experts: a ceasefire .5, a deal .35, a deal given a ceasefire .6; with a link, or with one that is made."""
    said = {("ceasefire", None): 0.5, ("deal", None): 0.35, ("deal", "ceasefire"): 0.6}
    link = {"cause": "ceasefire", "effect_on": "deal", "log_ratio": "normal(0, 2)"}
    found = answer(
        document(
            *[
                binary_outcome(
                    id=name, resolution={"criteria": "x", "by": by}, prior={"distribution": "normal(0, 1.5)"}
                )
                for name, by in (("ceasefire", "2022-06-30"), ("deal", "2022-12-31"))
            ],
            horizon=36,
            experts=EXACT_EXPERTS,
            sampler=SAMPLER,
            links=[link] if stated else [],
            judgments={
                "rows": [
                    {"expert": expert, "on": "2020-01-01", "outcome": name, "given": given, "probability": p}
                    for expert in ("ann", "bo", "cy", "di", "eli")
                    for (name, given), p in said.items()
                ]
            },
        ),
        seed=1,
    )
    for name in ("ceasefire", "deal"):
        probability, error = found[name]
        assert probability == pytest.approx(said[name, None], abs=LEAST_ERROR + TIMES * error)
