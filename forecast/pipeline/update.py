"""From the last forecast to the next without sampling, where little is new: importance weights on its draws.

Otherwise the study is sampled again, with chains that start at draws of the last posterior. (nutpie does not accept a
mass matrix, so chains adapt theirs again.) The answer says which way it took, and why.

References
----------
Pareto-smoothed importance sampling and the limit on k: Vehtari et al. (2024), Journal of Machine Learning
Research 25(72), arXiv:1507.02646. Effective draws: Kish (1965), Survey Sampling, section 11.7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from forecast.answer import METHOD_VERSION, Answer, Check, Update, Verdict
from forecast.answer.thresholds import MAX_PARETO_K
from forecast.dims import CHAIN, DRAW
from forecast.errors import StopRequestedError
from forecast.expectations import with_expectations
from forecast.explain.weights import Weights, smooth_weights
from forecast.futures.simulation import MAX_DRAWS, thin_draws
from forecast.inference.deviations import FloatArray, in_deviations
from forecast.inference.engine.carry import (
    Carried,
    NotCarriedError,
    carry_draws,
    log_densities,
    resample,
)
from forecast.inference.engine.loaded_study import LoadedStudy
from forecast.inference.engine.program import get_program
from forecast.inference.engine.starts import as_sampled
from forecast.model.encoding.cost import require_affordable
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.pipeline.assemble import ComputedForecast, Drawn, assemble_forecast, judge
from forecast.pipeline.compute import resolve_seed, sample_and_assemble
from forecast.progress import Progress, Stage, StageClock
from forecast.runtime.machine import sampling_cores
from forecast.study import Study
from forecast.study.arriving.comparison import is_same_question
from forecast.summary.archive import LATENT
from forecast.summary.posterior import stream_seed

ENOUGH_DRAWS: Final = 1500
"""Draws that are rolled forward when the weights are worth as many; else as many as were weighed."""
LEAST_SHARE: Final = 0.25
"""Smallest share of effective draws; with fewer the intervals are too uncertain."""
WEIGHING_STREAM: Final = 7
"""Random stream of newly drawn variables; the forecast's own streams have smaller numbers."""


@dataclass(frozen=True)
class LastForecast:
    """The forecast that is updated."""

    forecast_id: str
    study: Study
    answer: Answer
    draws: Path
    """Its ``draws.nc``."""


@dataclass(frozen=True)
class _Weighed:
    carried: Carried
    log_density: FloatArray
    """Of the later study at the carried draws, as deviations; dims (draw)."""
    weights: Weights
    chains: int

    @property
    def effective_draws(self) -> float:
        return float(1.0 / np.sum(self.weights.values**2))

    def starts(self, encoded: EncodedStudy) -> FloatArray | None:
        """Where the chains of another run may start; None where the new evidence leaves no such place."""
        possible = as_sampled(self.carried.after, encoded.arrays)[np.isfinite(self.log_density)]
        possible = possible[np.isfinite(possible).all(axis=1)]
        return possible if len(possible) else None

    @property
    def objection(self) -> str | None:
        """Why the weights cannot be used."""
        k, share = self.weights.pareto_k, self.effective_draws / len(self.weights.values)
        if not self.weights.reliable:
            shown = "not defined" if k is None else f"{k:.2f}"
            return f"the new evidence contradicts the last posterior: Pareto k is {shown}, at most {MAX_PARETO_K} is needed"
        if share < LEAST_SHARE:
            return (
                f"the new evidence leaves {self.effective_draws:.0f} effective of {len(self.weights.values)} draws; "
                f"at least {LEAST_SHARE:.0%} are needed"
            )
        return None


