"""Posterior draws of a loaded study, without blocking: progress, cancellation and a deadline while nutpie samples.

The draws that come back are complete or an error is raised: an interrupted sampler can return normally with a few
draws, and a truncated posterior looks like any other.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import nutpie
import xarray as xr

from forecast.dims import CHAIN, DRAW, POSTERIOR, SAMPLE_STATS
from forecast.errors import IncompleteSamplingError, SamplingError, StopRequestedError
from forecast.inference.loaded_study import LoadedStudy
from forecast.stages import ChainProgress
from forecast.study.sampler import SamplerSettings

POLL_SECONDS = 0.1
PREVIEW_SHARE = 0.05
"""At most this share of the time goes into looking at half-finished chains."""


@dataclass(frozen=True)
class SamplingProgress:
    """Draws over all chains, warm-up included, and divergences so far."""

    draws_done: int
    draws_wanted: int
    divergences: int
    preview: xr.Dataset | None
    """Draws made so far after warm-up (dims chain, draw), when it was time to look; chains may still be ragged."""
    chains: tuple[ChainProgress, ...] = ()


def sample_posterior(
    loaded: LoadedStudy,
    settings: SamplerSettings,
    *,
    seed: int,
    cores: int,
    on_progress: Callable[[SamplingProgress], None] | None = None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None = None,
) -> xr.DataTree:
    """Posterior and sample statistics (dims chain, draw, and the program's dims, not yet labelled).

    Parameters
    ----------
    seed
        Same seed, arrays and settings give the same draws, whatever the number of cores.
    on_progress, should_stop
        Called from this thread every tenth of a second; the second one returns the error to raise, or None.

    Raises
    ------
    SamplingError
        When no chain can start, or compiled code reports an error.
    IncompleteSamplingError
        When fewer draws came back than were asked for.
    StopRequestedError
        The class that `should_stop` returned.
    """
    chain_progress: list[Any] = []

    def receive(chains: list[Any]) -> None:
        chain_progress[:] = chains

    try:
        sampler = nutpie.sample(
            loaded.model,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=min(cores, settings.chains),
            seed=seed,
            target_accept=settings.target_accept,
            save_warmup=False,
            progress_bar=False,
            progress_callback=receive,
            progress_rate=int(1000 * POLL_SECONDS),
            blocking=False,
        )
        tree = _wait(sampler, settings, chain_progress, on_progress, should_stop)
    except StopRequestedError:
        raise
    except (RuntimeError, ValueError) as error:
        raise SamplingError(
            f"the sampler stopped: {error}; expected draws from a finite log density; "
            "check the study for extreme priors or data, or raise target_accept"
        ) from error
    _require_complete(tree, settings)
    return tree


def _wait(
    sampler: Any,
    settings: SamplerSettings,
    chains: list[Any],
    on_progress: Callable[[SamplingProgress], None] | None,
    should_stop: Callable[[], type[StopRequestedError] | None] | None,
) -> xr.DataTree:
    wanted = settings.chains * (settings.draws + settings.tune)
    next_preview = time.monotonic() + 1.0
    while True:
        stop = should_stop() if should_stop is not None else None
        if stop is not None:
            sampler.cancel()
            raise stop("sampling was stopped on request; nothing was kept")
        try:
            tree: xr.DataTree = sampler.wait(timeout=POLL_SECONDS)
        except TimeoutError:
            pass
        else:
            if on_progress is not None:
                on_progress(SamplingProgress(wanted, wanted, _divergences(tree), None, _ended(tree, settings)))
            return tree
        if on_progress is None:
            continue
        preview, now = None, time.monotonic()
        if now >= next_preview and all(not chain.tuning for chain in chains if chain.started):
            preview = _preview(sampler)
            spent = time.monotonic() - now
            next_preview = now + max(1.0, spent / PREVIEW_SHARE)
        done = min(sum(int(chain.finished_draws) for chain in chains), wanted)
        divergences = sum(int(chain.divergences) for chain in chains)
        on_progress(SamplingProgress(done, wanted, divergences, preview, tuple(map(_of_chain, chains))))


def _of_chain(chain: Any) -> ChainProgress:
    return ChainProgress(
        int(chain.finished_draws),
        int(chain.total_draws),
        int(chain.divergences),
        bool(chain.tuning or not chain.started),
    )


def _preview(sampler: Any) -> xr.Dataset | None:
    """The draws so far, or None while there are none; never an error, since it is only a glance."""
    try:
        tree = sampler.inspect()
        posterior = tree[POSTERIOR].to_dataset()
    except (KeyError, RuntimeError, ValueError):
        return None
    return posterior if posterior.sizes.get(DRAW, 0) >= 10 else None


def _divergences(tree: xr.DataTree) -> int:
    return int(tree[SAMPLE_STATS]["diverging"].sum())


def _ended(tree: xr.DataTree, settings: SamplerSettings) -> tuple[ChainProgress, ...]:
    each = settings.draws + settings.tune
    diverging = tree[SAMPLE_STATS]["diverging"].transpose(CHAIN, DRAW).values
    return tuple(ChainProgress(each, each, int(own.sum()), False) for own in diverging)


def _require_complete(tree: xr.DataTree, settings: SamplerSettings) -> None:
    sizes = tree[POSTERIOR].sizes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = int(np.isnan(np.asarray(tree[POSTERIOR].to_dataset()["mu_z"])).any(axis=-1).sum())
    got = sizes[CHAIN] * sizes[DRAW] - missing
    wanted = settings.chains * settings.draws
    if sizes[CHAIN] != settings.chains or sizes[DRAW] != settings.draws or missing:
        raise IncompleteSamplingError(
            f"the sampler returned {got} draws; expected {wanted} "
            f"({settings.chains} chains of {settings.draws}); run the job again"
        )
