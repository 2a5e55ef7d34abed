"""Small studies as arrays, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.errors import StudyError
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.selection import Selection
from tests.documents import binary_outcome, event_outcome, make_study

BANDS = {"class_sd": 0.5, "case_sd": 0, "trend_sd": 0.5, "wiggle_sd": 0.3, "age_bands": [0, 12, 36]}
LEFT = {"event_value": {"exit": "left"}}


def test_a_spell_becomes_exposure_in_each_band_and_an_event_in_its_last() -> None:
    rows = [{"id": "a", "duration": 20, "event": "left"}, {"id": "b", "duration": 40, "event": "stayed"}]
    study = make_study(
        event_outcome(pooling=BANDS, reference={"past": 1.0}),
        reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, **LEFT}],
    )
    cells = encode_study(study).cells
    assert cells.unit.tolist() == [0, 0, 1, 1, 1]
    assert cells.band.tolist() == [0, 1, 0, 1, 2]
    assert cells.exposure.tolist() == [12, 8, 12, 24, 4]
    assert cells.events.tolist() == [0, 1, 0, 0, 0]


def test_cases_that_the_model_cannot_tell_apart_are_pooled_by_their_weights() -> None:
    rows = [
        {"id": "a", "duration": 20, "event": "left", "weight": 0.5, "size": 1},
        {"id": "b", "duration": 40, "event": "stayed", "weight": 1, "size": 1},
        {"id": "c", "duration": 5, "event": "left", "weight": 0, "size": 1},
        {"id": "d", "duration": 5, "event": "left", "weight": 1, "size": 2},
    ]
    group = {"id": "past", "outcome": "exit", "rows": rows, "covariates": ["size"], **LEFT}
    study = make_study(event_outcome(pooling=BANDS), covariates=[{"id": "size"}], reference_classes=[group])
    arrays = encode_study(study).arrays
    assert arrays["cell_unit"].tolist() == [0, 0, 0, 3]
    assert arrays["cell_band"].tolist() == [0, 1, 2, 0]
    assert arrays["cell_exposure"].tolist() == [18, 28, 4, 5]
    assert arrays["cell_events"].tolist() == [0, 0.5, 0, 1]


def test_cases_with_a_frailty_are_never_pooled() -> None:
    rows = [{"id": name, "successes": 1, "trials": 3} for name in "abc"]
    group = {"id": "past", "outcome": "agreement", "rows": rows}
    apart = make_study(binary_outcome(pooling={"case_sd": 0.5}), reference_classes=[group])
    pooled = make_study(binary_outcome(), reference_classes=[group])
    assert encode_study(apart).arrays["trial_n"].tolist() == [3, 3, 3]
    assert encode_study(pooled).arrays["trial_n"].tolist() == [9]
    assert encode_study(pooled).arrays["trial_yes"].tolist() == [3]


def test_delayed_entry_leaves_the_time_before_observation_out() -> None:
    rows = [{"id": "a", "duration": 30, "entry": 10, "event": "left"}]
    study = make_study(
        event_outcome(pooling=BANDS), reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, **LEFT}]
    )
    assert encode_study(study).arrays["cell_exposure"].tolist() == [2, 18]


def test_a_weight_multiplies_events_and_exposure() -> None:
    rows = [{"id": "a", "duration": 10, "event": "left", "weight": 0.25}]
    study = make_study(
        event_outcome(pooling=BANDS), reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, **LEFT}]
    )
    arrays = encode_study(study).arrays
    assert (arrays["cell_events"].tolist(), arrays["cell_exposure"].tolist()) == ([0.25], [2.5])


def test_an_event_of_a_competing_outcome_is_a_censoring() -> None:
    rows = [{"id": "a", "duration": 5, "event": "converted"}]
    study = make_study(
        event_outcome(id="exit", competes="end"),
        event_outcome(id="conversion", competes="end"),
        reference_classes=[
            {
                "id": "past",
                "outcome": ["exit", "conversion"],
                "rows": rows,
                "event_value": {"exit": "left", "conversion": "converted"},
            }
        ],
    )
    encoded = encode_study(study)
    events = dict(zip([unit.outcome for unit in encoded.units], encoded.arrays["cell_events"].tolist(), strict=True))
    assert events == {"exit": 0.0, "conversion": 1.0}
    assert encoded.arrays["cell_exposure"].tolist() == [5.0, 5.0]


def test_aggregated_rows_fall_in_the_band_of_their_age() -> None:
    rows = [{"exposure": 100, "events": 3, "age": 12}, {"exposure": 50, "events": 1}]
    study = make_study(
        event_outcome(pooling=BANDS), reference_classes=[{"id": "past", "outcome": "exit", "rows": rows}]
    )
    arrays = encode_study(study).arrays
    assert arrays["cell_band"].tolist() == [0, 1]
    assert arrays["cell_exposure"].tolist() == [50, 100]
    assert arrays["cell_events"].tolist() == [1, 3]


def test_the_event_free_history_is_split_over_bands_from_at_risk_since() -> None:
    study = make_study(event_outcome(pooling=BANDS, at_risk_since="2018-10-01"))
    encoded = encode_study(study)
    assert encoded.ages == {"exit": 15.0}
    assert encoded.arrays["history_band"].tolist() == [0, 1]
    assert encoded.arrays["history_exposure"].tolist() == [12, 3]


def test_weights_of_the_present_case_go_to_levels_by_label_and_the_rest_to_a_new_class() -> None:
    cases = [{"id": "a", "duration": 5, "event": "left"}]
    study = make_study(
        event_outcome(id="exit", reference={"blend": {"late": 0.3, "early": 0.5}}),
        event_outcome(id="collapse", reference={"blend": {"early": 0.25}}),
        reference_classes=[
            {"id": "early", "outcome": ["collapse", "exit"], "rows": cases, "event_value": {"exit": "left", "collapse": "fell"}},
            {"id": "late", "outcome": "exit", "rows": cases, **LEFT},
        ],
    )  # fmt: skip
    encoded = encode_study(study)
    labels = encoded.coords["level"]
    weights = {
        variant: dict(zip(labels, row.tolist(), strict=True))
        for variant, row in zip(encoded.coords["variant"], encoded.arrays["present_weights"], strict=True)
    }
    assert weights["exit"] == {"early:exit": 0.5, "early:collapse": 0.0, "late:exit": 0.3}
    assert weights["collapse"] == {"early:exit": 0.0, "early:collapse": 0.25, "late:exit": 0.0}
    assert encoded.arrays["present_new"] == pytest.approx([0.2, 0.75])


def test_covariates_are_standardised_over_cases_and_alike_for_the_present_case() -> None:
    rows = [
        {"id": "a", "successes": 1, "trials": 4, "size": 10},
        {"id": "b", "successes": 2, "trials": 4, "size": 30},
    ]
    study = make_study(
        binary_outcome(reference={"past": 1.0}, covariates={"size": 40}),
        covariates=[{"id": "size", "sd": 0.5, "standardize": True}],
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows, "covariates": ["size"]}],
    )
    encoded = encode_study(study)
    assert encoded.standardizations["size"].center == 20
    assert encoded.standardizations["size"].scale == 10
    assert encoded.arrays["unit_covariates"].ravel().tolist() == [-1, 1]
    assert encoded.arrays["present_covariates"].ravel().tolist() == [2]
    assert encoded.arrays["beta_scale"].tolist() == [0.5]


@pytest.mark.parametrize("values", [[0.1, 0.1, 0.1], []])
def test_a_covariate_that_does_not_vary_is_no_unit_to_measure_by(values: list[float]) -> None:
    rows = [{"id": str(k), "successes": 1, "trials": 4, "size": value} for k, value in enumerate(values)]
    group = {"id": "past", "outcome": "agreement", "rows": rows, "covariates": ["size"]}
    study = make_study(
        binary_outcome(covariates={"size": 30_000}),
        covariates=[{"id": "size"}],
        reference_classes=[group] if rows else [],
    )
    with pytest.raises(StudyError, match=r"covariates\[0\].*expected cases that differ"):
        encode_study(study)


def test_a_case_of_weight_zero_does_not_move_the_standardisation() -> None:
    rows = [{"id": str(k), "successes": 1, "trials": 4, "size": k} for k in range(3)]
    rows.append({"id": "far", "successes": 1, "trials": 4, "size": 1000, "weight": 0})
    group = {"id": "past", "outcome": "agreement", "rows": rows, "covariates": ["size"]}
    study = make_study(binary_outcome(covariates={"size": 1}), covariates=[{"id": "size"}], reference_classes=[group])
    assert encode_study(study).standardizations["size"].center == 1


def test_only_outcomes_with_a_case_spread_have_frailties() -> None:
    rows = [{"id": name, "duration": 5, "event": "left"} for name in "abc"]
    study = make_study(
        event_outcome(id="exit", pooling={**BANDS, "case_sd": 0.4}),
        event_outcome(id="collapse"),
        reference_classes=[
            {"id": "past", "outcome": ["exit", "collapse"], "rows": rows, "event_value": {"exit": "left", "collapse": "fell"}}
        ],
    )  # fmt: skip
    encoded = encode_study(study)
    assert encoded.coords["frailty"] == ["past/a:exit", "past/b:exit", "past/c:exit"]
    assert encoded.arrays["term_unit"].tolist() == [0, 2, 4]
    assert encoded.arrays["term_frailty"].tolist() == [0, 1, 2]
    assert encoded.arrays["term_row"].tolist() == encoded.arrays["term_column"].tolist() == [0, 0, 0]


def test_bands_of_different_outcomes_do_not_mix() -> None:
    study = make_study(
        event_outcome(id="exit", pooling=BANDS), event_outcome(id="collapse", pooling={**BANDS, "age_bands": [0, 24]})
    )
    encoded = encode_study(study)
    assert encoded.coords["band"] == ["exit@0", "exit@12", "exit@36", "collapse@0", "collapse@24"]
    walk = encoded.arrays["walk"]
    assert walk.shape == (5, 3)
    assert np.all(walk[:3, 2] == 0)
    assert np.all(walk[3:, :2] == 0)


def test_what_is_left_out_keeps_its_labels_and_takes_no_part() -> None:
    rows = [{"id": name, "duration": 20, "event": "left", "size": size} for name, size in (("a", 1), ("b", 3))]
    group = {"id": "past", "outcome": "exit", "rows": rows, "covariates": ["size"], **LEFT}
    study = make_study(
        event_outcome(pooling={**BANDS, "case_sd": 0.4}, at_risk_since="2018-10-01"),
        covariates=[{"id": "size"}],
        reference_classes=[group],
    )
    everything = encode_study(study)
    for selection, cells, history, frailties in (
        (Selection(reference_classes=False), 0, 2, []),
        (Selection(history=False), 4, 0, ["past/a:exit", "past/b:exit"]),
        (Selection(without_case=("past", "a")), 2, 2, ["past/b:exit"]),
        (Selection(without_case=("other", "a")), 4, 2, ["past/a:exit", "past/b:exit"]),
    ):
        encoded = encode_study(study, selection)
        assert encoded.coords == everything.coords | {"frailty": frailties}
        assert encoded.standardizations == everything.standardizations
        assert encoded.arrays.parameters == everything.arrays.parameters - 2 + len(frailties)
        assert (encoded.arrays.lengths["cell"], encoded.arrays.lengths["history"]) == (cells, history)
    assert encode_study(study, Selection(without_case=("past", "a"))).arrays["cell_unit"].tolist() == [1, 1]


def test_a_case_that_is_left_out_is_gone_from_its_pool() -> None:
    rows = [{"id": name, "successes": yes, "trials": 9} for name, yes in (("a", 1), ("b", 2), ("c", 4))]
    study = make_study(binary_outcome(), reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}])
    arrays = encode_study(study, Selection(without_case=("past", "b"))).arrays
    assert (arrays["trial_yes"].tolist(), arrays["trial_n"].tolist()) == ([5], [18])


def test_threshold_outcomes_are_not_in_the_program() -> None:
    deadly = {
        "id": "deadly",
        "title": "A deadly month",
        "kind": "threshold",
        "indicator": "incidents",
        "at_least": 20,
        "resolution": {"criteria": "Twenty in a month."},
    }
    study = make_study(
        deadly,
        event_outcome(pooling=BANDS),
        indicators=[{"id": "incidents", "rows": [{"period": "2019-03", "value": 3}]}],
    )
    encoded = encode_study(study)
    assert encoded.outcomes == ("exit",)
    assert encoded.coords["outcome"] == ["exit"]
    assert encoded.coords["indicator"] == ["incidents"]
    assert set(encoded.bands) == set(encoded.ages) == {"exit"}
