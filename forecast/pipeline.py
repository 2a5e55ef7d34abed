"""From a study to its stored answer: load, compile, sample, diagnose, roll forward, draw.

`compute_forecast` is the only way to a forecast: the command line, the worker and the tests call it. Same document
and seed, same numbers. It knows nothing of jobs, databases or HTTP.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import xarray as xr

from forecast.answer import Answer, Check, Diagnostics, Provenance
from forecast.errors import StopRequestedError
from forecast.futures.archive import assemble_tree, write_tree
from forecast.futures.hazards import cumulative_incidence, present_case, probability_by_resolution
from forecast.futures.reference import case_levels
from forecast.futures.summary import (
    Rolled,
    outcome_probabilities,
    probability_errors,
    roll_forward,
    summarize_covariates,
    summarize_outcomes,
    summarize_scenarios,
)
from forecast.inference.diagnostics import diagnose
from forecast.inference.gate import check_diagnostics, decide_verdict
from forecast.inference.labels import label_posterior, split_latent
from forecast.inference.program import compilation_count, get_program
from forecast.inference.sampling import SamplingProgress, sample_posterior
from forecast.model.cost import require_affordable
from forecast.model.encode import EncodedStudy, encode_study
from forecast.plots.figures import Figure, build_figures
from forecast.stages import Progress, Stage, StageClock
from forecast.study import Spell, Study, require_supported

METHOD_VERSION = "1"
"""Changes whenever the same document and seed would give other numbers."""

__all__ = ["ComputedForecast", "Progress", "Stage", "available_cores", "compute_forecast", "resolve_seed", "warm_up"]

PRIOR_DRAWS = 1000
VERSIONED = (
    "scenario-forecast",
    "pymc",
    "pytensor",
    "nutpie",
    "numba",
    "numpy",
    "scipy",
    "xarray",
    "arviz-base",
    "arviz-stats",
)


@dataclass(frozen=True)
class ComputedForecast:
    """A computed answer with everything that stands behind it."""

    answer: Answer
    draws: xr.DataTree
    figures: dict[str, Figure]
    """Plotly figures by name."""

    def write_draws(self, path: Path) -> None:
        """Write `draws.nc`."""
        write_tree(self.draws, path)


def warm_up() -> None:
    """Compile the program of this process now (seconds from the cache, a minute or two without one)."""
    get_program()


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


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
        The study cannot be used, or names a block whose mathematics is not here yet.
    SamplingError
        The sampler could not start or did not finish.
    StopRequestedError
        The class that `should_stop` returned; nothing is kept.
    """
    run = StageClock(on_progress, should_stop)
    with run.stage(Stage.LOAD):
        require_supported(study)
        seed = resolve_seed(study, seed)
        encoded = encode_study(study)
        require_affordable(encoded)
    with run.stage(Stage.COMPILE):
        program = get_program()
    with run.timed("swap"):
        loaded = program.load(encoded.arrays)
    with run.stage(Stage.SAMPLE):
        tree = sample_posterior(
            loaded,
            study.sampler,
            seed=seed,
            cores=available_cores(),
            on_progress=_sampling_reporter(run, encoded),
            should_stop=should_stop,
        )
        everything, stats = label_posterior(tree, encoded)
    with run.stage(Stage.FUTURES):
        rolled = roll_forward(encoded, everything, seed=seed)
        cases = case_levels(encoded, everything)
        latent, reported = split_latent(everything)
        reported = reported.assign(probability=outcome_probabilities(encoded, everything, rolled))
        draws = assemble_tree(
            encoded,
            reported,
            latent,
            stats,
            program.draw_prior(encoded.arrays, PRIOR_DRAWS, seed),
            cases,
            rolled.futures.to_dataset(study.sampler.draws),
            seed=seed,
        )
    with run.stage(Stage.DIAGNOSE):
        diagnostics = diagnose(
            *_diagnosed(encoded, reported, latent, cases), stats, compilations=compilation_count(), seconds=run.seconds
        )
    answer = _answer(encoded, everything, rolled, cases, diagnostics, seed, run, draws["prior"].to_dataset())
    with run.stage(Stage.FIGURES):
        figures = build_figures(answer, reported)
    return ComputedForecast(run.finish(answer), draws, figures)


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
            estimates = preview_probabilities(encoded, sampling.preview)
        run.report(Progress(Stage.SAMPLE, sampling.draws_done, sampling.draws_wanted, sampling.divergences, estimates))

    return report


