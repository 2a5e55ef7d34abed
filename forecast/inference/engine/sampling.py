"""Runs the chains of a loaded study in the background, with progress, cancellation and a deadline.

Decisions about chains (that they diverge, that there are enough draws) use a fixed number of draws of each chain. So
the same study and seed give the same numbers under any load. The returned draws are complete, or an error is raised: an
interrupted sampler can return normally with few draws, and a truncated posterior looks like any other.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import xarray as xr

from forecast.answer import Discarded
from forecast.dims import CHAIN, DRAW, POSTERIOR, SAMPLE_STATS
from forecast.errors import IncompleteSamplingError, SamplingError, StopRequestedError
from forecast.inference.engine.loaded_study import LoadedStudy
from forecast.inference.engine.sampler import nutpie
from forecast.progress import ChainProgress
from forecast.runtime.machine import threads_on
from forecast.study.document.sampler import SamplerSettings

POLL_SECONDS: Final = 0.02
REPORT_SECONDS: Final = 0.1
PREVIEW_SHARE: Final = 0.05
"""Largest share of time spent on inspecting unfinished chains."""
PREVIEW_NUMBERS: Final = 10_000_000
"""Latent variables times draws that are looked at; each look copies them all."""

EARLY_DRAWS: Final = 1000
"""Of each chain, after which divergences are looked at where more are asked for."""
DIVERGING: Final = 0.001
"""Share of diverging draws above which the next higher acceptance is tried."""


@dataclass(frozen=True)
class SamplingProgress:
    """Draws over all chains, warm-up included, and divergences so far."""

    draws_done: int
    draws_wanted: int
    divergences: int
    preview: xr.Dataset | None
    """Draws made so far after warm-up (dims chain, draw), when it was time to look; chains may still be ragged."""
    chains: tuple[ChainProgress, ...] = ()


@dataclass(frozen=True)
class Watch:
    """Callbacks for progress and for stopping; both are called from the thread that waits for draws."""

    on_progress: Callable[[SamplingProgress], None] | None = None
    """Called every tenth of a second."""
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None
    """Called as often; returns the error to raise, or None."""


class Chains:
    """The chains of one study; a context that ends them.

    Parameters
    ----------
    seed
        Same seed, arrays and settings give the same draws, whatever the number of cores.
    most_draws
        Per chain, after warm-up: `draw` may ask for as many.
    """

    def __init__(
        self, loaded: LoadedStudy, settings: SamplerSettings, *, seed: int, cores: int, most_draws: int, watch: Watch
    ) -> None:
        self._loaded, self._settings, self._seed, self._cores = loaded, settings, seed, cores
        self._most, self._watch = most_draws, watch
        self._acceptances = list(settings.acceptances)
        self._progress: list[Any] = []
        self._sampler: Any = None
        self._finished: xr.DataTree | None = None
        self._paused = False
        self._wanted = 0
        self.discarded: list[Discarded] = []
        """Runs that were discarded because too many draws diverged."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    @property
    def target_accept(self) -> float:
        """Mean acceptance that the step size is tuned to."""
        return self._acceptances[0]

    def draw(self, draws: int) -> xr.DataTree:
        """Posterior and sample statistics of the first draws of each chain (dims chain, draw, not yet labelled).

        Raises
        ------
        SamplingError
            When no chain can start, or compiled code reports an error.
        IncompleteSamplingError
            When fewer draws came back than were asked for.
        StopRequestedError
            The class that `Watch.should_stop` returned.
        """
        self._wanted = draws
        try:
            while True:
                if self._sampler is None and self._finished is None:
                    self._begin()
                    if draws > EARLY_DRAWS and self._diverges(EARLY_DRAWS):
                        continue
                tree = self._first(draws)
                if self._diverges(draws, tree):
                    continue
                break
        except StopRequestedError:
            raise
        except (RuntimeError, ValueError) as error:
            raise SamplingError(
                f"the sampler stopped: {error}; expected draws from a finite log density; "
                "check the study for extreme priors or data, or raise target_accept"
            ) from error
        _require_complete(tree, self._settings.chains, draws)
        return tree

    def _begin(self) -> None:
        def receive(chains: list[Any]) -> None:
            self._progress[:] = chains

        self._progress, self._finished, self._paused = [], None, False
        # All chains at once, also on fewer cores: draws are waited for from each.
        with threads_on(self._cores):
            self._sampler = nutpie.sample(
                self._loaded.model,
                draws=self._most,
                tune=self._settings.warm_up,
                chains=self._settings.chains,
                cores=self._settings.chains,
                seed=self._seed,
                target_accept=self.target_accept,
                save_warmup=False,
                progress_bar=False,
                progress_callback=receive,
                progress_rate=int(1000 * POLL_SECONDS),
                blocking=False,
            )

    def _end(self) -> None:
        if self._sampler is not None and self._finished is None:
            with suppress(RuntimeError, ValueError):
                self._sampler.cancel()
        self._sampler = self._finished = None

    def _diverges(self, draws: int, tree: xr.DataTree | None = None) -> bool:
        """Whether too many of the first draws diverged: then this run is thrown away, and the next acceptance is up."""
        if len(self._acceptances) == 1:
            return False
        tree = self._first(draws) if tree is None else tree
        diverging = int(tree[SAMPLE_STATS]["diverging"].sum())
        chains = self._settings.chains
        if diverging <= max(DIVERGING * chains * draws, 1):
            return False
        made = chains * (draws + self._settings.warm_up)
        self.discarded.append(Discarded(target_accept=self.target_accept, draws=made, divergences=diverging))
        self._end()
        self._acceptances.pop(0)
        return True

    def _first(self, draws: int) -> xr.DataTree:
        """The first draws of each chain, as soon as there are as many; chains then pause."""
        if self._finished is None:
            self._wait_for(draws)
        if self._finished is None and draws == self._most:
            # The sampler is no longer needed; its memory is released.
            self._finished = self._sampler.wait()
        if self._finished is not None:
            tree, self._sampler = self._finished, None
        else:
            self._sampler.pause()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = self._sampler.inspect()
            self._paused = True
        return xr.DataTree.from_dict(
            {name: tree[name].to_dataset().isel({DRAW: slice(draws)}) for name in (POSTERIOR, SAMPLE_STATS)}
        )

    def _wait_for(self, draws: int) -> None:
        report = self._watch.on_progress
        next_report = time.monotonic()
        next_preview = next_report + 1.0
        if self._paused and not self._has(draws):
            self._sampler.resume()
            self._paused = False
        while not self._has(draws):
            stop = self._watch.should_stop() if self._watch.should_stop is not None else None
            if stop is not None:
                self._end()
                raise stop("sampling was stopped on request; nothing was kept")
            with suppress(TimeoutError):
                self._finished = self._sampler.wait(timeout=POLL_SECONDS)
                break
            now = time.monotonic()
            if report is None or now < next_report:
                continue
            preview, next_report = None, now + REPORT_SECONDS
            if (
                now >= next_preview
                and self._is_small()
                and all(not chain.tuning for chain in self._progress if chain.started)
            ):
                preview = _preview(self._sampler)
                spent = time.monotonic() - now
                next_preview = now + max(1.0, spent / PREVIEW_SHARE)
            report(self._seen(preview))
        if report is not None:
            report(self._seen(None))

    def _is_small(self) -> bool:
        """Whether a look at the draws so far costs little."""
        draws = sum(int(chain.finished_draws) for chain in self._progress)
        return draws * int(self._loaded.model.n_dim) <= PREVIEW_NUMBERS

    def _has(self, draws: int) -> bool:
        """Whether each chain has as many draws after its warm-up."""
        needed = draws + self._settings.warm_up
        chains = self._progress
        return len(chains) == self._settings.chains and all(chain.finished_draws >= needed for chain in chains)

    def _seen(self, preview: xr.Dataset | None) -> SamplingProgress:
        """Progress towards the requested draws; those of discarded runs count as done and as requested."""
        draws, each = self._wanted, self._wanted + self._settings.warm_up
        if self._finished is not None:
            chains = tuple(
                ChainProgress(each, each, int(own.sum()), False)
                for own in self._finished[SAMPLE_STATS]["diverging"].transpose(CHAIN, DRAW).values[:, :draws]
            )
        else:
            chains = tuple(
                ChainProgress(
                    min(int(chain.finished_draws), each),
                    each,
                    int(chain.divergences),
                    bool(chain.tuning or not chain.started),
                )
                for chain in self._progress
            )
        before = sum(run.draws for run in self.discarded)
        done = before + sum(chain.draws_done for chain in chains)
        wanted = before + self._settings.chains * each
        return SamplingProgress(done, wanted, sum(chain.divergences for chain in chains), preview, chains)


