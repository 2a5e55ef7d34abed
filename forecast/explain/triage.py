"""Why a forecast differs from the one before it: the program run with one thing changed at a time.

The shares add up to the whole change of the log odds. A step whose arrays are those of a forecast that is stored costs
no run: most updates need one, with time moved on and no new evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forecast.answer import Answer, CauseStep, ProbabilityStep, Triage
from forecast.errors import StopRequestedError
from forecast.explain.attribution import count_everything, same_arrays
from forecast.explain.estimates import Estimated, next_step
from forecast.explain.runs import Runs
from forecast.futures.simulation import MAX_DRAWS
from forecast.model.encoding.encoded import EncodedStudy
from forecast.progress import Progress
from forecast.study import Study
from forecast.study.arriving.comparison import changes_between

Counted = dict[str, Estimated]


@dataclass(frozen=True)
class Previous:
    """The forecast before the one that is explained."""

    forecast_id: str
    study: Study
    answer: Answer


def compute_triage(
    study: Study,
    *,
    seed: int,
    answer: Answer,
    previous: Previous,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> Triage:
    """The share of method, clock, corrected data and new evidence in the change from one forecast to the next.

    A share is the change of the log odds from one step to the next, with its Monte Carlo error. Steps are computed with
    the seed of the later forecast. What could not stand alone (time passed beyond an outcome's date, and only new
    evidence says how it turned out) is part of the next share and marked as such.

    Parameters
    ----------
    seed
        Of the forecast that is explained; `answer` is its stored answer.
    """
    runs = Runs(study, seed, on_progress, should_stop)
    first, last = runs.encode_other(previous.study), runs.encode()
    same_method = previous.answer.method_version == answer.method_version
    ends = (_stored(previous.answer, previous.study), _stored(answer, study))
    wanted = [(change.cause, change.study) for change in changes_between(previous.study, study)]
    encoded = [None if changed is None else runs.encode_other(changed) for _, changed in wanted]
    runs.expect(_runs(encoded, first if same_method else None, last))
    steps: list[CauseStep] = []
    now, at = ends[0], first if same_method else None
    for (cause, _), candidate in zip(wanted, encoded, strict=True):
        before = now
        changed = candidate is not None and (at is None or not same_arrays(at.arrays, candidate.arrays))
        if candidate is not None and changed:
            is_last = same_arrays(candidate.arrays, last.arrays)
            now, at = ends[1] if is_last else count_everything(runs, candidate), candidate
        steps.append(
            CauseStep(
                cause=cause.value,
                changed=changed,
                apart=candidate is not None,
                outcomes=_steps(now[0], before[0], changed=changed),
                scenarios=_steps(now[1], before[1], changed=changed),
            )
        )
    return Triage(previous=previous.forecast_id, steps=tuple(steps), seconds=runs.seconds)


def _runs(encoded: list[EncodedStudy | None], first: EncodedStudy | None, last: EncodedStudy) -> int:
    """Number of steps that need a run: neither stored nor equal to the step before."""
    count, at = 0, first
    for candidate in encoded:
        if candidate is None or (at is not None and same_arrays(at.arrays, candidate.arrays)):
            continue
        count += not same_arrays(candidate.arrays, last.arrays)
        at = candidate
    return count


def _stored(answer: Answer, study: Study) -> tuple[Counted, Counted]:
    """Probabilities of a stored forecast by outcome and by scenario, with the futures behind them."""
    draws = answer.diagnostics.chains * answer.diagnostics.draws
    futures = min(draws, MAX_DRAWS) * study.sampler.futures_per_draw
    return (
        {outcome.id: Estimated(outcome.probability, outcome.mcse, futures) for outcome in answer.outcomes},
        {scenario.id: Estimated(scenario.probability, scenario.mcse, futures) for scenario in answer.scenarios},
    )


def _steps(now: Counted, before: Counted, *, changed: bool) -> dict[str, ProbabilityStep]:
    """What both have; an outcome that is new in the later forecast has no change."""
    common = [name for name in now if name in before]
    steps = {name: next_step(now[name], before[name]) for name in common}
    if changed:
        return steps
    return {name: step.model_copy(update={"change": 0.0, "change_mcse": 0.0}) for name, step in steps.items()}
