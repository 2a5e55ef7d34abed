"""Notes beside the checks: what is said, and whether the numbers in it are those that are meant."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from forecast.answer import Check
from forecast.futures.simulation import simulate_futures
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.notes import make_notes
from forecast.summary.posterior import present_case, resolution_probabilities
from forecast.summary.rolled import label_probabilities
from tests.documents import binary_outcome, event_outcome, make_study
from tests.futures.posteriors import everything, make_posterior

FUTURES = 60
SAID = {"expert": "x", "probability": 0.001, "on": "2019-06-01"}


def notes_of(encoded: EncodedStudy) -> tuple[Check, ...]:
    """Notes as of a forecast whose prior draws are those of `make_posterior`."""
    draws = make_posterior(encoded, chains=1, draws=1000)
    values = resolution_probabilities(encoded, draws, replicates=FUTURES, seed=1)
    closed = present_case(encoded, draws, np.zeros(1, dtype=np.int64)).closed
    return make_notes(encoded, label_probabilities(encoded, values[None], closed, FUTURES))


def prior_notes(encoded: EncodedStudy) -> dict[str, Check]:
    found = [note for note in notes_of(encoded) if note.name == "prior"]
    return {re.findall(r"history, (\w+) has", note.message)[0]: note for note in found}


def numbers_in(note: Check) -> list[float]:
    """Median, low and high as they are said."""
    found = re.findall(r"probability (\S+) by its date \((\S+) to (\S+), 90 %\)", note.message)
    return [float(number) for number in found[0]]


def test_the_prior_note_is_about_probabilities_and_not_shares_of_a_few_futures() -> None:
    encoded = everything()
    notes, draws = prior_notes(encoded), make_posterior(encoded, chains=1, draws=1000)
    theta = draws["theta"].sel(outcome="agreement").values
    exact = np.quantile(1 / (1 + np.exp(-theta)), [0.5, 0.05, 0.95])
    assert numbers_in(notes["agreement"]) == pytest.approx(exact, abs=0.006)
    present = present_case(encoded, draws)
    war = present.outcomes.index("war")
    many = simulate_futures(present, replicates=600, seed=2).times[:, :, war] <= present.resolves[war]
    known = np.quantile(many.mean(axis=1), [0.5, 0.05, 0.95])
    assert numbers_in(notes["war"]) == pytest.approx(known, abs=0.02)
    assert notes["war"].value == pytest.approx(known[0], abs=0.015)


@pytest.mark.parametrize(("base", "more"), [("marginal", ""), ("none", " and links")])
def test_the_prior_note_says_what_is_in_it(base: str, more: str) -> None:
    """A link inside the marginal adds nothing to it."""
    link = {
        "cause": "agreement",
        "effect_on": "war",
        "log_ratio": "normal(-0.7, 0.4)",
        "rationale": "peace",
        "base": base,
    }
    notes = prior_notes(everything(links=[link]))
    said = {outcome: note.message.partition("the stated prior with ")[2] for outcome, note in notes.items()}
    own = "the spread of classes and cases"
    assert said == {
        "exit": f"{own}, competing outcomes and factors",
        "conversion": f"{own}, competing outcomes and factors",
        "agreement": own,
        "war": own + more,
        "alone": own,
    }


def test_a_stated_change_is_in_the_prior_note_of_what_it_moves_and_of_its_rivals() -> None:
    change = {"outcome": "exit", "from": "2020-06-01", "log_ratio": 1.0}
    notes = prior_notes(everything(changes=[change]))
    assert {name for name, note in notes.items() if "stated changes" in note.message} == {"exit", "conversion"}


def test_what_is_settled_has_no_prior_note() -> None:
    row = {"outcome": "agreement", "resolution": "yes", "on": "2019-12-01"}
    assert set(prior_notes(everything(resolutions={"rows": [row]}))) == {"exit", "conversion", "war", "alone"}


def test_no_note_is_left_with_a_placeholder() -> None:
    """Every kind of note, in one study."""
    late = {"id": "a", "months": 30, "left": 1, "from": 5}
    document: dict[str, Any] = {
        "reference_classes": [
            {"id": "bases", "outcome": "exit", "rows": [late],
             "columns": {"duration": "months", "event": "left", "entry": "from"}},
        ],
        "factors": [{"id": "unseen", "effects": {"exit": "normal(0.3, 0.3)"}}],
        "indicators": [{"id": "empty", "rows": [{"period": "2019-11", "value": 2, "known_at": "2020-06-01"}]}],
        "judgments": {"rows": [{**SAID, "outcome": "exit", "given": "agreement"}, {**SAID, "outcome": "open"},
                               {**SAID, "outcome": "open", "given": "collapse and agreement"}]},
        "resolutions": {"rows": [{"outcome": "collapse", "resolution": "no", "on": "2019-12-01"}]},
    }  # fmt: skip
    threshold = {"id": "many", "title": "Many", "kind": "threshold", "indicator": "empty", "at_least": 5,
                 "prior": {"distribution": "normal(0, 1)"}, "resolution": {"criteria": "As counted."}}  # fmt: skip
    no_prior = {key: value for key, value in binary_outcome(id="open").items() if key != "prior"}
    encoded = encode_study(
        make_study(
            event_outcome(pooling={"case_sd": 0.5}),
            event_outcome(id="collapse"),
            binary_outcome(),
            no_prior,
            threshold,
            **document,
        )
    )
    notes = notes_of(encoded)
    assert {note.name for note in notes} == {
        "settled", "late_entry", "default_prior", "unused_prior", "no_observation", "unobserved_factor", "clipped",
        "left_out", "made_link", "prior", "forgotten_reference", "uninformed", "unclear_criteria", "no_source",
    }  # fmt: skip
    assert [note.message for note in notes if "{" in note.message or "}" in note.message] == []
