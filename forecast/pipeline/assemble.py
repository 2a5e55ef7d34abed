"""From draws to a stored answer: roll forward, diagnose, summarize, draw figures.

What `forecast.pipeline.compute` samples and what `forecast.pipeline.update` weighs are answered here in the same way.
"""

from __future__ import annotations

import importlib.metadata
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import xarray as xr
from pydantic import JsonValue

from forecast.answer import (
    METHOD_VERSION,
    Answer,
    Check,
    CountFit,
    Diagnostics,
    Discarded,
    OutcomeForecast,
    Provenance,
    QuantityForecast,
    ScenarioForecast,
    Update,
)
from forecast.dims import DRAW
from forecast.figures.answer import Figure, build_figures
from forecast.inference.diagnostics import diagnose, with_latent
from forecast.inference.engine.program import Program, compilation_count
from forecast.inference.engine.seam import seam
from forecast.inference.gate import check_diagnostics, decide_verdict
from forecast.inference.labels import split_latent
from forecast.model.encoding.encoded import EncodedStudy
from forecast.progress import Stage, StageClock
from forecast.study import SamplerSettings
from forecast.summary.archive import assemble_tree, write_tree
from forecast.summary.count_checks import check_counts, fit_counts
from forecast.summary.notes import latest_known, make_notes
from forecast.summary.opinions import summarize_changes, summarize_correlations, summarize_links, summarize_opinions
from forecast.summary.outcomes import (
    probability_errors,
    summarize_covariates,
    summarize_outcomes,
    summarize_remainder,
    summarize_scenarios,
)
from forecast.summary.pairs import summarize_pairs
from forecast.summary.quantities import quantity_errors, summarize_quantities
from forecast.summary.reference import case_levels
from forecast.summary.rolled import Rolled, outcome_probabilities, roll_forward
from forecast.summary.signals import summarize_factors, summarize_indicators

PRIOR_DRAWS = 1000
CURED_BY_DRAWS: Final = frozenset({"rhat", "ess_bulk", "ess_tail", "mcse"})
"""Checks that more draws may pass."""
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
class Drawn:
    """Draws of the posterior, however they came about."""

    posterior: xr.Dataset
    """Labelled, dims (chain, draw, ...), latent variables among them."""
    stats: xr.Dataset
    """Sample statistics, dims (chain, draw)."""
    update: Update | None = None
    """How an update came about; None for a forecast of its own."""
    sampled_by: Diagnostics | None = None
    """Of the run whose draws were weighed; None where these are its draws."""
    checks: tuple[Check, ...] = ()
    """Beside those of every forecast."""
    replicates: int | None = None
    """Futures of each draw; None for the study's own number."""
    target_accept: float | None = None
    """That the step size was tuned to; None where no chain made these draws."""
    discarded: tuple[Discarded, ...] = ()
    """Runs of the sampler before these draws."""


@dataclass(frozen=True)
class Judged:
    """What the publication gate says of draws, and the probabilities that it looks at."""

    rolled: Rolled
    cases: xr.DataArray | None
    reported: xr.Dataset
    latent: xr.Dataset
    outcomes: tuple[OutcomeForecast, ...]
    scenarios: tuple[ScenarioForecast, ...]
    quantities: tuple[QuantityForecast, ...]
    diagnostics: Diagnostics
    checks: tuple[Check, ...]
    errors: Mapping[str, float]
    """Monte Carlo standard error of each probability."""
    fits: Mapping[str, tuple[CountFit, ...]]
    """Whether the counts of an indicator look like counts of the model, by indicator."""

    def is_enough(self, target_mcse: float | None) -> bool:
        """Whether more draws would not change what the gate says, and the probabilities are as precise as wanted."""
        failed = {check.name for check in self.checks if check.passed is False}
        if failed - CURED_BY_DRAWS:
            return True
        return not failed and (target_mcse is None or max(self.errors.values()) <= target_mcse)


@dataclass(frozen=True)
class ComputedForecast:
    """A computed answer with its draws and figures."""

    answer: Answer
    draws: xr.DataTree
    figures: dict[str, Figure]
    """Plotly figures by name."""

    def write_draws(self, path: Path) -> None:
        """Write `draws.nc`."""
        write_tree(self.draws, path)