def compute_update(
    study: Study,
    *,
    last: LastForecast | None,
    unreadable: str | None = None,
    seed: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> ComputedForecast:
    """The answer of a study, from the draws of its last forecast if they will do; parameters as for `compute_forecast`.

    Parameters
    ----------
    last
        None when there is no forecast to begin with: the study is then sampled as ever.
    unreadable
        Why there is none although it was to be updated; the answer says so.

    Raises
    ------
    StudyError, SamplingError, StopRequestedError
        As `compute_forecast`.
    """
    run = StageClock(on_progress, should_stop)
    with run.stage(Stage.LOAD):
        seed = resolve_seed(study, seed)
        encoded = encode_study(study)
        require_affordable(encoded)
        encoded = with_expectations(encoded, seed, should_stop)

    def refit(reason: str, weighed: _Weighed | None = None) -> ComputedForecast:
        starts = None if weighed is None else weighed.starts(encoded)
        return sample_and_assemble(run, encoded, seed, starts=starts, update=_refitted(reason, last, weighed))

    if last is None:
        return refit(unreadable or "there is no earlier forecast to begin with")
    if (objection := _objection(last, study)) is not None:
        return refit(objection)
    try:
        weighed = _weigh(run, last, encoded, seed)
    except NotCarriedError as error:
        return refit(str(error))
    if weighed.objection is not None:
        return refit(weighed.objection, weighed)
    computed = _assemble(run, encoded, last, weighed, seed)
    if isinstance(computed, str):
        return refit(computed, weighed)
    return computed


def _objection(last: LastForecast, study: Study) -> str | None:
    """Why the last forecast's draws say nothing about this study."""
    if last.answer.method_version != METHOD_VERSION:
        return f"the last forecast was made by method {last.answer.method_version}, this is method {METHOD_VERSION}"
    if last.answer.verdict is not Verdict.PUBLISHED:
        return f"the last forecast is {last.answer.verdict.value}"
    if last.answer.update is not None and last.answer.update.way == "reweighted":
        return "the last forecast was itself weighed; weights on weights are not used"
    if not is_same_question(last.study, study):
        return "the study itself changed, not only its evidence"
    return None


def _weigh(run: StageClock, last: LastForecast, encoded: EncodedStudy, seed: int) -> _Weighed:
    with run.stage(Stage.LOAD):
        before = encode_study(last.study)
        try:
            latent = xr.load_dataset(last.draws, group=LATENT)
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise NotCarriedError(
                f"the draws of the last forecast {last.forecast_id} cannot be read ({type(error).__name__})"
            ) from error
        chains = latent.sizes[CHAIN]
        kept = {DRAW: thin_draws(1, latent.sizes[DRAW], max(1, MAX_DRAWS // chains))}
        rng = np.random.default_rng(stream_seed(seed, WEIGHING_STREAM))
        try:
            carried = carry_draws(before, latent.isel(kept), encoded, rng)
        except NotCarriedError:
            raise
        except (KeyError, ValueError) as error:
            raise NotCarriedError(
                f"the draws of the last forecast {last.forecast_id} are not those of its study ({type(error).__name__})"
            ) from error
    with run.stage(Stage.COMPILE):
        program = get_program()
    with run.stage(Stage.SAMPLE):
        then, now = (
            log_densities(program.load(in_deviations(study.arrays)), draws, sampling_cores())
            for study, draws in ((before, carried.before), (encoded, carried.after))
        )
        weights = smooth_weights(now - then - carried.log_proposal, chains)
    return _Weighed(carried, now, weights, chains)


def _assemble(
    run: StageClock, encoded: EncodedStudy, last: LastForecast, weighed: _Weighed, seed: int
) -> ComputedForecast | str:
    """The answer of weighed draws, or why they are not enough for one."""
    program, weighed_draws = get_program(), len(weighed.weights.values)
    enough = ENOUGH_DRAWS if weighed.effective_draws >= ENOUGH_DRAWS else weighed_draws
    count = enough - enough % weighed.chains
    places = resample(weighed.weights.values, count, np.random.default_rng(stream_seed(seed, WEIGHING_STREAM + 1)))
    loaded, points = program.load(in_deviations(encoded.arrays)), weighed.carried.after[places]
    posterior = _labelled(loaded.quantities(points), loaded, encoded, weighed.chains)
    stats = _stats(weighed.log_density[places], weighed.chains)
    k, effective = weighed.weights.pareto_k, weighed.effective_draws
    update = Update(
        way="reweighted",
        previous=last.forecast_id,
        pareto_k=k,
        effective_draws=effective,
        reason=f"little is new: its draws are worth {effective:.0f} of {weighed_draws}",
    )
    check = Check(
        name="pareto_k",
        passed=True,
        value=k,
        threshold=MAX_PARETO_K,
        message=f"the draws of forecast {last.forecast_id} were weighed; Pareto k is "
        f"{'not needed, the weights are bounded' if k is None else format(k, '.2f')}; at most {MAX_PARETO_K} is needed",
    )
    # As many futures as a run of its own would have: rare outcomes are counted in them.
    full = min(last.answer.diagnostics.chains * last.answer.diagnostics.draws, MAX_DRAWS)
    replicates = encoded.study.sampler.futures_per_draw * math.ceil(full / count)
    drawn = Drawn(posterior, stats, update, last.answer.diagnostics, (check,), replicates)
    judged = judge(run, encoded, drawn, seed)
    if failed := [check.message for check in judged.checks if check.passed is False]:
        return f"weighed draws did not pass the checks: {failed[0]}"
    wanted = encoded.study.sampler.target_mcse
    if not judged.is_enough(wanted):
        return (
            f"weighed draws give probabilities with errors up to {max(judged.errors.values()):.4f}; {wanted} is wanted"
        )
    return assemble_forecast(run, encoded, program, drawn, judged, seed)


def _labelled(quantities: dict[str, FloatArray], loaded: LoadedStudy, encoded: EncodedStudy, chains: int) -> xr.Dataset:
    dims = loaded.dims
    variables = {
        name: ((CHAIN, DRAW, *dims.get(name, ())), values.reshape(chains, -1, *values.shape[1:]))
        for name, values in quantities.items()
        if values.size
    }
    used = {dim for found, _ in variables.values() for dim in found}
    return xr.Dataset(variables, coords={dim: labels for dim, labels in encoded.coords.items() if dim in used})


def _stats(log_density: FloatArray, chains: int) -> xr.Dataset:
    """No transition made these draws; what there is, is their log density."""
    density, dims = log_density.reshape(chains, -1), (CHAIN, DRAW)
    none = np.zeros(density.shape, dtype=bool)
    return xr.Dataset({"logp": (dims, density), "energy": (dims, -density), "diverging": (dims, none)})


def _refitted(reason: str, last: LastForecast | None, weighed: _Weighed | None) -> Update:
    return Update(
        way="refitted",
        previous=None if last is None or weighed is None else last.forecast_id,
        pareto_k=None if weighed is None else weighed.weights.pareto_k,
        effective_draws=None if weighed is None else weighed.effective_draws,
        reason=reason,
    )
