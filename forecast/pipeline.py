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
from pathlib import Path

import xarray as xr

from forecast.answer import Answer, Diagnostics, Provenance
from forecast.errors import StopRequestedError
from forecast.futures.archive import assemble_tree, write_tree
from forecast.futures.notes import latest_known, make_notes
from forecast.futures.opinions import summarize_correlations, summarize_links, summarize_opinions
from forecast.futures.pairs import summarize_pairs
from forecast.futures.posterior import quick_probabilities
from forecast.futures.reference import case_levels
from forecast.futures.rolled import Rolled, outcome_probabilities, roll_forward
from forecast.futures.signals import summarize_factors, summarize_indicators
from forecast.futures.summary import (
    probability_errors,
    summarize_covariates,
    summarize_outcomes,
    summarize_remainder,
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
from forecast.study import Study

METHOD_VERSION = "3"
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
        reported = reported.merge(outcome_probabilities(encoded, everything, rolled))
        draws = assemble_tree(
            encoded,
            reported,
            latent,
            stats,
            program.draw_prior(encoded.arrays, PRIOR_DRAWS, seed),
            cases,
            rolled,
            seed=seed,
        )
    with run.stage(Stage.DIAGNOSE):
        diagnostics = diagnose(
            *_diagnosed(encoded, reported, latent, cases),
            stats,
            compilations=compilation_count(),
            seconds=run.seconds,
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
    return quick_probabilities(encoded, preview, 0)


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
        experts, questions = summarize_opinions(encoded, posterior)
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
        pairs=summarize_pairs(rolled),
        remainder=summarize_remainder(encoded, rolled),
        factors=summarize_factors(encoded, posterior),
        indicators=summarize_indicators(encoded, posterior, seed=seed),
        experts=experts,
        questions=questions,
        links=summarize_links(encoded, posterior),
        correlations=summarize_correlations(encoded, posterior),
        checks=(*checks, *make_notes(encoded, prior)),
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
            latest_known_at=latest_known(encoded),
        ),
    )


def _diagnosed(
    encoded: EncodedStudy, reported: xr.Dataset, latent: xr.Dataset, cases: xr.DataArray | None
) -> tuple[xr.Dataset, xr.Dataset]:
    """What is diagnosed as reported and as latent: cases with a frailty are reported by their own level.

    A case without one is a sum of quantities that are diagnosed themselves.
    """
    own = [unit.label for unit in encoded.units if unit.frailty]
    if cases is None or not own:
        return reported, latent
    return reported.assign(case_level=cases.sel(unit=own)), latent.drop_vars("frailty_z")