def judge(run: StageClock, encoded: EncodedStudy, drawn: Drawn, seed: int) -> Judged:
    """Probabilities with their errors, and the checks: what decides whether there are enough draws."""
    everything = drawn.posterior
    with run.stage(Stage.FUTURES):
        rolled = roll_forward(encoded, everything, seed=seed, replicates=drawn.replicates)
        cases = case_levels(encoded, everything, seed)
        latent, reported = split_latent(everything)
        reported = reported.merge(outcome_probabilities(encoded, everything, rolled))
        outcomes = summarize_outcomes(encoded, everything, rolled, cases)
        scenarios = summarize_scenarios(encoded, rolled)
        quantities = summarize_quantities(encoded, everything, rolled.present.chains, dict(rolled.futures.values))
    with run.stage(Stage.DIAGNOSE):
        diagnosed, _ = _diagnosed(encoded, reported, latent, cases)
        diagnostics = diagnose(
            diagnosed,
            drawn.stats,
            compilations=compilation_count(),
            seconds=run.seconds,
            rhat=_known_rhat(drawn.sampled_by),
            discarded=drawn.discarded,
        )
        if drawn.sampled_by is not None:
            diagnostics = _of_the_sampler(diagnostics, drawn.sampled_by)
        fits = fit_counts(encoded, everything, seed=seed)
    errors = {**probability_errors(outcomes, scenarios), **quantity_errors(quantities)}
    checks = (*check_diagnostics(diagnostics, errors), *check_counts(fits), *drawn.checks)
    return Judged(rolled, cases, reported, latent, outcomes, scenarios, quantities, diagnostics, checks, errors, fits)


def assemble_forecast(
    run: StageClock, encoded: EncodedStudy, program: Program, drawn: Drawn, judged: Judged, seed: int
) -> ComputedForecast:
    """The answer, its draws and its figures."""
    with run.stage(Stage.FUTURES):
        draws = assemble_tree(
            encoded,
            judged.reported,
            judged.latent,
            drawn.stats,
            program.draw_prior(encoded.arrays, PRIOR_DRAWS, seed),
            judged.cases,
            judged.rolled,
            seed=seed,
        )
    with run.stage(Stage.DIAGNOSE):
        diagnosed, latent = _diagnosed(encoded, judged.reported, judged.latent, judged.cases)
        diagnostics = with_latent(judged.diagnostics, diagnosed, latent, _known_rhat(drawn.sampled_by))
    answer = _answer(encoded, program, drawn, judged, diagnostics, seed, run, draws["prior"].to_dataset())
    with run.stage(Stage.FIGURES):
        figures = build_figures(answer, judged.reported)
    return ComputedForecast(run.finish(answer), draws, figures)


def _known_rhat(sampled_by: Diagnostics | None) -> dict[str, float]:
    """Diagnostics of a reweighted forecast: convergence of the chains is judged by all their draws.

    The cost of weighting appears in Pareto k and in the effective sample sizes.
    """
    if sampled_by is None:
        return {}
    return {found.name: found.rhat for found in sampled_by.parameters if found.rhat is not None}


def _of_the_sampler(diagnostics: Diagnostics, sampled_by: Diagnostics) -> Diagnostics:
    """Parameters as they are weighed, and the sampler as it ran."""
    kept = (
        "divergences", "divergence_fraction", "bfmi", "tree_depth_mean", "tree_depth_max", "tree_depth_limit_hits",
        "discarded",
    )  # fmt: skip
    return diagnostics.model_copy(update={name: getattr(sampled_by, name) for name in kept})


def _answer(
    encoded: EncodedStudy,
    program: Program,
    drawn: Drawn,
    judged: Judged,
    diagnostics: Diagnostics,
    seed: int,
    run: StageClock,
    prior: xr.Dataset,
) -> Answer:
    study, posterior, rolled = encoded.study, drawn.posterior, judged.rolled
    with run.timed(Stage.FUTURES.value):
        covariates = summarize_covariates(encoded, posterior)
        experts, questions = summarize_opinions(encoded, posterior)
    verdict, reasons = decide_verdict(judged.checks)
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
        outcomes=judged.outcomes,
        scenarios=judged.scenarios,
        quantities=judged.quantities,
        covariates=covariates,
        pairs=summarize_pairs(rolled),
        remainder=summarize_remainder(encoded, rolled),
        factors=summarize_factors(encoded, posterior),
        indicators=summarize_indicators(encoded, posterior, judged.fits, seed=seed),
        experts=experts,
        questions=questions,
        links=summarize_links(encoded, posterior),
        changes=summarize_changes(encoded),
        correlations=summarize_correlations(encoded, posterior),
        checks=(*judged.checks, *make_notes(encoded, prior)),
        diagnostics=diagnostics,
        update=drawn.update,
        provenance=Provenance(
            seed=seed,
            sampler=_settings_used(study.sampler, drawn),
            versions={
                **{name: importlib.metadata.version(name) for name in VERSIONED},
                "python": platform.python_version(),
                "engine": program.engine,
                **({"sampler": seam().value} if program.engine == "kernel" else {}),
            },
            host=socket.gethostname(),
            duration_seconds=0.0,
            evidence=encoded.evidence_counts,
            latest_known_at=latest_known(encoded),
        ),
    )


def _settings_used(sampler: SamplerSettings, drawn: Drawn) -> dict[str, JsonValue]:
    """The study's settings, with what the sampler has set itself."""
    used: dict[str, JsonValue] = sampler.model_dump(mode="json", exclude_none=True)
    if drawn.target_accept is not None:
        draws = {"draws": drawn.posterior.sizes[DRAW], "tune": sampler.warm_up}
        used |= draws | {"target_accept": drawn.target_accept}
    return used


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