def sample_posterior(
    loaded: LoadedStudy,
    settings: SamplerSettings,
    *,
    seed: int,
    cores: int,
    on_progress: Callable[[SamplingProgress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> xr.DataTree:
    """Posterior and sample statistics of `settings.least_draws` draws of each chain; errors as of `Chains.draw`."""
    draws = settings.least_draws
    watch = Watch(on_progress, should_stop)
    with Chains(loaded, settings, seed=seed, cores=cores, most_draws=draws, watch=watch) as chains:
        return chains.draw(draws)


def _preview(sampler: Any) -> xr.Dataset | None:
    """The draws so far, or None while there are none; never raises, since it is only for display."""
    try:
        tree = sampler.inspect()
        posterior = tree[POSTERIOR].to_dataset()
    except (KeyError, RuntimeError, ValueError):
        return None
    return posterior if posterior.sizes.get(DRAW, 0) >= 10 else None


def _require_complete(tree: xr.DataTree, chains: int, draws: int) -> None:
    sizes = tree[POSTERIOR].sizes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = int(np.isnan(np.asarray(tree[POSTERIOR].to_dataset()["mu_z"])).any(axis=-1).sum())
    got = sizes[CHAIN] * sizes[DRAW] - missing
    if sizes[CHAIN] != chains or sizes[DRAW] != draws or missing:
        raise IncompleteSamplingError(
            f"the sampler returned {got} draws; expected {chains * draws} ({chains} chains of {draws}); run the job again"
        )
