"""Sets of statements that cannot be true together are never worth more experts than the sets that they were made from."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.study import Study, with_sampler
from forecast.summary.opinions import summarize_opinions
from tests.incoherent import SHAPES, study_of
from tests.statistical.test_evidence import fit
from tests.suite.sizes import FULL_SIZE

pytestmark = [pytest.mark.statistical, pytest.mark.program]

QUICK = ("later date", "two that exclude one another", "joint above the marginal", "later date by one point")
SAMPLER = {"draws": 1000, "tune": 400, "chains": 2, "target_accept": 0.9}


def numbers(study: Study) -> tuple[list[float], float]:
    """Effective number of each question, and of all experts together."""
    experts, questions = summarize_opinions(*fit(with_sampler(study, **SAMPLER)))
    return [question.effective_number for question in questions], sum(expert.effective_number for expert in experts)


@pytest.mark.parametrize(
    "experts", [("ann", "bo", "cy", "di", "eli"), ("ann",)] if FULL_SIZE else [("ann", "bo", "cy")]
)
@pytest.mark.parametrize("name", SHAPES if FULL_SIZE else QUICK)
def test_an_incoherent_set_is_worth_fewer_experts(name: str, experts: tuple[str, ...]) -> None:
    shape = SHAPES[name]
    coherent, together = numbers(study_of(shape, shape.coherent, experts))
    incoherent, then = numbers(study_of(shape, shape.incoherent, experts))
    assert np.all(np.array(incoherent) <= np.array(coherent))
    assert then < together <= len(experts) + 1e-9
