"""Writes docs/settings.md: every setting with its type, its default, its limits and its meaning.

``python -m tests.contract.settings_page`` writes it; tests/contract/test_settings_page.py holds it true.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Final

from pydantic_settings import BaseSettings

from forecast.runtime.job_settings import JobSettings
from forecast.runtime.limit_settings import LimitSettings
from forecast.runtime.network_settings import NetworkSettings
from forecast.runtime.setting_words import PREFIX
from forecast.runtime.settings import Settings
from tests.contract.schema_words import default_words, in_table, limit_words, type_words

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "settings.md"

GROUPS: Final[dict[str, type[BaseSettings]]] = {
    "State, access and logs": Settings,
    "Network": NetworkSettings,
    "Jobs": JobSettings,
    "Limits": LimitSettings,
}
"""Each with the class that has the settings."""

BEGINNING: Final = """\
# Settings

Every setting of the service, which is a variable of the environment. Made by `python -m tests.contract.settings_page`.

* They are read when a process starts. A variable that is empty counts as not set.
* Several values are written with commas between them, or as a JSON list.
* The default is *of the user* or *not set* where the meaning says what is used then. `home` there is `FORECAST_HOME`.
* [Limits](limits.md) says what the service answers to more than it accepts.
"""


def page() -> str:
    """The page as it should be."""
    lines = [BEGINNING.rstrip()]
    for title, group in GROUPS.items():
        lines += ["", f"## {title}", ""]
        lines += [f"{inspect.getdoc(group)}", ""] if group is not Settings else []
        lines += ["| setting | type | default | limits | meaning |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(name) for name in own_settings(group)]
    return "\n".join(lines) + "\n"


def own_settings(group: type[BaseSettings]) -> list[str]:
    """Names of the settings that a class itself declares."""
    return [name for name in group.model_fields if name in inspect.get_annotations(group)]


def _row(name: str) -> str:
    field: dict[str, Any] = Settings.model_json_schema()["properties"][name]
    cells = (
        f"`{PREFIX}{name.upper()}`",
        type_words(field, {}),
        _default(field),
        limit_words(field, {}),
        in_table(field["description"]),
    )
    return f"| {' | '.join(cells)} |"


def _default(field: dict[str, Any]) -> str:
    if "default" not in field:
        return "of the user"
    return "not set" if field["default"] is None else default_words(field["default"])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
