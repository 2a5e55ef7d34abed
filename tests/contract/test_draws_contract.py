"""Groups, variables and dims of `draws.nc`: other people's notebooks are written against these names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forecast.kernel.layout import NAMED
from forecast.model.latent_specs import LATENTS
from forecast.model.specs import ARRAYS
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.study import load_study, study_from_document, with_sampler
from forecast.summary.descriptions import described
from priors import study_path
from tests.quantities import quantiles, quantity_document

pytestmark = pytest.mark.program

EVENT_POSTERIOR = {
    "mu": ("outcome",),
    "tau": ("outcome",),
    "sigma": ("outcome",),
    "trend": ("outcome",),
    "wiggle": ("outcome",),
    "class_level": ("level",),
    "new_class_level": ("outcome",),
    "log_hazard_shape": ("band",),
    "theta": ("outcome",),
    "case_level": ("unit",),
    "present_level": ("variant",),
}
EVIDENCE_POSTERIOR = {
    "persistence": ("factor",),
    "state": ("past_period", "factor"),
    "log_mean": ("indicator",),
    "loading": ("indicator",),
    "dispersion": ("indicator",),
    "gamma": ("effect",),
    "delta": ("link",),
    "correlation": ("pair",),
    "shared_bias": ("kind",),
    "bias_sd": ("kind",),
    "bias": ("expert",),
    "slope": ("expert",),
    "noise": ("expert",),
    "common_sd": ("panel",),
    "judged_log_odds": ("question",),
    "option_share": ("option",),
    "share_of_futures": ("simulated_outcome",),
}


@pytest.fixture(scope="module")
def computed() -> ComputedForecast:
    study = with_sampler(load_study(study_path("karabakh-2021")), draws=100, tune=100, chains=2, target_accept=0.8)
    return compute_forecast(study)


@pytest.fixture(scope="module")
def tree(computed: ComputedForecast, tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    path: Path = tmp_path_factory.mktemp("draws") / "draws.nc"
    computed.write_draws(path)
    return xr.open_datatree(path)


def test_all_groups_are_there(tree: xr.DataTree) -> None:
    assert set(tree.children) == {
        "posterior", "latent", "prior", "posterior_predictive", "sample_stats", "observed_data", "constant_data",
        "futures", "mechanism",
    }  # fmt: skip


def test_posterior_variables_have_their_names_and_dims(tree: xr.DataTree) -> None:
    posterior = tree["posterior"].to_dataset()
    found = {str(name): variable.dims[2:] for name, variable in posterior.data_vars.items()}
    assert found == EVENT_POSTERIOR | EVIDENCE_POSTERIOR
    assert all(variable.dims[:2] == ("chain", "draw") for variable in posterior.data_vars.values())


def test_every_labelled_dim_carries_the_ids_of_the_study(tree: xr.DataTree) -> None:
    posterior = tree["posterior"].to_dataset()
    study = load_study(study_path("karabakh-2021"))
    assert posterior["outcome"].values.tolist() == [outcome.id for outcome in study.outcomes if outcome.is_modelled]
    assert tree["futures"]["outcome"].values.tolist() == [outcome.id for outcome in study.outcomes]
    for dim in set(posterior.dims) - {"chain", "draw"}:
        assert dim in posterior.coords
        assert posterior[dim].dtype.kind in "OUT"
    assert {label.split(":")[0] for label in posterior["level"].values} == {
        group.id for group in study.reference_classes
    }


def test_a_study_of_numbers_has_them_under_their_names() -> None:
    computed = compute_forecast(study_from_document(quantity_document(quantiles=quantiles(("ann", 0.5, 9000.0)))))
    assert computed.draws["posterior"]["grade_level"].dims == ("chain", "draw", "grade")
    assert computed.draws["posterior"]["quantity_spread"].dims == ("chain", "draw", "quantity")
    assert computed.draws["futures"]["quantity_value"].dims == ("future", "quantity")
    assert computed.draws["posterior"]["grade"].values.tolist() == ["refugees@a class not seen"]


def test_every_variable_has_a_meaning_and_a_unit(tree: xr.DataTree) -> None:
    for group in tree.children.values():
        for name, variable in group.data_vars.items():
            assert len(variable.attrs.get("long_name", "")) > 10, (group.name, name)
            assert variable.attrs.get("units"), (group.name, name)


def test_every_array_and_latent_variable_has_words() -> None:
    wordless = [name for name in ARRAYS if described("constant_data", name) is None]
    wordless += [name for name in LATENTS if described("latent", name) is None]
    wordless += [name for name in NAMED if described("posterior", name) is None and name not in LATENTS]
    assert wordless == []


def test_no_dim_is_nameless(tree: xr.DataTree) -> None:
    names = {str(dim) for group in tree.children.values() for dim in group.dims}
    assert not [name for name in names if "dim_" in name]


def test_arviz_opens_it_and_summarises_it(tree: xr.DataTree) -> None:
    import arviz as az

    table = az.summary(tree, var_names=["theta"])
    assert len(table) == tree["posterior"].sizes["outcome"]
    assert np.isfinite(np.asarray(table.iloc[:, 0], dtype=float)).all()


def test_futures_are_periods_from_one_to_past_the_horizon(tree: xr.DataTree, computed: ComputedForecast) -> None:
    futures = tree["futures"].to_dataset()
    period = futures["event_period"]
    assert period.dims == ("future", "outcome")
    assert period.dtype.kind == "i"
    assert 1 <= int(period.min()) <= int(period.max()) <= computed.answer.horizon_periods + 1


def test_the_answer_counts_the_very_futures_that_are_stored(tree: xr.DataTree, computed: ComputedForecast) -> None:
    period = tree["futures"]["event_period"]
    for outcome in computed.answer.outcomes:
        happened = (period.sel(outcome=outcome.id) <= computed.answer.horizon_periods).mean()
        assert outcome.horizon[-1].probability == pytest.approx(float(happened))
