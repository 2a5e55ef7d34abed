"""Checks, convergence and provenance."""

from __future__ import annotations

from datetime import date

from pydantic import JsonValue

from forecast.answer.parts import Part


class Check(Part):
    """One check of the publication gate, or a note (`passed` is None)."""

    name: str
    """Name of the check, such as `rhat`, `ess_bulk`, `divergences` or `mcse`."""
    passed: bool | None
    """Whether the check passed; null for a note, which does not affect the verdict."""
    value: float | None
    """The measured value, in the unit of the check; null when it is not defined."""
    threshold: float | None
    """The value that separates pass from fail; null for a note without one."""
    message: str
    """What was found and what is needed, in words."""


class ParameterDiagnostics(Part):
    """Convergence of one scalar quantity; null where it is constant and the number is not defined."""

    name: str
    """Variable and label, as in `theta[withdrawal]`."""
    reported: bool
    """Whether the publication checks look at it."""
    mean: float | None
    """Posterior mean; null when a draw is not finite."""
    sd: float | None
    """Posterior standard deviation; null when a draw is not finite."""
    rhat: float | None
    """Rank-normalized split R-hat; 1 means that the chains agree. Null when not defined."""
    ess_bulk: float | None
    """Effective sample size of the bulk, in draws; null when not defined."""
    ess_tail: float | None
    """Smaller effective sample size of the 5 % and 95 % quantiles, in draws; null when not computed."""
    mcse: float | None
    """Monte Carlo standard error of the mean; null when not computed."""


class Discarded(Part):
    """A run of the sampler that was thrown away because too many draws diverged, tuning included."""

    target_accept: float
    """Mean acceptance that the step size was tuned to, between 0 and 1."""
    draws: int
    """Draws of all chains, warm-up included."""
    divergences: int
    """Divergent transitions among them."""


class Diagnostics(Part):
    """Convergence of the sampler and of every scalar quantity."""

    parameters: tuple[ParameterDiagnostics, ...]
    """One entry for each scalar quantity."""
    chains: int
    """Independent chains."""
    draws: int
    """Posterior draws per chain, after warm-up."""
    divergences: int
    """Divergent transitions of all chains, after warm-up."""
    divergence_fraction: float
    """Share of divergent draws, between 0 and 1."""
    bfmi: tuple[float | None, ...]
    """Energy fraction of missing information (E-BFMI) of each chain; null when not defined."""
    tree_depth_mean: float | None
    """Mean tree depth of the draws; null when it was not recorded."""
    tree_depth_max: int | None
    """Largest tree depth of the draws; null when it was not recorded."""
    tree_depth_limit_hits: int
    """Draws that reached the largest tree depth allowed; this costs time, not correctness."""
    discarded: tuple[Discarded, ...] = ()
    """Earlier runs with a lower target acceptance, discarded because too many draws diverged."""
    compilations: int
    """How often this process has compiled the program; 1, however many studies it has run."""
    seconds: dict[str, float]
    """Wall time in seconds by stage: load, compile, swap, sample, diagnose, futures."""


class Provenance(Part):
    """What is needed to make the same numbers again."""

    seed: int
    """Seed of all random numbers, 0 or more."""
    sampler: dict[str, JsonValue]
    """Sampler settings that were used, those that the sampler chose itself included."""
    versions: dict[str, str]
    """Version of each library by its name; `engine` is the sampling engine, `sampler` how it is handed to nutpie."""
    host: str
    """Name of the machine that computed it."""
    duration_seconds: float
    """Wall time of the whole computation, in seconds."""
    evidence: dict[str, int]
    """How many pieces of each kind of evidence were used."""
    latest_known_at: date | None
    """Day on which the newest evidence in use became known; null without dated evidence."""
