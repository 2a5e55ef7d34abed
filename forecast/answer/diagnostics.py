"""Checks, convergence and provenance."""

from __future__ import annotations

from datetime import date

from pydantic import JsonValue

from forecast.answer.parts import Part


class Check(Part):
    """One check of the publication gate, or a note (`passed` is None)."""

    name: str
    passed: bool | None
    value: float | None
    threshold: float | None
    message: str


class ParameterDiagnostics(Part):
    """Convergence of one scalar quantity; None where it is constant and the number is not defined."""

    name: str
    """Variable and label, as in ``theta[withdrawal]``."""
    reported: bool
    """Whether the publication gate looks at it."""
    mean: float | None
    sd: float | None
    rhat: float | None
    ess_bulk: float | None
    ess_tail: float | None
    mcse: float | None


class Discarded(Part):
    """A run of the sampler that was thrown away because too many draws diverged, tuning included."""

    target_accept: float
    draws: int
    """Of all chains."""
    divergences: int


class Diagnostics(Part):
    parameters: tuple[ParameterDiagnostics, ...]
    chains: int
    draws: int
    divergences: int
    divergence_fraction: float
    bfmi: tuple[float | None, ...]
    tree_depth_mean: float | None
    tree_depth_max: int | None
    tree_depth_limit_hits: int
    discarded: tuple[Discarded, ...] = ()
    """Runs before this one, with lower acceptances."""
    compilations: int
    """How often this process has compiled the program; one, however many studies it has run."""
    seconds: dict[str, float]
    """Wall time by stage: load, compile, swap, sample, diagnose, futures."""


class Provenance(Part):
    seed: int
    sampler: dict[str, JsonValue]
    versions: dict[str, str]
    host: str
    duration_seconds: float
    evidence: dict[str, int]
    """How many pieces of each kind of evidence were used."""
    latest_known_at: date | None
