"""Intervals of present probabilities hold what is true, over worlds of mixed shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from forecast.answer import Verdict
from forecast.futures.correction import corrected
from forecast.futures.shares import share_quantiles
from forecast.futures.simulation import simulate_futures
from forecast.inference.engine.program import get_program
from forecast.inference.labels import label_quantities
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.pipeline.compute import compute_forecast
from forecast.study import study_from_document
from forecast.summary.posterior import present_case
from forecast.summary.rolled import roll_forward
from tests.statistical.mixed_worlds import Mixed, draw_mixed

pytestmark = [pytest.mark.statistical, pytest.mark.program]

SAMPLER: dict[str, int] = {}
"""As studies have it that say nothing: so many draws as the checks need."""
WORLDS = 100
FUTURES = 40_000
"""From which a true probability is counted, within .0025."""
NINE_TENTHS, HALF = (84, 96), (40, 60)
"""Of 100 right intervals, so many hold the truth in 96 % of runs."""


FEWEST_PUBLISHED = 90
"""Of the worlds. Where two experts say four numbers, chains may stay for long where their errors are small."""


@dataclass(frozen=True)
class Found:
    """Of one outcome: what is true, and whether the two intervals hold it."""

    truth: float
    ninety: bool
    half: bool


def true_probabilities(world: Mixed, encoded: EncodedStudy, seed: int) -> dict[str, float]:
    """Of each outcome by its own date, at the parameters of the world."""
    program = get_program()
    drawn = program.draw_prior(encoded.arrays, 1, seed)
    known = label_quantities(drawn, dict(zip(program.names, program.dims, strict=True)), encoded).copy(deep=True)
    for outcome, level in world.theta.items():
        known["theta"].loc[{"outcome": outcome}] = level
    for (outcome, factor), gamma in world.gamma.items():
        known["gamma"].loc[{"effect": f"{outcome}<-{factor}"}] = gamma
    for (cause, effect), delta in world.delta.items():
        known["delta"].loc[{"link": f"{effect}<-{cause}"}] = delta
    if world.gamma:
        known["persistence"][:] = world.persistence
        known["state"][:] = world.last_state
    present = corrected(present_case(encoded, known))
    times = simulate_futures(present, replicates=FUTURES, seed=seed).times
    return dict(zip(present.outcomes, (times <= present.resolves).mean(axis=(0, 1)).tolist(), strict=True))


def compared(seed: int) -> tuple[dict[str, Found], Verdict]:
    """What each interval of a world holds, and the verdict."""
    world = draw_mixed(np.random.default_rng([9, seed]), SAMPLER)
    study = study_from_document(world.study)
    encoded = encode_study(study)
    truth = true_probabilities(world, encoded, seed)
    computed = compute_forecast(study, seed=seed)
    rolled = roll_forward(encoded, computed.draws["posterior"].to_dataset(), seed=seed)
    happened = (rolled.replicated.times <= rolled.present.resolves).sum(axis=1)
    each = rolled.replicated.times.shape[1]
    found = {}
    for outcome in computed.answer.outcomes:
        p, interval = truth[outcome.id], outcome.interval
        place = rolled.present.outcomes.index(outcome.id)
        if rolled.present.closed[place]:
            low, high = np.quantile(rolled.by_resolution[:, place], [0.25, 0.75])
        else:
            low, high = share_quantiles(happened[:, place, None], each, (0.25, 0.75))[:, 0]
        found[outcome.id] = Found(p, interval.low <= p <= interval.high, bool(low <= p <= high))
    return found, computed.answer.verdict


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_intervals_of_present_probabilities_hold_what_is_true() -> None:
    """Of one outcome of each world, since those of one world depend on one another; of all, it is printed."""
    chosen, everything, verdicts = [], [], []
    for seed in range(WORLDS):
        found, verdict = compared(seed)
        verdicts.append(verdict)
        everything += list(found.values())
        chosen.append(list(found.values())[seed % len(found)])
        print(f"world {seed}, {verdict}: " + ", ".join(f"{o} {x.truth:.3f} {x.ninety:d}{x.half:d}" for o, x in found.items()),
              flush=True)  # fmt: skip
    ninety, half = sum(x.ninety for x in chosen), sum(x.half for x in chosen)
    print(f"of {len(chosen)} intervals of 90 % hold the truth {ninety}, of 50 % {half}; of all {len(everything)} "
          f"{np.mean([x.ninety for x in everything]):.3f} and {np.mean([x.half for x in everything]):.3f}; "
          f"verdicts { {v: verdicts.count(v) for v in set(verdicts)} }")  # fmt: skip
    assert verdicts.count(Verdict.PUBLISHED) >= FEWEST_PUBLISHED
    assert NINE_TENTHS[0] <= ninety <= NINE_TENTHS[1]
    assert HALF[0] <= half <= HALF[1]
