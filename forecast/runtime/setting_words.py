"""What is said of settings that cannot be used, and of variables that look like settings and are none."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final

from pydantic import ValidationError

from forecast.errors import ForecastError

PREFIX: Final = "FORECAST_"
SECRETS: Final = frozenset({"database_url", "redis_url", "key", "secret_keys"})
"""Settings whose values are not repeated."""
OTHERS: Final = frozenset(
    PREFIX + name
    for name in ("URL", "CLOCK_FILE", "PROCESS", "PUBLISH", "FILE", "ID", "CRASH_AT", "CRASH_MARK", "HOLD_FILE")
)
"""Variables of ours that are no settings of the service."""
CLOSE: Final = 0.8
SHOWN_CHARACTERS: Final = 80


class SettingsError(ForecastError, ValueError):
    """The settings cannot be used."""

    code: ClassVar[str] = "settings_invalid"


def describe(error: ValidationError) -> str:
    """Every wrong setting in one sentence: the variable, what it is, what was expected."""
    return "; ".join(dict.fromkeys(_describe_one(dict(found)) for found in error.errors(include_url=False)))


def _describe_one(found: dict[str, Any]) -> str:
    what = str(found["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if not found["loc"]:
        return what
    name = str(found["loc"][0])
    variable = PREFIX + name.upper()
    what = what.replace("Input should be", "expected").replace("Value should have", "expected")
    if ";" not in what:
        what += "; correct it, or leave it out"
    if name in SECRETS:
        return f"{variable} cannot be used: {what}"
    seen = str(found["input"])
    shown = seen if len(seen) <= SHOWN_CHARACTERS else seen[:SHOWN_CHARACTERS] + "..."
    return f"{variable} is {shown!r}: {what[0].lower() + what[1:]}"


def almost_settings(environment: Mapping[str, str], known: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Variables of the environment that are no setting, each with the one that it was probably meant for."""
    variables = sorted(PREFIX + name.upper() for name in known)
    found = []
    for variable in sorted(environment):
        written = variable.upper()
        if written in variables or written in OTHERS or not written.startswith(PREFIX[:2]):
            continue
        if meant := difflib.get_close_matches(written, variables, n=1, cutoff=CLOSE):
            found.append((variable, meant[0]))
    return tuple(found)
