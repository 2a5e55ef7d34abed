"""Estimated memory of a study, before any of it is allocated."""

from __future__ import annotations

from typing import Final

from forecast.errors import FieldError, StudyError
from forecast.model.encoding.encoded import EncodedStudy
from forecast.runtime.settings import get_settings
from forecast.study.checks.size import BYTES_PER_NUMBER, MAX_UNITS

MAX_DRAW_BYTES: Final = 2_000_000_000
MAX_ADDED_BYTES: Final = 1_000_000_000
"""Of draws that a study does not ask for by number."""


def count_quantities(encoded: EncodedStudy) -> int:
    """Numbers of each draw: latent variables as sampled and as named, levels of cases, age bands."""
    arrays = encoded.arrays
    return 2 * arrays.parameters + min(len(encoded.units), MAX_UNITS) + arrays.lengths["band"]


def require_affordable(encoded: EncodedStudy) -> None:
    """Refuse a study that would not fit into memory, before anything is allocated.

    Raises
    ------
    StudyError
        When the draws of all latent and named quantities would take more than `MAX_DRAW_BYTES`.
    """
    sampler = encoded.study.sampler
    draws, tune = sampler.least_draws, sampler.warm_up
    quantities = count_quantities(encoded)
    # The sampler makes room for the draws of tuning as well.
    needed = BYTES_PER_NUMBER * quantities * (draws + tune) * sampler.chains
    if needed > MAX_DRAW_BYTES:
        raise StudyError(
            [
                FieldError(
                    "sampler.draws",
                    "too_large",
                    f"{sampler.chains} chains of {draws} draws, and {tune} of tuning, of {quantities} "
                    f"quantities would take {needed / 1e9:.1f} GB; expected at most {MAX_DRAW_BYTES / 1e9:g} GB; ask for "
                    "fewer draws or less tuning, or set case_sd: 0 so that cases have no level of their own",
                )
            ]
        )


def affordable_draws(encoded: EncodedStudy) -> int:
    """Draws per chain that fit into `MAX_ADDED_BYTES` and into what the operator allows, tuning left out."""
    sampler = encoded.study.sampler
    limits = get_settings()
    each = BYTES_PER_NUMBER * count_quantities(encoded) * sampler.chains
    by_memory = int(min(MAX_ADDED_BYTES, limits.max_draw_bytes) // each) - sampler.warm_up
    return min(by_memory, limits.max_draws // sampler.chains)
