"""`draws.nc` without sampling: labels of every block, replicated counts, and the way back to the simulation's inputs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forecast.futures import paths
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import FuturesUnavailableError, open_futures
from forecast.model import constants
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.archive import assemble_tree, write_tree
from forecast.summary.posterior import present_case
from forecast.summary.rolled import Rolled, outcome_probabilities, roll_forward
from tests.futures.posteriors import everything, make_posterior


def make_tree(encoded: EncodedStudy, posterior: xr.Dataset) -> tuple[xr.DataTree, Rolled]:
    rolled = roll_forward(encoded, posterior, seed=3)
    reported = posterior.merge(outcome_probabilities(encoded, posterior, rolled))
    prior = {str(name): values.values[0] for name, values in make_posterior(encoded, chains=1, seed=2).items()}
    tree = assemble_tree(encoded, reported, xr.Dataset(), xr.Dataset(), prior, None, rolled, seed=3)
    return tree, rolled


@pytest.fixture(scope="module")
def made() -> tuple[xr.DataTree, Rolled]:
    encoded = everything()
    return make_tree(encoded, make_posterior(encoded))


def test_probabilities_are_labelled_with_all_outcomes(made: tuple[xr.DataTree, Rolled]) -> None:
    for group in ("posterior", "prior"):
        dataset = made[0][group].to_dataset()
        assert dataset["probability"].dims == ("chain", "draw", "closed_outcome")
        assert dataset["closed_outcome"].values.tolist() == ["agreement", "war", "alone"]
        assert dataset["share_of_futures"].dims == ("chain", "draw", "simulated_outcome")
        assert dataset["simulated_outcome"].values.tolist() == ["exit", "conversion", "deadly"]
        assert dataset["outcome"].values.tolist() == ["exit", "conversion", "agreement", "war", "alone"]
        assert dataset["theta"].dims == ("chain", "draw", "outcome")
    assert made[0]["prior"]["state"].dims == ("chain", "draw", "past_period", "factor")
    assert made[0]["prior"].sizes["draw"] == 250
    assert made[0]["posterior"]["share_of_futures"].attrs["futures_per_draw"] == 5
    assert made[0]["prior"]["share_of_futures"].attrs["futures_per_draw"] == 60


def test_a_probability_of_a_draw_is_never_a_share_of_a_few_futures(made: tuple[xr.DataTree, Rolled]) -> None:
    for group in ("posterior", "prior"):
        draws = made[0][group]["probability"]
        assert all(len(np.unique(draws.isel(closed_outcome=place))) == draws[..., place].size for place in range(3))
    assert len(np.unique(made[0]["posterior"]["share_of_futures"])) <= 6


def test_counts_are_replicated_as_they_were_observed(made: tuple[xr.DataTree, Rolled]) -> None:
    tree, _ = made
    count, real = tree["posterior_predictive"]["count"], tree["observed_data"]["count"]
    assert count.dims == ("chain", "draw", "observation")
    assert real.values.tolist() == [3, 5, 4, 8, 7, 2, 6, 9, 2]
    assert real["indicator"].values.tolist() == ["incidents"] * 8 + ["visits"]
    assert real["past_period"].values[3] == "2019-08-01"
    draws = tree["posterior"]
    mean = np.exp(draws["log_mean"].sel(indicator="incidents") + draws["loading"].sel(indicator="incidents")
                  * draws["state"].sel(factor="friction", past_period="2019-08-01"))  # fmt: skip
    found = count.sel(observation="incidents@2019-08-01")
    assert float(found.mean()) == pytest.approx(0.5 * float(mean.mean()), abs=4 * float(found.std()) / np.sqrt(1000))


def test_the_next_count_goes_one_period_ahead(made: tuple[xr.DataTree, Rolled]) -> None:
    tree, _ = made
    draws, following = tree["posterior"], tree["posterior_predictive"]["next_count"]
    assert following.dims == ("chain", "draw", "indicator")
    rho = draws["persistence"].sel(factor="friction")
    loading = draws["loading"].sel(indicator="incidents")
    state = rho * draws["state"].sel(factor="friction").isel(past_period=-1)
    mean = np.exp(draws["log_mean"].sel(indicator="incidents") + loading * state + loading**2 * (1 - rho**2) / 2)
    found = following.sel(indicator="incidents")
    assert float(found.mean()) == pytest.approx(float(mean.mean()), abs=4 * float(found.std()) / np.sqrt(1000))


def test_the_mechanism_gives_the_stored_futures_again(made: tuple[xr.DataTree, Rolled], tmp_path: Path) -> None:
    tree, rolled = made
    write_tree(tree, tmp_path / "draws.nc")
    stored = open_futures(tmp_path / "draws.nc")
    assert np.array_equal(stored.futures.times, rolled.futures.times)
    again = simulate_futures(stored.present, replicates=5, seed=stored.seed)
    assert np.array_equal(again.times, rolled.futures.times)
    assert (stored.calendar.as_of.isoformat(), stored.calendar.period, stored.horizon) == ("2020-01-01", "month", 60)
    assert [scenario.id for scenario in stored.scenarios] == ["calm", "order"]


def test_the_mechanism_of_a_study_without_any_block_needs_none(tmp_path: Path) -> None:
    encoded = everything(factors=[], indicators=[], links=[], scenarios=[], outcomes=[
        {"id": "agreement", "title": "They sign", "kind": "binary", "prior": {"distribution": "normal(-1, 1)"},
         "resolution": {"criteria": "It is signed.", "by": "2024-01-01"}}
    ])  # fmt: skip
    tree, rolled = make_tree(encoded, make_posterior(encoded))
    write_tree(tree, tmp_path / "draws.nc")
    stored = open_futures(tmp_path / "draws.nc")
    assert stored.scenarios == ()
    assert np.array_equal(simulate_futures(stored.present, replicates=5, seed=stored.seed).times, rolled.futures.times)


def test_a_file_from_before_queries_says_what_to_do(made: tuple[xr.DataTree, Rolled], tmp_path: Path) -> None:
    without = made[0].drop_nodes("mechanism")
    without.to_netcdf(tmp_path / "draws.nc", engine="netcdf4")
    with pytest.raises(FuturesUnavailableError, match="run the forecast again"):
        open_futures(tmp_path / "draws.nc")


def test_labels_decide_and_not_positions() -> None:
    encoded = everything()
    posterior = make_posterior(encoded)
    turned = posterior.isel({dim: slice(None, None, -1) for dim in ("outcome", "band", "indicator", "effect")})
    one, other = present_case(encoded, posterior), present_case(encoded, turned)
    for field in dataclasses.fields(one):
        for a, b in zip(parts(getattr(one, field.name)), parts(getattr(other, field.name)), strict=True):
            np.testing.assert_array_equal(a, b)


def parts(value: object) -> list[object]:
    if dataclasses.is_dataclass(value):
        return [part for field in dataclasses.fields(value) for part in parts(getattr(value, field.name))]
    return [value]


def test_simulated_counts_have_the_least_variance_of_the_model() -> None:
    assert paths.LEAST_VARIANCE == constants.LEAST_VARIANCE
