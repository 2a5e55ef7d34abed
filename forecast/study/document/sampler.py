"""How much is sampled and simulated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from forecast.study.document.fields import Block, field_error

LEAST_DRAWS: Final = 1000
MOST_DRAWS: Final = 8000
TUNE: Final = 400
"""Draws of each chain where a document does not say how many."""

ACCEPTANCES: Final = (0.9, 0.97, 0.99)
"""Mean acceptances that the step size is tuned to, one after the other while chains diverge."""


class SamplerSettings(Block):
    """The sampler's settings; without any, it draws until the answer passes its checks."""

    draws: Annotated[int | None, Field(strict=True, ge=100, le=20_000)] = None
    """Posterior draws per chain, after warm-up; absent: as many as the publication checks and `target_mcse` need."""
    max_draws: Annotated[int | None, Field(strict=True, ge=100, le=20_000)] = None
    """Most draws per chain when `draws` is absent; 8000 by default."""
    target_mcse: Annotated[float | None, Field(strict=True, ge=0.001, le=0.01)] = None
    """Largest Monte Carlo standard error of a probability at which drawing ends; absent: that of the publication
    checks."""
    tune: Annotated[int | None, Field(strict=True, ge=100, le=20_000)] = None
    """Warm-up draws per chain, which are discarded; 400 by default."""
    chains: Annotated[int, Field(strict=True, ge=2, le=16)] = 4
    """Independent chains; two is the least from which convergence can be judged."""
    target_accept: Annotated[float | None, Field(strict=True, ge=0.5, le=0.999)] = None
    """Mean acceptance that the step size is tuned to; higher is slower and safer. Absent: raised while chains
    diverge."""
    seed: Annotated[int | None, Field(strict=True, ge=0, le=2**63 - 1)] = None
    """Same seed and document, same numbers; absent: derived from the document."""
    futures_per_draw: Annotated[int, Field(strict=True, ge=1, le=200)] = 5
    """Simulated futures per (thinned) posterior draw."""

    @model_validator(mode="after")
    def _require_one_way(self) -> Self:
        if self.draws is not None and (self.max_draws is not None or self.target_mcse is not None):
            other = "max_draws" if self.max_draws is not None else "target_mcse"
            raise field_error(
                f"draws: {self.draws} asks for as many draws and no more, {other} for as many as are needed; expected one of "
                "them; remove the other"
            )
        return self

    @property
    def least_draws(self) -> int:
        """Draws per chain after which there may be enough."""
        return self.draws if self.draws is not None else min(LEAST_DRAWS, self.most_draws)

    @property
    def most_draws(self) -> int:
        """Draws per chain after which there are no more."""
        return self.draws or self.max_draws or MOST_DRAWS

    @property
    def warm_up(self) -> int:
        """Draws per chain that are thrown away."""
        return self.tune or TUNE

    @property
    def acceptances(self) -> tuple[float, ...]:
        """Mean acceptances, one after the other while chains diverge."""
        return ACCEPTANCES if self.target_accept is None else (self.target_accept,)

    def checkpoints(self, most_draws: int) -> Iterator[int]:
        """Numbers of draws per chain at which it is decided whether there are enough: twice as many each time."""
        draws, most = self.least_draws, max(min(self.most_draws, most_draws), self.least_draws)
        while draws < most:
            yield draws
            draws *= 2
        yield most
