"""docs/limits.md names every limit, and every error that it names is one."""

from __future__ import annotations

import re

from api.problem_kinds import TITLES
from forecast.jobs.states import FailureCode
from forecast.runtime.limit_settings import LimitSettings
from tests.contract.limits_page import CODES, FIXED, OTHER_CODES, PAGE, page
from tests.contract.schema_words import difference

OF_SOURCES = {"fetch_failed", "url_refused"}
OF_OTHERS = {"none"}


def test_the_page_is_what_it_should_be() -> None:
    assert not (other := difference(PAGE, page())), f"run `python -m tests.contract.limits_page`:\n{other}"


def test_every_setting_of_limits_is_on_it() -> None:
    assert set(CODES) == set(LimitSettings.model_fields)


def test_every_error_on_it_is_one() -> None:
    known = {*TITLES, *(code.value for code in FailureCode), *OF_SOURCES, *OF_OTHERS}
    for said in (*CODES.values(), *OTHER_CODES.values(), *(code for _, _, code in FIXED)):
        word = re.match(r"\w+", said)
        assert word is not None
        assert word.group() in known, said
