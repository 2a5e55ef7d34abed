"""Runs of the program for one explanation: their progress as one count of draws, and stopping between and within them.

Nothing is compiled here: every run swaps its arrays into the program of this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.errors import StopRequestedError
from forecast.expectations import with_expectations
from forecast.futures.shares import denoise
from forecast.futures.simulation import MAX_DRAWS, thin_draws
from forecast.inference.engine.program import Program, get_program
from forecast.inference.engine.sampling import SamplingProgress, sample_posterior
from forecast.inference.labels import label_posterior
from forecast.model.encoding.cost import require_affordable
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.selection import EVERYTHING, Selection
from forecast.model.latent_specs import LATENTS
from forecast.progress import Progress, Stage, StageClock
from forecast.runtime.machine import sampling_cores
from forecast.study import Study
from forecast.summary.posterior import present_case, resolution_probabilities, stream_seed

FloatArray = npt.NDArray[np.float64]

REPLICATES: Final = 20
"""Futures per draw behind the probability of an outcome that has no closed form."""

MANY_REPLICATES: Final = 200
"""Where the spread of that probability matters, and the binomial noise of few futures would widen it."""

EXPLANATION_STREAM: Final = 5
"""Random stream of these futures; the forecast's own streams have smaller numbers."""


@dataclass(frozen=True)
class Fit:
    """Draws of one run, at most `MAX_DRAWS`, evenly spaced along each chain."""

    encoded: EncodedStudy
    posterior: xr.Dataset
    seed: int
    """Of the forecast."""

    @property
    def chains(self) -> int:
        """Number of chains."""
        return int(self.posterior.sizes[CHAIN])

    @property
    def draws(self) -> int:
        """Number of draws, all chains together."""
        return int(self.posterior.sizes[CHAIN] * self.posterior.sizes[DRAW])

    def values(self, name: str) -> FloatArray:
        """A variable with chains end to end, dims (draw, ...); of length zero if its block is empty."""
        if name not in self.posterior:
            dims = LATENTS[name].dims if name in LATENTS else ("",)
            return np.zeros((self.draws, *(self.encoded.arrays.lengths.get(dim, 0) for dim in dims)))
        variable = self.posterior[name].transpose(CHAIN, DRAW, ...).values
        return np.asarray(variable.reshape(self.draws, *variable.shape[2:]), dtype=float)

    @cached_property
    def probabilities(self) -> FloatArray:
        """Probability of every outcome of the study by its resolution date, dims (draw, outcome)."""
        return self.probabilities_of(self.posterior)

    @cached_property
    def spread_probabilities(self) -> FloatArray:
        """The same, spread as the probabilities themselves are, not as shares of a few futures; dims (draw, outcome)."""
        found = self.probabilities_of(self.posterior, MANY_REPLICATES)
        closed = present_case(self.encoded, self.posterior, np.zeros(1, dtype=np.int64)).closed
        return np.where(closed, found, denoise(found, MANY_REPLICATES))

    def probabilities_of(self, posterior: xr.Dataset, replicates: int = REPLICATES) -> FloatArray:
        """The same from other draws, with the same random numbers."""
        seed = stream_seed(self.seed, EXPLANATION_STREAM)
        found = resolution_probabilities(self.encoded, posterior, replicates=replicates, seed=seed)
        return np.clip(found, 0.0, 1.0)  # sums of exact terms may leave [0, 1] by rounding


class Runs:
    """The runs of one explanation.

    Raises
    ------
    StopRequestedError
        From every method: the class that `should_stop` returned.
    """

    def __init__(
        self,
        study: Study,
        seed: int,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], type[StopRequestedError] | None] | None,
    ) -> None:
        self.study, self.seed = study, seed
        self._clock = StageClock(on_progress, should_stop)
        self._each = study.sampler.chains * (study.sampler.least_draws + study.sampler.warm_up)
        self._done = self._divergences = 0
        self._expected = 1

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self._clock.started

    def encode(self, selection: Selection = EVERYTHING) -> EncodedStudy:
        """The study's arrays with some of its evidence.

        Raises
        ------
        StudyError
            When the study cannot be used or would not fit into memory.
        """
        return self.encode_other(self.study, selection)

    def encode_other(self, study: Study, selection: Selection = EVERYTHING) -> EncodedStudy:
        """The same of another study, which is then sampled as this one is."""
        with self._clock.stage(Stage.LOAD):
            encoded = encode_study(study, selection)
            require_affordable(encoded)
            return with_expectations(encoded, self.seed, self._clock.should_stop)

    @cached_property
    def program(self) -> Program:
        """The program of this process."""
        with self._clock.stage(Stage.COMPILE):
            return get_program()

    def expect(self, runs: int) -> None:
        """Announce how many further runs there will be."""
        self._expected = self._done + runs

    def sample(self, encoded: EncodedStudy) -> xr.Dataset:
        """Labelled posterior of one run, dims (chain, draw, ...)."""
        loaded = self.program.load(encoded.arrays)
        self._expected = max(self._expected, self._done + 1)
        before = self._divergences

        def report(sampling: SamplingProgress) -> None:
            self._divergences = before + sampling.divergences
            # Runs that were thrown away are no part of what was expected.
            done = self._done * self._each + min(sampling.draws_done, self._each)
            self._clock.report(Progress(Stage.SAMPLE, done, self._expected * self._each, self._divergences))

        with self._clock.stage(Stage.SAMPLE):
            tree = sample_posterior(
                loaded,
                self.study.sampler,
                seed=self.seed,
                cores=sampling_cores(),
                on_progress=report,
                should_stop=self._clock.should_stop,
            )
        self._done += 1
        posterior, _ = label_posterior(tree, encoded)
        return posterior

    def fit(self, encoded: EncodedStudy) -> Fit:
        """One run, thinned to what is weighed and rolled forward."""
        posterior = self.sample(encoded)
        own = thin_draws(1, posterior.sizes[DRAW], max(1, MAX_DRAWS // posterior.sizes[CHAIN]))
        fit = Fit(encoded, posterior.isel({DRAW: own}), self.seed)
        with self._clock.stage(Stage.FUTURES):
            _ = fit.probabilities
        return fit

    def going_on(self) -> None:
        """Stop here if that is asked for."""
        stop = self._clock.should_stop() if self._clock.should_stop is not None else None
        if stop is not None:
            raise stop("explaining was stopped on request; nothing was kept")

    def at(self, stage: Stage) -> None:
        """Report a stage that has no draws, and stop if that is asked for."""
        with self._clock.stage(stage):
            pass
