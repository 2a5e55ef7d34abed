"""What moves a forecast: the weight of each block of evidence, of each case and expert, and of priors and effects."""

from __future__ import annotations

from forecast.explain.attribution import compute_attribution
from forecast.explain.influence import compute_influence
from forecast.explain.sensitivity import compute_sensitivity

__all__ = ["compute_attribution", "compute_influence", "compute_sensitivity"]
