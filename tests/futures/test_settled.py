"""Outcomes that are known to have turned out, and counts that end with their natural period."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from forecast.errors import StudyError
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import open_futures
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.archive import write_tree
from forecast.summary.posterior import present_case, resolution_probabilities
from tests.documents import NO_POOLING, binary_outcome, event_outcome, make_study
from tests.futures.posteriors import everything, make_posterior
from tests.summary.test_archive import make_tree


def resolved(outcome: str, resolution: str, on: str = "2019-12-01", **changes: Any) -> dict[str, Any]:
    return {"outcome": outcome, "resolution": resolution, "on": on, **changes}


def settled(*rows: dict[str, Any], **changes: Any) -> EncodedStudy:
    return everything(resolutions={"rows": list(rows)}, **changes)


def probabilities(encoded: EncodedStudy) -> dict[str, float]:
    found = resolution_probabilities(encoded, make_posterior(encoded), replicates=20, seed=1).mean(axis=0)
    return dict(zip([outcome.id for outcome in encoded.study.outcomes], found.tolist(), strict=True))


def test_what_has_happened_is_certain_and_excludes_what_it_competes_with() -> None:
    found, open_ = probabilities(settled(resolved("conversion", "yes"))), probabilities(everything())
    assert (found["conversion"], found["exit"]) == (1.0, 0.0)
    assert 0.0 < open_["conversion"] < 0.9
    assert 0.0 < open_["exit"] < 0.9
    assert found["alone"] == pytest.approx(open_["alone"])


@pytest.mark.parametrize("outcome", ["exit", "agreement", "war", "deadly"])
def test_what_turned_out_no_does_not_happen(outcome: str) -> None:
    assert probabilities(settled(resolved(outcome, "no")))[outcome] == 0.0


def test_what_has_happened_acts_on_others_from_the_as_of_date_on() -> None:
    """As an intervention at the same moment would, where the level is that without the cause."""
    link = {"cause": "agreement", "effect_on": "war", "log_ratio": "normal(-0.7, 0.4)", "rationale": "peace"}
    links = [{**link, "base": "none"}]
    encoded = settled(resolved("agreement", "yes"), links=links)
    posterior = make_posterior(encoded)
    times = simulate_futures(present_case(encoded, posterior), replicates=5, seed=4).times
    forced = simulate_futures(
        present_case(everything(links=links), make_posterior(everything(links=links))),
        replicates=5,
        seed=4,
        forced={"agreement": 0.0},
    ).times
    war = [outcome.id for outcome in encoded.study.outcomes].index("war")
    assert np.array_equal(times[..., war], forced[..., war])


@pytest.mark.parametrize("resolution", ["ambiguous", "annulled"])
def test_an_outcome_without_a_yes_or_no_is_as_open_as_before(resolution: str) -> None:
    assert probabilities(settled(resolved("exit", resolution))) == probabilities(everything())


def test_a_correction_and_what_is_not_known_yet() -> None:
    corrected = settled(resolved("exit", "yes"), resolved("exit", "no", known_at="2019-12-20"))
    assert probabilities(corrected)["exit"] == 0.0
    later = settled(resolved("exit", "yes", known_at="2020-01-02"))
    assert probabilities(later) == probabilities(everything())


def test_settled_outcomes_keep_their_order_and_are_before_everything_to_come() -> None:
    encoded = settled(resolved("agreement", "yes", "2019-06-01"), resolved("war", "yes", "2019-12-01"))
    times = simulate_futures(present_case(encoded, make_posterior(encoded)), replicates=2, seed=1).times
    ids = [outcome.id for outcome in encoded.study.outcomes]
    agreement, war = times[..., ids.index("agreement")], times[..., ids.index("war")]
    assert np.all((agreement < war) & (war <= 0.0))


def test_a_stored_forecast_knows_what_is_settled(tmp_path: Path) -> None:
    encoded = settled(resolved("conversion", "yes"), resolved("war", "no"))
    tree, rolled = make_tree(encoded, make_posterior(encoded))
    write_tree(tree, tmp_path / "draws.nc")
    stored = open_futures(tmp_path / "draws.nc")
    done = stored.intervene({"agreement": 3.0})
    ids = list(stored.futures.outcomes)
    for times in (rolled.futures.times, stored.futures.times, done.times):
        assert np.all(times[..., ids.index("conversion")] <= 0.0)
        assert np.all(np.isinf(times[..., ids.index("exit")]))
        assert np.all(np.isinf(times[..., ids.index("war")]))


def history(*rows: dict[str, Any]) -> dict[str, float]:
    """Event-free periods by outcome; both at risk since the start of 2019."""
    outcomes = [event_outcome(id=name, competes="end", at_risk_since="2019-01-01") for name in ("exit", "conversion")]
    arrays = encode_study(make_study(*outcomes, resolutions={"rows": list(rows)})).arrays
    return {
        outcome.get("id"): float(arrays["history_exposure"][arrays["history_variant"] == place].sum())
        for place, outcome in enumerate(outcomes)
    }


def test_history_ends_with_the_risk() -> None:
    assert history(resolved("exit", "annulled")) == {"exit": 12.0, "conversion": 12.0}
    assert history(resolved("exit", "yes", "2019-07-01")) == {"exit": 6.0, "conversion": 6.0}
    assert history(resolved("exit", "no", "2019-07-01")) == {"exit": 12.0, "conversion": 12.0}


def test_judgments_of_what_is_decided_say_nothing() -> None:
    said = {"expert": "x", "probability": 0.2, "on": "2019-12-20"}
    rows = [{**said, "outcome": name} for name in ("exit", "conversion", "agreement")]
    outcomes = [event_outcome(competes="end"), event_outcome(id="conversion", competes="end"), binary_outcome()]
    for resolution, left in (("yes", ["agreement"]), ("no", ["conversion", "agreement"])):
        table = {"rows": [resolved("exit", resolution)]}
        study = make_study(*outcomes, judgments={"rows": rows}, resolutions=table)
        assert [j.outcome for j in encode_study(study).opinions.judgments] == left


@pytest.mark.parametrize(
    ("as_of", "by", "months", "part"),
    [("2021-09-10", "2021-09-30", 1, 0), ("2021-09-10", "2021-10-29", 1, 29 / 31), ("2021-09-10", "2021-12-31", 4, 0),
     ("2021-09-30", "2021-10-30", 0, 30 / 31), ("2021-09-30", "2021-10-31", 1, 0), ("2021-09-10", "2022-09-10", 12, 1 / 3)],
)  # fmt: skip
def test_a_threshold_counts_the_months_up_to_its_date(as_of: str, by: str, months: int, part: float) -> None:
    """Independent counts of mean 4: the largest of as many as end after the as-of date, and the part of the last before the
    date."""
    deadly = {
        "id": "deadly", "title": "Deadly", "kind": "threshold", "indicator": "incidents", "at_least": 9,
        "resolution": {"criteria": "As counted.", "by": by},
    }  # fmt: skip
    encoded = encode_study(
        make_study(
            event_outcome(pooling=NO_POOLING), deadly, as_of=as_of, horizon=12,
            indicators=[{"id": "incidents", "rows": [{"period": "2021-08", "value": 4}]}],
        )
    )  # fmt: skip
    posterior = make_posterior(encoded)
    for name, value in (("log_mean", np.log(4.0)), ("loading", 0.0), ("dispersion", 0.5)):
        posterior[name][:] = value
    size = 1 / (0.5**2 + 1e-3)
    exact = 1 - stats.nbinom(size, size / (size + 4.0)).cdf(8) ** months * stats.nbinom(
        size, size / (size + 4 * part)
    ).cdf(8)
    found = resolution_probabilities(encoded, posterior, replicates=20, seed=1)[:, 1]
    assert found.mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / (20 * len(found))) + 1e-12)


@pytest.mark.parametrize("resolution", ["yes", "no"])
def test_what_is_settled_may_have_had_its_date(resolution: str) -> None:
    """So that a study goes on when one of its questions is answered."""
    past = {"criteria": "As reported.", "by": "2019-12-20"}
    outcomes = [
        binary_outcome(resolution=past), event_outcome(id="past", resolution=past), event_outcome(),
        {"id": "deadly", "title": "Deadly", "kind": "threshold", "indicator": "incidents", "at_least": 5, "resolution": past},
    ]  # fmt: skip
    rows = [resolved(name, resolution, "2019-12-20") for name in ("agreement", "past", "deadly")]
    encoded = encode_study(
        make_study(
            *outcomes, resolutions={"rows": rows}, indicators=[{"id": "incidents", "rows": [{"period": "2019-11", "value": 4}]}]
        )
    )  # fmt: skip
    found = probabilities(encoded)
    certain = float(resolution == "yes")
    assert {name: found[name] for name in ("agreement", "past", "deadly")} == dict.fromkeys(
        ("agreement", "past", "deadly"), certain
    )
    assert 0.0 < found["exit"] < 1.0
    _, rolled = make_tree(encoded, make_posterior(encoded))
    assert np.all((rolled.futures.times[..., 0] <= 0.0) == (resolution == "yes"))


def test_a_date_that_is_past_needs_an_answer() -> None:
    past = {"criteria": "As reported.", "by": "2019-12-20"}
    for rows in ([], [resolved("agreement", "ambiguous", "2019-12-20")]):
        blocks = {"resolutions": {"rows": rows}} if rows else {}
        with pytest.raises(StudyError, match="says how it turned out"):
            make_study(binary_outcome(resolution=past), event_outcome(), **blocks)
