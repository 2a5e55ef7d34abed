"""What a study's document says of its size, against what the model has."""

from __future__ import annotations

from typing import Any

import pytest

from forecast.futures.simulation import thin_draws
from forecast.model.encoding.cost import count_quantities
from forecast.model.encoding.encode import encode_study
from forecast.study import load_study, study_from_document
from forecast.study.checks.size import FUTURE_DRAWS, measure_study
from priors import bundled_studies, study_path
from tests.coin import coin_study, long_document
from tests.quantities import quantiles, quantity, quantity_document, values


@pytest.mark.parametrize("name", sorted(bundled_studies()))
def test_the_estimate_is_no_more_than_the_model_and_not_far_below_it(name: str) -> None:
    """What is refused by the estimate is too large for certain."""
    study = load_study(study_path(name))
    exact, estimate = count_quantities(encode_study(study)), measure_study(study).quantities
    assert 0.5 * exact <= estimate <= exact


def test_classes_and_experts_of_a_quantity_cost_one_latent_variable_each() -> None:
    said = {"values": values(9000.0, 30_000.0), "quantiles": quantiles(("ann", 0.5, 9000.0), ("bob", 0.5, 7000.0))}
    known = quantity(reference={"wars": 1.0})
    alone, heard = (
        study_from_document(quantity_document(each, **rows)) for each, rows in ((quantity(), {}), (known, said))
    )
    assert measure_study(heard).quantities == count_quantities(encode_study(heard))
    assert measure_study(heard).quantities - measure_study(alone).quantities == 2 * 3


def test_cases_without_frailty_cost_no_latent_variable() -> None:
    document = long_document()
    with_frailty = coin_study(**document)
    document["outcomes"][0]["pooling"] = {"case_sd": 0}
    without = coin_study(**document)
    assert measure_study(with_frailty).quantities - measure_study(without).quantities == 2 * 60


def test_cases_of_weight_below_one_cost_no_latent_variable() -> None:
    document = long_document()
    full = measure_study(coin_study(**document)).quantities
    for group in document["reference_classes"]:
        group["rows"] = [{**row, "weight": 0.5} for row in group["rows"]]
    weighed = coin_study(**document)
    assert full - measure_study(weighed).quantities == 2 * 60
    assert measure_study(weighed).quantities <= count_quantities(encode_study(weighed))


@pytest.mark.parametrize(("draws", "chains"), [(100, 2), (2000, 4), (500, 16)])
def test_futures_are_counted_as_they_are_made(draws: int, chains: int) -> None:
    sampler: dict[str, Any] = {"draws": draws, "chains": chains, "tune": 100, "futures_per_draw": 3}
    size = measure_study(coin_study(sampler=sampler))
    assert size.futures == 3 * len(thin_draws(chains, draws, FUTURE_DRAWS))
