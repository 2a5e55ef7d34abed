"""Counts that may be spikes, and periods that may be idle.

Where a period is idle its count is 0. Else it is a spike, geometric with exp(size) times the usual mean, or as usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pymc as pm
import pytensor.tensor as pt

from forecast.model.constants import SHARE_FALL
from forecast.model.graph.latents import latent

NEVER: Final = -1e9
"""Log probability of what cannot be."""


@dataclass(frozen=True)
class Mixtures:
    """Spikes and idle periods by indicator; where one has no mixture, numbers that take no part."""

    which: Any
    """Per indicator: 0 for none."""
    spike: Any
    """Log share of spikes in the periods that are not idle, dims (1 + mixture), as those below."""
    size: Any
    """By how much the log mean of spikes is higher."""
    idle: Any
    """Log share of idle periods."""

    def densities(self, indicator: Any, count: Any, usual: Any, log_expected: Any) -> Any:
        """Log densities of counts, less their log factorials, from those of usual ones; all with one dim."""
        high = log_expected + self.size[self.which[indicator]]
        spiking = pt.gammaln(count + 1.0) + count * high - (count + 1.0) * pt.softplus(high)
        return self._mixed(indicator, usual, spiking, count)

    def tails(self, indicator: Any, count: Any, usual: Any, log_expected: Any) -> Any:
        """Log probabilities of counts that are above 0, or higher, from those of usual ones; all with one dim."""
        high = log_expected + self.size[self.which[indicator]]
        return self._mixed(indicator, usual, -count * pt.softplus(-high), count)

    def _mixed(self, indicator: Any, usual: Any, spiking: Any, count: Any) -> Any:
        which = self.which[indicator]
        spike, idle = self.spike[which], self.idle[which]
        busy = pt.log1p(-pt.exp(idle)) + pt.logaddexp(pt.log1p(-pt.exp(spike)) + usual, spike + spiking)
        return pt.switch(which > 0, pt.logaddexp(busy, pt.switch(count > 0, NEVER, idle)), usual)


def add_mixtures(x: dict[str, Any]) -> Mixtures:
    """Shares and sizes."""
    far = {name: latent(f"{name}_z") for name in ("spike_share", "spike_size", "idle_share")}
    log_share = {name: pt.log(x[f"{name}_most"]) - SHARE_FALL * far[name] for name in ("spike_share", "idle_share")}
    for name, value in log_share.items():
        pm.Deterministic(name, pt.exp(value), dims="mixture")
    size = x["spike_size_least"] + x["spike_size_scale"] * far["spike_size"]
    pm.Deterministic("spike_size", size, dims="mixture")
    spike, size, idle = (
        pt.concatenate([-pt.ones(1), values]) for values in (log_share["spike_share"], size, log_share["idle_share"])
    )
    return Mixtures(x["indicator_mixture"], spike, size, idle)
