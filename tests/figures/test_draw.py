"""Everything that is drawn of a real forecast, and that one figure's failure takes no other with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from structlog.testing import capture_logs

from forecast.answer import Update
from forecast.figures.checks import draw
from forecast.figures.checks.draw import Drawings, draw_forecast
from forecast.figures.checks.material import Material
from forecast.figures.image import draw_png
from forecast.pipeline.compute import ComputedForecast, compute_forecast
from forecast.study import Study, load_study, with_sampler
from priors import study_path

pytestmark = pytest.mark.program

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def study() -> Study:
    return with_sampler(load_study(study_path("karabakh-2021")), draws=150, tune=100, chains=2, target_accept=0.8)


@pytest.fixture(scope="module")
def computed(study: Study) -> ComputedForecast:
    return compute_forecast(study)


@pytest.fixture(scope="module")
def material(study: Study, computed: ComputedForecast, tmp_path_factory: pytest.TempPathFactory) -> Material:
    path: Path = tmp_path_factory.mktemp("draws") / "draws.nc"
    computed.write_draws(path)
    return Material(study, computed.answer, xr.open_datatree(path))


@pytest.fixture(scope="module")
def drawings(material: Material, computed: ComputedForecast) -> Drawings:
    return draw_forecast(material, computed.figures)


def test_every_figure_is_drawn_with_its_words_and_its_numbers(drawings: Drawings) -> None:
    assert drawings.failures == ()
    assert set(drawings.figures) == {
        "trace-worst", "rank-worst", "ess-evolution", "autocorrelation", "pairs", "energy", "prior-present", "prior-mean",
        "predictive-successes", "predictive-events", "predictive-count", "rootogram", "survival-withdrawal",
        "survival-conversion", "survival-renewed_war", "pareto-k", "loo-pit", "unfolding",
    }  # fmt: skip
    for name, figure in drawings.figures.items():
        meta = figure["layout"]["meta"]
        assert meta["title"], name
        assert len(meta["caption"]) > 80, name
        assert meta["table"]["rows"], name
        assert {len(row) for row in meta["table"]["rows"]} == {len(meta["table"]["columns"])}, name
        assert len(json.dumps(figure, allow_nan=False)) < 400_000, name


def test_no_colour_of_a_library_is_left_that_is_hard_to_see_on_one_of_the_two_papers(drawings: Drawings) -> None:
    text = json.dumps(drawings.figures).lower()
    assert not [colour for colour in ("#000000", '"black"', "#636efa", "#ef553b", "#595959") if colour in text]
    assert "bdata" not in text


def test_every_figure_has_its_image(drawings: Drawings, computed: ComputedForecast) -> None:
    assert set(drawings.images) == {*drawings.figures, *computed.figures}
    assert all(image.startswith(PNG) for image in drawings.images.values())


def test_the_same_forecast_gives_the_same_figures(material: Material, drawings: Drawings) -> None:
    again = {name: made() for kind in draw.KINDS for name, made in kind(material).items()}
    assert json.dumps(again, sort_keys=True) == json.dumps(drawings.figures, sort_keys=True)


def test_the_numbers_of_the_figures_are_those_of_the_draws(material: Material, drawings: Drawings) -> None:
    theta = material.posterior["theta"].sel(outcome="withdrawal").values
    row = next(
        row for row in drawings.figures["prior-present"]["layout"]["meta"]["table"]["rows"] if row[0] == "withdrawal"
    )
    assert row[3] == f"{theta.mean():.3g}"
    worst = {found.name: found.ess_bulk for found in material.answer.diagnostics.parameters}
    table = drawings.figures["ess-evolution"]["layout"]["meta"]["table"]["rows"]
    assert [float(row[-1]) for row in table] == pytest.approx([worst[row[0]] for row in table], rel=0.01)
    assert table[0][0] == min((name for name in worst if worst[name] is not None), key=lambda name: worst[name])


def test_one_figure_that_fails_takes_no_other_with_it(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_figures(_: Material) -> dict[str, object]:
        raise ValueError("no such thing")

    def half_figures(_: Material) -> dict[str, object]:
        return {"bad": lambda: broken_figures(material)}

    monkeypatch.setattr(draw, "KINDS", (broken_figures, half_figures, draw.belief_figures))
    # Without a configuration structlog writes all local variables of a traceback, which takes longer than all figures.
    with capture_logs():
        found = draw_forecast(material, {})
    assert found.failures == ("broken: ValueError: no such thing", "bad: ValueError: no such thing")
    assert set(found.figures) == {"prior-present", "prior-mean"}


def test_draws_that_were_weighed_have_no_figures_of_a_sampler(material: Material) -> None:
    update = Update(way="reweighted", previous="x", pareto_k=0.1, effective_draws=900.0, reason="little is new")
    weighed = replace(material, answer=material.answer.model_copy(update={"update": update}))
    assert draw.sampler_figures(weighed) == {}


def test_draws_that_are_not_finite_or_do_not_vary_are_left_out_of_the_figures(material: Material) -> None:
    first, second = "theta[withdrawal]", "theta[conversion]"
    others = [name for name in material.worst if name not in {first, second}]
    broken = Material(material.study, material.answer, material.tree.copy(deep=True))
    for name, value in ((first, np.nan), (second, 1.0)):
        variable, _, label = name.rstrip("]").partition("[")
        draws = broken.tree["posterior"][variable]
        draws.loc[{str(draws.dims[2]): label}] = value
    kept = broken.draws_of([first, second, *others, "no such parameter"], 4)
    assert list(kept) == others


def test_an_unknown_kind_of_trace_is_an_error() -> None:
    with pytest.raises(ValueError, match="type 'pie', expected scatter or bar"):
        draw_png({"data": [{"type": "pie"}], "layout": {}})
