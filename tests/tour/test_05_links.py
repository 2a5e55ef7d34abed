"""A link says what one outcome does to another, from the moment it occurs.

It is a change of the other's log rate, or of its log odds: 0.7 doubles the rate. What has not happened yet does nothing.
Links need a reason, because data about them are rare; so the prior of a link says how sure its author is.
"""

from __future__ import annotations

import numpy as np
import pytest

from forecast.errors import StudyError
from forecast.futures.simulation import Futures, simulate_futures
from forecast.model.encoding.encode import encode_study
from forecast.study import study_from_document
from tests.documents import document, event_outcome
from tests.futures.present import make_present

WAR_ENDS_IT = {"cause": "war", "effect_on": "exit", "log_ratio": "normal(0.7, 0.3)", "rationale": "No peace to keep."}


def futures(log_ratio: float) -> Futures:
    """War comes in one month of fifty, an exit in one of a hundred; the same luck whatever the link."""
    case = make_present([[0.02] * 36, [0.01] * 36], links={(0, 1): log_ratio}, draws=4000)
    return simulate_futures(case, replicates=5, seed=1)


def test_a_link_is_stated_with_its_uncertainty() -> None:
    encoded = encode_study(study_from_document(document(event_outcome(), event_outcome(id="war"), links=[WAR_ENDS_IT])))
    assert encoded.coords["link"] == ["exit<-war"]
    assert (encoded.arrays["link_loc"].tolist(), encoded.arrays["link_scale"].tolist()) == ([0.7], [0.3])


def test_an_outcome_acts_only_after_it_has_occurred() -> None:
    with_link, without = futures(0.7), futures(0.0)
    war, leaves = np.moveaxis(with_link.times, -1, 0)
    _, leaves_anyway = np.moveaxis(without.times, -1, 0)
    assert np.mean(leaves <= 36) > np.mean(leaves_anyway <= 36)
    # Where there is no war by the horizon, not a single future differs.
    peace = war > 36
    assert np.array_equal(leaves[peace], leaves_anyway[peace])
    # The cause is what it was: an effect does not act backwards.
    assert np.array_equal(war, without.times[:, :, 0])


def test_after_the_cause_the_rate_is_doubled() -> None:
    war, leaves = np.moveaxis(futures(np.log(2.0)).times, -1, 0)
    later = leaves[leaves > war] - war[leaves > war]
    at_risk = np.where(leaves > war, np.minimum(leaves, 36) - np.minimum(war, 36), 0).sum()
    assert np.isfinite(later).sum() / at_risk == pytest.approx(0.02, rel=0.1)


def test_two_outcomes_that_exclude_one_another_cannot_be_linked() -> None:
    rivals = [event_outcome(competes="end"), event_outcome(id="war", competes="end")]
    with pytest.raises(StudyError, match="only one of them can happen"):
        study_from_document(document(*rivals, links=[WAR_ENDS_IT]))
