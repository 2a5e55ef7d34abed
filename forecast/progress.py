"""The stages of a running forecast: what it is doing, how far it is, how long each took, and whether to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from forecast.answer import Answer
from forecast.errors import StopRequestedError


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
class ChainProgress:
    """How far one chain is; warm-up draws count in both numbers."""

    draws_done: int
    draws_wanted: int
    divergences: int
    is_warming_up: bool


@dataclass(frozen=True)
class RunningEstimate:
    """Probability of an outcome by its resolution date, from the draws so far."""

    probability: float
    mcse: float | None
    """Monte Carlo standard error; None while the draws are too few to tell."""
    chains: tuple[float, ...]
    """What each chain says by itself."""


@dataclass(frozen=True)
class Progress:
    """How far a running forecast is; warm-up draws count in both numbers."""

    stage: Stage
    draws_done: int = 0
    draws_wanted: int = 0
    divergences: int = 0
    estimates: Mapping[str, RunningEstimate] = field(default_factory=dict)
    """By outcome; empty until there are draws."""
    chains: tuple[ChainProgress, ...] = ()
    """Of the run that is going on; empty until it has begun."""


class StageClock:
    """The stages of one run: their times, their reports, and the question whether to stop between them."""

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
        """Add the time of the block to what `name` has taken so far."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Report the stage and time it.

        Raises
        ------
        StopRequestedError
            The class that `should_stop` returned, before the stage begins.
        """
        stop = self.should_stop() if self.should_stop is not None else None
        if stop is not None:
            raise stop(f"stopped on request before the stage {stage.value}; nothing was kept")
        self.report(replace(self.last, stage=stage))
        with self.timed(stage.value):
            yield

    def report(self, progress: Progress) -> None:
        """Pass progress on, and remember it."""
        self.last = progress
        if self.on_progress is not None:
            self.on_progress(progress)

    def finish(self, answer: Answer) -> Answer:
        """The answer with the times of all stages."""
        provenance = answer.provenance.model_copy(update={"duration_seconds": time.perf_counter() - self.started})
        diagnostics = answer.diagnostics.model_copy(update={"seconds": dict(self.seconds)})
        return answer.model_copy(update={"provenance": provenance, "diagnostics": diagnostics})
