"""Scoring rules, for forecasts whose outcomes have been resolved."""

from __future__ import annotations

from forecast.score.rules import brier, log_score, time_averaged_brier

__all__ = ["brier", "log_score", "time_averaged_brier"]
