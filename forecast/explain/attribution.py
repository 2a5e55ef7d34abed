"""The log-odds waterfall: the program run with the prior alone, then with one block of evidence more at a time.

Blocks are added in a fixed order; what a block adds depends on those before it. The last run is the forecast itself:
the same arrays, seed and futures, hence the same numbers to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from forecast.answer import Attribution, AttributionStep, ProbabilityStep
from forecast.errors import StopRequestedError
from forecast.explain.estimates import Estimated, first_step, next_step
from forecast.explain.runs import Runs
from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.selection import EVERYTHING, Selection
from forecast.progress import Progress, Stage
from forecast.study import Expression, Occurs, Study
from forecast.summary.outcomes import count_futures
from forecast.summary.rolled import roll_forward

Block = Literal["prior", "reference_classes", "history", "indicators", "judgments", "links"]
Counted = dict[str, Estimated]

STEPS: Final[tuple[tuple[Block, Selection], ...]] = (
    ("prior", Selection(False, False, False, False, False)),
    ("reference_classes", Selection(True, False, False, False, False)),
    ("history", Selection(True, True, False, False, False)),
    ("indicators", Selection(True, True, True, False, False)),
    ("judgments", Selection(True, True, True, True, False)),
    ("links", EVERYTHING),
)


def compute_attribution(
    study: Study,
    *,
    seed: int,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> Attribution:
    """How far each block of evidence moves every outcome and scenario.

    A block that the study does not have costs no run: its step repeats the numbers before it. The parameters and errors
    are those of `forecast.pipeline.compute.compute_forecast`.

    Parameters
    ----------
    seed
        Of the forecast that is explained.
    """
    runs = Runs(study, seed, on_progress, should_stop)
    encoded = [runs.encode(selection) for _, selection in STEPS]
    is_new = [place == 0 or not same_arrays(encoded[place - 1].arrays, e.arrays) for place, e in enumerate(encoded)]
    runs.expect(sum(is_new))
    steps: list[AttributionStep] = []
    before: tuple[Counted, Counted] | None = None
    for (block, _), at, fresh in zip(STEPS, encoded, is_new, strict=True):
        now = count_everything(runs, at) if fresh or before is None else before
        outcomes, scenarios = (
            _steps(counted, None if before is None else before[place], fresh=fresh) for place, counted in enumerate(now)
        )
        steps.append(AttributionStep(block=block, outcomes=outcomes, scenarios=scenarios))
        before = now
    return Attribution(steps=tuple(steps), seconds=runs.seconds)


def same_arrays(first: ModelArrays, second: ModelArrays) -> bool:
    """Whether the program is given the very same numbers."""
    return first.lengths == second.lengths and all(np.array_equal(first[name], second[name]) for name in first)


def count_everything(runs: Runs, encoded: EncodedStudy) -> tuple[Counted, Counted]:
    """Outcomes and scenarios, counted as the forecast counts them."""
    posterior = runs.sample(encoded)
    runs.at(Stage.FUTURES)
    rolled = roll_forward(encoded, posterior, seed=runs.seed)
    futures = rolled.futures.count

    def counted(expressions: dict[str, Expression]) -> Counted:
        found = {name: count_futures(expression, encoded, rolled) for name, expression in expressions.items()}
        return {name: Estimated(e.probability, e.mcse, futures) for name, e in found.items()}

    study = encoded.study
    return (
        counted({outcome.id: Occurs(outcome.id) for outcome in study.parts}),
        counted({scenario.id: scenario.expression for scenario in study.scenarios}),
    )


def _steps(now: Counted, before: Counted | None, *, fresh: bool) -> dict[str, ProbabilityStep]:
    if before is None or not fresh:
        return {name: first_step(found) for name, found in now.items()}
    return {name: next_step(found, before[name]) for name, found in now.items()}
