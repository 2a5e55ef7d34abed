"""What moves a forecast: the weight of each block of evidence, of each case and expert, and of priors and effects."""

from __future__ import annotations

from forecast.explain.attribution import compute_attribution
from forecast.explain.influence import compute_influence
from forecast.explain.sensitivity import compute_sensitivity
from forecast.explain.triage import Previous, compute_triage

__all__ = ["Previous", "compute_attribution", "compute_influence", "compute_sensitivity", "compute_triage"]
