"""Links that fade, from a study to its answer and its stored futures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import FuturesUnavailableError, open_futures
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study.document.course import Course
from forecast.summary.archive import write_tree
from forecast.summary.opinions import summarize_links
from forecast.summary.posterior import present_case
from tests.futures.posteriors import everything, make_posterior
from tests.summary.test_archive import make_tree

HAPPENED = {"rows": [{"outcome": "agreement", "resolution": "yes", "on": "2019-10-16"}]}
"""Two and a half months before the as-of date: from 16 October to 16 December, and 16 of 31 days."""


def fading(**changes: object) -> EncodedStudy:
    link = {"cause": "agreement", "effect_on": "war", "log_ratio": "normal(-0.7, 0.4)", "half_life": 6, "delay": 1.5}
    return everything(links=[link], **changes)


def test_the_answer_says_how_a_link_goes_on() -> None:
    encoded = fading()
    (found,) = summarize_links(encoded, make_posterior(encoded))
    assert (found.delay, found.half_life) == (1.5, 6.0)
    (plain,) = summarize_links(everything(), make_posterior(everything()))
    assert (plain.delay, plain.half_life) == (0.0, None)


def test_the_present_case_knows_since_when_a_cause_has_occurred() -> None:
    encoded = fading(resolutions=HAPPENED)
    present = present_case(encoded, make_posterior(encoded))
    assert present.links.since == pytest.approx([2 + 16 / 31])
    assert present.links.courses == (Course(1.5, 6.0),)
    assert present_case(fading(), make_posterior(fading())).links.since.tolist() == [0.0]


def test_a_stored_forecast_is_rolled_forward_with_the_same_links(tmp_path: Path) -> None:
    encoded = fading(resolutions=HAPPENED)
    tree, rolled = make_tree(encoded, make_posterior(encoded))
    write_tree(tree, tmp_path / "draws.nc")
    stored = open_futures(tmp_path / "draws.nc")
    assert stored.present.links.courses == rolled.present.links.courses
    assert stored.present.links.since.tolist() == rolled.present.links.since.tolist()
    forced = {"exit": 3.0}
    fresh = simulate_futures(
        rolled.present, replicates=rolled.futures.times.shape[1], seed=rolled.seed, draws=rolled.futures.draws,
        forced=forced, known=rolled.futures,
    )  # fmt: skip
    assert np.array_equal(stored.intervene(forced).times, fresh.times)


def test_a_link_that_stays_is_stored_as_such(tmp_path: Path) -> None:
    tree, _ = make_tree(everything(), make_posterior(everything()))
    write_tree(tree, tmp_path / "draws.nc")
    assert open_futures(tmp_path / "draws.nc").present.links.courses == (Course(),)


def test_a_file_that_does_not_say_how_its_links_go_on_cannot_be_asked(tmp_path: Path) -> None:
    tree, _ = make_tree(everything(), make_posterior(everything()))
    assert "link_delay" in tree["mechanism"]
    tree["mechanism"] = tree["mechanism"].to_dataset().drop_vars("link_delay")
    write_tree(tree, tmp_path / "draws.nc")
    with pytest.raises(FuturesUnavailableError, match="since method 8; run the forecast again"):
        open_futures(tmp_path / "draws.nc")
