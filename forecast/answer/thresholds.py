"""The limits that checks and warnings go by; everything that names one takes it from here.

References
----------
R-hat at most 1.01 and effective sample sizes of at least 400: Vehtari et al. (2021), doi:10.1214/20-BA1221.
E-BFMI above 0.3: the value below which Stan's and ArviZ's documentation advise against trusting the chains.
Confidence apart from likelihood: Intelligence Community Directive 203 (2015), section D.6.e(2). It gives no widths.
Pareto k up to 0.7: Vehtari et al. (2024), Pareto smoothed importance sampling, Journal of Machine Learning Research 25(72).
Power-scaling above 0.05: Kallioinen et al. (2024), doi:10.1007/s11222-023-10366-5.
"""

from __future__ import annotations

from typing import Final

RHAT_PUBLISHED: Final = 1.01
RHAT_REFUSED: Final = 1.05
ESS_PUBLISHED: Final = 400.0
DIVERGENCES_PUBLISHED: Final = 0.005
"""A share of the draws; so is the next."""
DIVERGENCES_REFUSED: Final = 0.05
BFMI_PUBLISHED: Final = 0.3
MCSE_PUBLISHED: Final = 0.01
"""The largest Monte Carlo error of a probability."""
LEAST_TAIL: Final = 0.01
"""Of the least likely statistic of an indicator's counts among replicated ones, shared among all indicators: with twelve of
them at most 2 of 100 studies that follow the model have a less likely one (tests/statistical/test_count_checks.py)."""
MAX_PARETO_K: Final = 0.7
"""Of importance weights; above it they cannot be trusted."""
HIGH_CONFIDENCE_WIDTH: Final = 0.25
"""Widest 90 % interval of a probability that is known with high confidence: the widest step of the ICD 203 scale."""
MODERATE_CONFIDENCE_WIDTH: Final = 0.5
"""Widest with moderate confidence: half of all probabilities. Beyond it the interval says little, whatever its middle."""
SCALING_NOTED: Final = 0.05
"""Cumulative Jensen-Shannon distance per doubling; above it a power-scaling sensitivity deserves a look."""
