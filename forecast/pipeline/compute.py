"""From a study to its stored answer: load, compile, sample; then `forecast.pipeline.assemble` makes the answer of the draws.

`compute_forecast` is the only way to a forecast from nothing: the command line, the worker and the tests call it. Same
document and seed, same numbers. It knows nothing of jobs, databases or HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

from forecast.answer import Update
from forecast.errors import StopRequestedError
from forecast.expectations import with_expectations
from forecast.inference.deviations import FloatArray
from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import Chains, SamplingProgress, Watch
from forecast.inference.labels import label_posterior
from forecast.model.encoding.cost import affordable_draws, require_affordable
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.pipeline.assemble import ComputedForecast, Drawn, assemble_forecast, judge
from forecast.progress import Progress, Stage, StageClock
from forecast.runtime.machine import sampling_cores, trim_memory
from forecast.study import Study
from forecast.summary.running import estimate_running

__all__ = [
    "ComputedForecast",
    "Progress",
    "Stage",
    "compute_forecast",
    "resolve_seed",
    "sample_and_assemble",
    "warm_up",
]


def warm_up() -> bool:
    """Make the program of this process now, in some fifteen seconds or in one from the cache; whether it was there."""
    return get_program().is_from_cache


def compute_forecast(
    study: Study,
    *,
    seed: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> ComputedForecast:
    """The answer of a study as of its as-of date, with its draws and figures.

    Parameters
    ----------
    seed
        0 to 2^63 - 1; None takes the study's own, or one derived from its digest.
    on_progress
        Called from this thread about ten times a second while sampling, and once at each stage.
    should_stop
        Called as often; returns the error to stop with (`CancelledError`, `DeadlineError`, `LeaseLostError`) or None.

    Raises
    ------
    StudyError
        The study cannot be used.
    SamplingError
        The sampler could not start or did not finish.
    StopRequestedError
        The class that `should_stop` returned; nothing is kept.
    """
    run = StageClock(on_progress, should_stop)
    with run.stage(Stage.LOAD):
        seed = resolve_seed(study, seed)
        encoded = encode_study(study)
        require_affordable(encoded)
        encoded = with_expectations(encoded, seed, should_stop)
    return sample_and_assemble(run, encoded, seed)


def sample_and_assemble(
    run: StageClock,
    encoded: EncodedStudy,
    seed: int,
    *,
    starts: FloatArray | None = None,
    update: Update | None = None,
) -> ComputedForecast:
    """The answer of an encoded study from a run of the sampler.

    Parameters
    ----------
    starts
        Where chains may start, dims (draw, parameter); None for places near the centre of the prior.
    update
        How it came about, where it is an update of an earlier forecast.
    """
    with run.stage(Stage.COMPILE):
        program = get_program()
    with run.timed("swap"):
        loaded = program.load(encoded.arrays, starts)
    sampler, watch = encoded.study.sampler, Watch(_sampling_reporter(run, encoded), run.should_stop)
    numbers = list(sampler.checkpoints(affordable_draws(encoded)))
    with Chains(loaded, sampler, seed=seed, cores=sampling_cores(), most_draws=numbers[-1], watch=watch) as chains:
        while True:
            with run.stage(Stage.SAMPLE):
                everything, stats = label_posterior(chains.draw(numbers.pop(0)), encoded)
                trim_memory()
            drawn = Drawn(
                everything, stats, update, target_accept=chains.target_accept, discarded=tuple(chains.discarded)
            )
            judged = judge(run, encoded, drawn, seed)
            if not numbers or judged.is_enough(sampler.target_mcse):
                break
            del everything, stats, drawn, judged  # room for twice as many
            trim_memory()
    return assemble_forecast(run, encoded, program, drawn, judged, seed)


def resolve_seed(study: Study, seed: int | None) -> int:
    """The seed asked for, else the study's own, else one derived from its digest."""
    if seed is not None:
        return seed
    if study.sampler.seed is not None:
        return study.sampler.seed
    return int(study.digest[:15], 16)


def _sampling_reporter(run: StageClock, encoded: EncodedStudy) -> Callable[[SamplingProgress], None]:
    def report(sampling: SamplingProgress) -> None:
        estimates = dict(run.last.estimates)
        if sampling.preview is not None:
            estimates = estimate_running(encoded, sampling.preview, 0) or estimates
        done, wanted = sampling.draws_done, sampling.draws_wanted
        run.report(Progress(Stage.SAMPLE, done, wanted, sampling.divergences, estimates, sampling.chains))

    return report