def preview_probabilities(encoded: EncodedStudy, preview: xr.Dataset) -> dict[str, float]:
    """Running probability of each outcome from half-finished chains (nutpie pads short ones with NaN)."""
    draws = preview[["theta", "log_hazard_shape"]].stack(sample=("chain", "draw")).dropna("sample")
    thin = draws.isel(sample=slice(None, None, max(1, draws.sizes["sample"] // 200))).reset_index("sample", drop=True)
    flat = thin.rename(sample="draw").expand_dims("chain")
    present = present_case(encoded, flat)
    mean = probability_by_resolution(present, cumulative_incidence(present)).mean(axis=0)
    return dict(zip(present.outcomes, map(float, mean), strict=True))


def _answer(
    encoded: EncodedStudy,
    posterior: xr.Dataset,
    rolled: Rolled,
    cases: xr.DataArray | None,
    diagnostics: Diagnostics,
    seed: int,
    run: StageClock,
    prior: xr.Dataset,
) -> Answer:
    study = encoded.study
    with run.timed(Stage.FUTURES.value):
        outcomes = summarize_outcomes(encoded, posterior, rolled, cases)
        scenarios = summarize_scenarios(encoded, rolled)
        covariates = summarize_covariates(encoded, posterior)
    checks = check_diagnostics(diagnostics, probability_errors(outcomes, scenarios))
    verdict, reasons = decide_verdict(checks)
    return Answer(
        study=study.study,
        study_digest=study.digest,
        title=study.title,
        as_of=study.as_of,
        period=study.period.value,
        horizon_periods=study.horizon,
        method_version=METHOD_VERSION,
        verdict=verdict,
        verdict_reasons=reasons,
        outcomes=outcomes,
        scenarios=scenarios,
        covariates=covariates,
        checks=(*checks, *_notes(study), *_prior_notes(study, prior)),
        diagnostics=diagnostics,
        provenance=Provenance(
            seed=seed,
            sampler=study.sampler.model_dump(mode="json"),
            versions={
                **{name: importlib.metadata.version(name) for name in VERSIONED},
                "python": platform.python_version(),
            },
            host=socket.gethostname(),
            duration_seconds=0.0,
            evidence=encoded.evidence_counts,
            latest_known_at=_latest_known(encoded),
        ),
    )


def _diagnosed(
    encoded: EncodedStudy, reported: xr.Dataset, latent: xr.Dataset, cases: xr.DataArray | None
) -> tuple[xr.Dataset, xr.Dataset]:
    """What is diagnosed as reported and as latent: cases with a frailty are reported by their own level.

    A case without one is a sum of quantities that are diagnosed themselves.
    """
    own = [unit.label for unit in encoded.units if unit.frailty is not None]
    if cases is None or not own:
        return reported, latent
    return reported.assign(case_level=cases.sel(unit=own)), latent.drop_vars("frailty_z")


def _prior_notes(study: Study, prior: xr.Dataset) -> tuple[Check, ...]:
    """What the priors alone say of the present case, with the spread of classes and cases, before any evidence."""
    notes = []
    for outcome in study.outcomes:
        low, median, high = np.quantile(prior["probability"].sel(outcome=outcome.id), [0.05, 0.5, 0.95])
        notes.append(
            Check(
                name="prior",
                passed=None,
                value=float(median),
                threshold=None,
                message=f"before any case or history, {outcome.id} has probability {median:.2f} by its date "
                f"({low:.2f} to {high:.2f}, 90 %): the stated prior, widened by the spread of classes and cases",
            )
        )
    return tuple(notes)


def _notes(study: Study) -> tuple[Check, ...]:
    """What a reader should know and no threshold decides."""
    return tuple(
        Check(
            name="default_prior",
            passed=None,
            value=None,
            threshold=None,
            message=f"outcome {outcome.id} states no prior; {outcome.prior_on_scale(study.horizon)} was used on its scale",
        )
        for outcome in study.outcomes
        if outcome.prior is None
    )


def _latest_known(encoded: EncodedStudy) -> date | None:
    """The latest end of a case that has ended; None when none has, or no case has dates."""
    as_of = encoded.study.as_of
    spells = [unit.case.data for unit in encoded.units if isinstance(unit.case.data, Spell)]
    ended = [spell.exited for spell in spells if spell.exited is not None and (spell.event or spell.exited < as_of)]
    return max(ended, default=None)
