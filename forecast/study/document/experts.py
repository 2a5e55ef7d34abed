"""What is assumed of experts before any of their statements: the scales of their errors' priors (docs/model.md, section 8)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forecast.study.document.fields import Block

LogOddsScale = Annotated[float, Field(strict=True, gt=0.0, le=10.0)]
"""Stated probabilities are read between 0.005 and 0.995, which are 10.6 apart on the log odds."""
LogScale = Annotated[float, Field(strict=True, gt=0.0, le=3.0)]
"""Of the logarithm of a factor; e^3 is 20."""


class Experts(Block):
    """How far experts may err, for all that state judgments or have a track record; learned within each kind of them."""

    shared_bias_sd: LogOddsScale = 0.3
    """Standard deviation, on the log odds, of the bias that all experts of a kind share. By default 0.3."""
    bias_sd: LogOddsScale = 0.3
    """Scale of the half-normal prior of how far experts of a kind differ in bias, on the log odds. By default 0.3."""
    slope_mean_sd: LogScale = 0.4
    """Standard deviation of the log of a kind's mean slope; a slope below 1 means timid statements. By default 0.4: nine in
    ten kinds between 0.52 and 1.9."""
    slope_sd: LogScale = 0.2
    """Scale of the half-normal prior of how far experts of a kind differ in the log of their slope. By default 0.2."""
    error_sd: LogOddsScale = 0.6
    """Scale of the half-normal prior of the typical size of an expert's own error, on the log odds. By default 0.6."""
    error_spread: LogScale = 0.3
    """Scale of the half-normal prior of how far experts of a kind differ in the log of that size. By default 0.3."""
    common_error_sd: LogOddsScale = 0.5
    """Scale of the half-normal prior of the error that all experts share on a question, on the log odds. By default
    0.5."""
    track_record_base_sd: LogOddsScale = 1.0
    """Standard deviation of the mean true log odds of the questions of track records. By default 1."""
    track_record_spread: LogOddsScale = 1.0
    """Scale of the half-normal prior of how far those questions differ in their true log odds. By default 1."""
