"""How often checks of counts degrade studies whose counts the model made: at most 2 of 100 with twelve indicators."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.inference.labels import label_posterior
from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from forecast.runtime.machine import sampling_cores
from forecast.study import SamplerSettings
from forecast.summary.count_checks import check_counts, fit_counts
from tests.documents import event_outcome, make_study
from tests.statistical.simulators.signals import simulate_counts, with_scales
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

INDICATORS = 12
MONTHS = (12, 20, 30, 48)
"""Lengths of series: with and without seasons, drifts and mixtures."""
STUDIES = sized(100, 3)
MOST = 0.02
SETTINGS = SamplerSettings(draws=400, tune=400, chains=2, target_accept=0.9)


def is_degraded(seed: int) -> bool:
    """Whether a study of twelve indicators is, whose parameters are drawn from their priors."""
    indicators = []
    for place in range(INDICATORS):
        months = MONTHS[place % len(MONTHS)]
        names = [f"{2019 - k // 12}-{12 - k % 12:02d}" for k in reversed(range(months))]
        indicators.append({"id": f"i{place}", "rows": [{"period": name, "value": 1} for name in names]})
    encoded = encode_study(make_study(event_outcome(), indicators=indicators, as_of="2019-12-31"))
    # Levels between .2 and some hundred: those of the service's own prior have counts without end, or none.
    arrays = with_scales(encoded.arrays, log_mean_scale=2.0, log_mean_loc=1.5)
    program, rng = get_program(), np.random.default_rng(seed)
    truth = {name: values[0] for name, values in program.draw_prior(arrays, 1, seed).items()}
    drawn = simulate_counts(rng, truth, arrays)
    # The spikes of a prior this wide have more digits than a count may have.
    counts = np.minimum(np.asarray(drawn["count_value"], dtype=float), 1e6)
    arrays = ModelArrays({**arrays, "count_value": counts}, frailties=arrays.lengths["frailty"])
    tree = sample_posterior(program.load(arrays), SETTINGS, seed=seed, cores=sampling_cores())
    own = replace(encoded, arrays=arrays)
    (check,) = check_counts(fit_counts(own, label_posterior(tree, own)[0], seed=seed))
    return check.passed is False


@pytest.mark.timeout(7200)
def test_counts_of_the_model_hardly_ever_degrade_a_study() -> None:
    degraded = sum(is_degraded(seed) for seed in range(STUDIES))
    print(f"\n{degraded} of {STUDIES} studies degraded")
    assert degraded <= MOST * STUDIES
