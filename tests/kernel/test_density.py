"""The kernel against the PyMC model that defines it: log density, gradient and every named quantity.

The definition is evaluated in plain NumPy, nothing of it compiled. A term that one of the two lacks shows here.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from forecast.inference.deviations import in_deviations
from forecast.inference.engine.definition import DefinedStudy
from forecast.inference.engine.program import get_program
from forecast.kernel.layout import NAMED
from forecast.model.arrays import ModelArrays, probe_arrays, smallest_arrays
from forecast.model.constants import LEAST_VARIANCE
from forecast.model.encoding.encode import encode_study
from forecast.model.latent_specs import LATENTS
from forecast.model.specs import ARRAYS
from forecast.study import load_study
from priors import bundled_studies, study_path
from tests.documents import binary_outcome, event_outcome, make_study
from tests.kernel.defined import compare
from tests.model.random_studies import CASES, EVERY, FULL, SHAPES, random_arrays
from tests.suite.sizes import sized

pytestmark = pytest.mark.program


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES.keys())
def test_studies_of_every_shape(sizes: dict[str, int]) -> None:
    arrays = random_arrays(11, **sizes)
    compare(arrays, np.random.default_rng(1).normal(0, 0.6, arrays.parameters))


@pytest.mark.parametrize("arrays", [probe_arrays(), smallest_arrays(), in_deviations(random_arrays(2, **FULL))])
def test_blocks_of_length_one_none_at_all_and_plain_deviations(arrays: ModelArrays) -> None:
    compare(arrays, np.random.default_rng(2).normal(0, 0.6, arrays.parameters))


def test_effects_of_exactly_zero_have_their_derivatives() -> None:
    arrays = random_arrays(12, **FULL)
    arrays = ModelArrays({**arrays, "effect_loc": np.zeros(FULL["effect"])}, frailties=FULL["frailty"])
    point = np.random.default_rng(7).normal(0, 0.6, arrays.parameters)
    sizes = [int(np.prod([arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    start = sum(sizes[: list(LATENTS).index("gamma_z")])
    point[start : start + FULL["effect"]] = 0.0
    compare(arrays, point)


@pytest.mark.parametrize("skews", [(1.5, -1.5, 0.7), (-0.01, 1e-12, 1.0)])
@pytest.mark.parametrize("deviation", [0.0, 1.0, 4.0])
def test_levels_of_any_skew_on_the_curve_and_on_its_tangent(skews: tuple[float, ...], deviation: float) -> None:
    arrays = random_arrays(13, **CASES)
    arrays = ModelArrays({**arrays, "mu_skew": np.array(skews)}, frailties=arrays.lengths["frailty"])
    point = np.random.default_rng(8).normal(0, 0.6, arrays.parameters)
    for signs in ((1, 1, 1), (-1, -1, 1)):
        point[:3] = deviation * np.array(signs)  # mu_z comes first
        compare(arrays, point)


def test_cases_that_outcomes_of_every_kind_share() -> None:
    """Two binary outcomes with trials beside a spell: sampled and integrated frailties, late entries, and blanks."""
    pooling = {"class_sd": 0.4, "case_sd": 0.5}
    whole = {"entry": 0, "duration": 20, "event": 1, "a": 3, "b": 2, "trials": 5, "weight": 1}
    changes: list[dict[str, float | None]] = [
        {},
        {"entry": 5},
        {"weight": 0.4},
        {"weight": 0.4, "entry": 6, "duration": 15},
        {"duration": None, "event": None, "a": 4},
        {"duration": None, "event": None, "b": 5, "weight": 0.7},
        {"a": None, "duration": 7},
    ]
    encoded = encode_study(
        make_study(
            event_outcome(pooling={**pooling, "age_bands": [0, 12]}),
            *[binary_outcome(id=name, pooling=pooling) for name in ("a", "b")],
            dependence={"eta": 1.5},
            reference_classes=[{"id": "past", "outcome": ["a", "exit", "b"], "rows": [whole | row for row in changes]}],
        )
    )
    arrays = encoded.arrays
    assert arrays.lengths["integral"] == 5  # three of weight below 1, and two that were first observed late
    assert arrays.lengths["trial"] == 7
    for seed in range(3):
        compare(arrays, np.random.default_rng(seed).normal(0, 0.8, arrays.parameters))


def test_conditions_of_outcomes_that_occur_and_do_not() -> None:
    """Of a rival, of a binary outcome of a later date, at once, and through links that are made."""
    row = {"expert": "x", "probability": 0.3, "on": "2020-01-01"}
    encoded = encode_study(
        make_study(
            event_outcome(competes="end"),
            *[
                event_outcome(id=name, **more)
                for name, more in (("stay", {"competes": "end"}), ("war", {}), ("peace", {}))
            ],
            binary_outcome(),
            judgments={
                "rows": [
                    {**row, "outcome": "exit", "given": "not stay and war"},
                    {**row, "outcome": "peace", "given": "not war and agreement", "by": "2021-01-01"},
                    {**row, "outcome": "peace", "given": "war and agreement", "given_at": "once"},
                ]
            },
        )
    )
    arrays = encoded.arrays
    assert arrays.lengths["condition"] == 3
    assert encoded.links == (("war", "exit"), ("war", "peace"), ("agreement", "peace"), ("peace", "agreement"))
    compare(arrays, np.random.default_rng(5).normal(0, 0.8, arrays.parameters))


@pytest.mark.parametrize("name", bundled_studies())
def test_the_bundled_studies(name: str) -> None:
    arrays = encode_study(load_study(study_path(name))).arrays
    compare(arrays, np.random.default_rng(3).normal(0, 0.4, arrays.parameters))


@settings(max_examples=sized(100, 30), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_studies_that_hypothesis_makes(data: st.DataObject) -> None:
    """Every block on, off or of length one, and points far out."""
    off = data.draw(st.sets(st.sampled_from(sorted(BLOCKS))))
    single = data.draw(st.sets(st.sampled_from(sorted(BLOCKS.keys() - off))) if BLOCKS.keys() - off else st.just(set()))
    sizes = dict(EVERY)
    sizes |= {dim: min(sizes[dim], 1) for block in sorted(single) for dim in BLOCKS[block]}
    sizes |= {dim: 0 for block in off for dim in BLOCKS[block]}
    arrays = random_arrays(data.draw(st.integers(0, 1000)), **sizes)
    spread = data.draw(st.sampled_from([0.1, 0.6, 1.2]))
    point = np.random.default_rng(4).normal(0, spread, arrays.parameters)
    # The derivative by a chance of 1 - 1e-12 divides rounding by 1e-12, in the kernel as in the definition.
    loaded = get_program().load(arrays)
    assume(np.abs(loaded.quantities(point[None])["judged_log_odds"]).max(initial=0.0) < CERTAIN)
    # So do those of a judged condition when rates are so high that hardly any mass is left in its worlds.
    assume(loaded.log_density(point)[0] > FAR)
    assume(
        least_reached(arrays, {name: values[0] for name, values in loaded.quantities(point[None]).items()}) > UNREACHED
    )
    compare(arrays, point)


CERTAIN = 15.0
"""Log odds."""
FAR = -1e5
"""Log density."""
UNREACHED = -600.0
"""Log probability of a usual count to reach its lower bound: far below, the incomplete beta function of the definition is 0."""


def least_reached(arrays: ModelArrays, found: dict[str, np.ndarray]) -> float:
    """Log probability that the least likely lower bound is reached by a usual count."""
    of, period = arrays["floor_indicator"], arrays["floor_period"]
    course = np.zeros((arrays.lengths["indicator"], arrays.lengths["past_period"]))
    height = found["wave_height"][:, None] * arrays["motif_course"][arrays["wave_motif"]]
    np.add.at(course, arrays["pattern_indicator"][arrays["wave_pattern"]], height)
    state = np.pad(found["state"], ((0, 0), (1, 0)))[period, arrays["indicator_factor"][of]]
    mean = np.exp(found["log_mean"][of] + found["loading"][of] * state + course[of, period])
    form = 1.0 / (found["dispersion"][of] ** 2 + LEAST_VARIANCE)
    with np.errstate(divide="ignore"):
        return float(stats.nbinom.logsf(arrays["floor_value"] - 1, form, form / (form + mean)).min(initial=0.0))


BLOCKS = {
    "trials": ("trial",),
    "hazards": ("cell",),
    "history": ("history",),
    "integrals": ("integral", "axis", "span"),
    "covariates": ("covariate",),
    "stages": ("stage",),
    "frailties": ("frailty", "term", "pair"),
    "factors": ("factor", "effect"),
    "counts": ("count", "indicator", "floor", "pattern", "wave", "mixture"),
    "lower bounds": ("floor",),
    "courses": ("pattern", "wave", "motif"),
    "mixtures": ("mixture",),
    "links": ("link", "press"),
    "verdicts": ("verdict",),
    "judgments": ("topic", "question", "segment", "judgment", "condition"),
    "conditions": ("condition",),
    "records": ("exam", "exercise", "record", "answer"),
    "answers": ("answer",),
}


def test_every_array_of_the_model_is_read() -> None:
    """A change of any single array changes what the kernel gives, in one of some studies at least."""

    def found(changed: ModelArrays) -> list[np.ndarray]:
        loaded = get_program().load(changed)
        point = np.random.default_rng(5).normal(0, 0.6, arrays.parameters)
        logp, gradient = loaded.log_density(point)
        return [np.array([logp]), gradient, *loaded.quantities(point[None]).values()]

    unread = set(ARRAYS)
    for seed in range(5):
        arrays = random_arrays(seed, **EVERY)
        before = found(arrays)
        for name in sorted(unread):
            spec = ARRAYS[name]
            if name == "integral_rule":
                # Sets for one axis and for two are alike where cases differ little.
                values = np.full_like(arrays[name], arrays.lengths["rule"] - 1)
            elif spec.indexes is not None:
                values = np.roll(arrays[name], 1)
            elif name == "question_is_binary":
                values = 1.0 - arrays[name]
            elif name == "rule_from":
                values = np.zeros(arrays.lengths["rule"])
            else:
                values = np.array(arrays[name]) * 0.7 + 0.05
            after = found(ModelArrays({**arrays, name: values}, frailties=arrays.lengths["frailty"]))
            if not all(np.array_equal(one, other, equal_nan=True) for one, other in zip(before, after, strict=True)):
                unread.discard(name)
    # One panel and one exam have nothing to exchange, and the order of rulings means nothing; of marks the kernel reads where
    # those of a tally begin, of inclinations only how many they are.
    assert unread == {
        "topic_panel",
        "exam_panel",
        "exercise_exam",
        "poll_panel",
        "ruling_candidate",
        "mark_tally",
        "inclination_expert",
    }


def test_threads_that_share_a_study_get_the_numbers_of_one_alone() -> None:
    """More threads than cores, and one more than places to work in."""
    arrays = random_arrays(14, **FULL)
    loaded = get_program().load(arrays)
    points = np.random.default_rng(6).normal(0, 0.6, (18, arrays.parameters))
    alone = loaded.log_densities(points)
    wrong: list[int] = []

    def work(place: int) -> None:
        found = {loaded.log_density(points[place])[0] for _ in range(300)}
        if found != {alone[place]}:
            wrong.append(place)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_names_and_dims_are_those_of_the_definition() -> None:
    pymc = DefinedStudy(probe_arrays())._pymc
    named = {v.name: tuple(pymc.named_vars_to_dims.get(v.name, ())) for v in [*pymc.free_RVs, *pymc.deterministics]}
    expected = {name: dims for name, dims in named.items() if not name.endswith("_sampled")}
    assert {name: spec.dims for name, spec in NAMED.items()} == expected
