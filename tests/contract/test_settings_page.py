"""docs/settings.md has every setting once, and defaults on it are read as they stand there."""

from __future__ import annotations

import re

import pytest

from forecast.runtime.setting_words import PREFIX
from forecast.runtime.settings import Settings
from tests.contract.schema_words import difference
from tests.contract.settings_page import GROUPS, PAGE, own_settings, page

ROWS = {
    name: (kind, default)
    for name, kind, default in re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|", page(), re.MULTILINE)
}


def test_the_page_is_what_it_should_be() -> None:
    assert not (other := difference(PAGE, page())), f"run `python -m tests.contract.settings_page`:\n{other}"


def test_every_setting_is_in_one_group() -> None:
    assert sorted(name for group in GROUPS.values() for name in own_settings(group)) == sorted(Settings.model_fields)
    assert set(ROWS) == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", [name for name, (_, default) in ROWS.items() if default.startswith("`")])
def test_a_default_can_be_written_as_it_is_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = name.removeprefix(PREFIX).lower()
    monkeypatch.setenv(name, ROWS[name][1].strip("`"))
    assert getattr(Settings(), setting) == Settings.model_fields[setting].default
