"""How much is sampled and simulated."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forecast.study.fields import Block


class SamplerSettings(Block):
    """The sampler's settings; the defaults suit every study that has met the publication gate so far."""

    draws: Annotated[int, Field(strict=True, ge=100, le=20_000)] = 1000
    """Posterior draws per chain, after warm-up."""
    tune: Annotated[int, Field(strict=True, ge=100, le=20_000)] = 800
    """Warm-up draws per chain; they are thrown away."""
    chains: Annotated[int, Field(strict=True, ge=2, le=16)] = 4
    """Independent chains; two is the least from which convergence can be judged."""
    target_accept: Annotated[float, Field(strict=True, ge=0.5, le=0.999)] = 0.95
    """Mean acceptance that the step size is tuned to; higher is slower and safer."""
    seed: Annotated[int | None, Field(strict=True, ge=0, le=2**63 - 1)] = None
    """Same seed and document, same numbers; absent: derived from the document."""
    futures_per_draw: Annotated[int, Field(strict=True, ge=1, le=200)] = 5
    """Simulated futures per (thinned) posterior draw."""
