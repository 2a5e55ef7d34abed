"""From a study to its stored answer: load, compile, sample, diagnose, roll forward, draw.

`compute_forecast` is the only way to a forecast: the command line, the worker and the tests call it. Same document
and seed, same numbers. It knows nothing of jobs, databases or HTTP.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

import xarray as xr

from forecast.answer import Answer, Check, Diagnostics, Provenance
from forecast.errors import FieldError, StopRequestedError, StudyError
from forecast.futures.archive import assemble_tree, write_tree
from forecast.futures.hazards import cumulative_incidence, present_case, probability_by_resolution
from forecast.futures.reference import MAX_UNITS, case_levels
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
from forecast.model.encode import EncodedStudy, encode_study
from forecast.plots.figures import Figure, build_figures
from forecast.study import Spell, Study, require_supported

METHOD_VERSION = "1"
"""Changes whenever the same document and seed would give other numbers."""

PRIOR_DRAWS = 1000
MAX_DRAW_BYTES = 2_000_000_000
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


class Stage(StrEnum):
    """What a running forecast is doing."""

    LOAD = "load"
    COMPILE = "compile"
    SAMPLE = "sample"
    DIAGNOSE = "diagnose"
    FUTURES = "futures"
    FIGURES = "figures"
    STORE = "store"


@dataclass(frozen=True)
class Progress:
    """How far a running forecast is; warm-up draws count in both numbers."""

    stage: Stage
    draws_done: int = 0
    draws_wanted: int = 0
    divergences: int = 0
    estimates: Mapping[str, float] = field(default_factory=dict)
    """Running probability of each outcome by its resolution date; empty until there are draws."""


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
    """Compile the program of this process now (about ten seconds from the cache, a minute or two without one)."""
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
    run = _Run(on_progress, should_stop)
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
            on_progress=run.sampling_reporter(encoded),
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
        diagnostics = diagnose(reported, latent, stats, compilations=compilation_count(), seconds=run.seconds)
    answer = _answer(encoded, everything, rolled, cases, diagnostics, seed, run)
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


def require_affordable(encoded: EncodedStudy) -> None:
    """Refuse what would not fit into memory, before anything of it is allocated.

    Raises
    ------
    StudyError
        When the draws of all latent and named quantities would take more than `MAX_DRAW_BYTES`.
    """
    lengths, sampler = encoded.arrays.lengths, encoded.study.sampler
    quantities = 2 * encoded.arrays.parameters + min(len(encoded.units), MAX_UNITS) + lengths["band"]
    needed = 8 * quantities * sampler.draws * sampler.chains
    if needed > MAX_DRAW_BYTES:
        raise StudyError(
            [
                FieldError(
                    "sampler.draws",
                    "too_large",
                    f"{sampler.chains} chains of {sampler.draws} draws of {quantities} quantities would take "
                    f"{needed / 1e9:.1f} GB; expected at most {MAX_DRAW_BYTES / 1e9:g} GB; ask for fewer draws, or set "
                    "case_sd: 0 so that cases have no level of their own",
                )
            ]
        )


class _Run:
    """Stages of one run: their times, their reports and the question whether to stop."""

    def __init__(
        self,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], type[StopRequestedError] | None] | None,
    ) -> None:
        self.on_progress = on_progress
        self.should_stop = should_stop
        self.started = time.perf_counter()
        self.seconds: dict[str, float] = {}
        self.last = Progress(Stage.LOAD)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        stop = self.should_stop() if self.should_stop is not None else None
        if stop is not None:
            raise stop(f"stopped on request before the stage {stage.value}; nothing was kept")
        self.report(
            Progress(stage, self.last.draws_done, self.last.draws_wanted, self.last.divergences, self.last.estimates)
        )
        with self.timed(stage.value):
            yield

    def report(self, progress: Progress) -> None:
        self.last = progress
        if self.on_progress is not None:
            self.on_progress(progress)

    def sampling_reporter(self, encoded: EncodedStudy) -> Callable[[SamplingProgress], None]:
        def report(sampling: SamplingProgress) -> None:
            estimates = dict(self.last.estimates)
            if sampling.preview is not None:
                estimates = preview_probabilities(encoded, sampling.preview)
            self.report(
                Progress(Stage.SAMPLE, sampling.draws_done, sampling.draws_wanted, sampling.divergences, estimates)
            )

        return report

    def finish(self, answer: Answer) -> Answer:
        """The answer with the times of all stages."""
        provenance = answer.provenance.model_copy(update={"duration_seconds": time.perf_counter() - self.started})
        diagnostics = answer.diagnostics.model_copy(update={"seconds": dict(self.seconds)})
        return answer.model_copy(update={"provenance": provenance, "diagnostics": diagnostics})


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
    run: _Run,
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
        checks=(*checks, *_notes(study)),
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
    """The latest end of an observation among the cases; None when no case has dates."""
    spells = [unit.case.data for unit in encoded.units if isinstance(unit.case.data, Spell)]
    return max((spell.exited for spell in spells if spell.exited is not None), default=None)
