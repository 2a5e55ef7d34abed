"""The compose file as a program reads it: services, their settings, and what their images run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
DOCKER: Final = ROOT / "docker"
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}")


def load_compose() -> dict[str, Any]:
    """The compose file, its merges done."""
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return found


def filled_in(value: str, variables: dict[str, str]) -> str:
    """A value of the file with the variables of `.env` in it, as compose does."""

    def look_up(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        if variables.get(name):
            return variables[name]
        assert kind != ":?", f"{name} is required and not there"
        return default or ""

    return _VARIABLE.sub(look_up, value).replace("$$", "$")


def environment_of(service: dict[str, Any], variables: dict[str, str]) -> dict[str, str]:
    """What a service's process finds in its environment."""
    return {name: filled_in(str(value), variables) for name, value in service.get("environment", {}).items()}


def stages() -> dict[str, dict[str, list[str]]]:
    """Instructions by stage of the Dockerfile, continued lines joined; a stage has those of the one it begins from."""
    text = re.sub(r"\\\n\s*", "", (DOCKER / "Dockerfile").read_text())
    found: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            parent, _, name = rest.partition(" AS ")
            current = {key: list(values) for key, values in found.get(parent, {}).items()}
            found[name] = current
        elif word and not word.startswith("#"):
            current.setdefault(word, []).append(rest.strip())
    return found


def image_environment(stage: dict[str, list[str]]) -> dict[str, str]:
    """The variables that an image sets."""
    words = " ".join(stage.get("ENV", ())).split()
    return dict(word.split("=", 1) for word in words)


def image_command(stage: dict[str, list[str]]) -> list[str]:
    """What an image runs."""
    found: list[str] = json.loads(stage["CMD"][-1])
    return found


def image_health(stage: dict[str, list[str]]) -> list[str]:
    """What asks an image's process how it is."""
    found: list[str] = json.loads(stage["HEALTHCHECK"][-1].partition("CMD ")[2])
    return found
