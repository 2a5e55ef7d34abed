"""What stands in ARCHITECTURE.md and docs/ is there, and short enough to be read."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from forecast.cli import app

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PAPERS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "docker" / "README.md",
    *ROOT.glob("priors/**/*.md"),
]
NAMES = sorted(set(re.findall(r"`((?:forecast|api|workers)(?:\.\w+)+)`", ARCHITECTURE)))
LINK = re.compile(r"\[[^\]]+\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def test_architecture_can_be_read_in_some_minutes() -> None:
    assert len(ARCHITECTURE.encode()) <= 8192


@pytest.mark.parametrize("name", NAMES)
def test_every_name_in_architecture_can_be_imported(name: str) -> None:
    steps = name.split(".")
    found = None
    for depth in range(1, len(steps) + 1):
        try:
            found = importlib.import_module(".".join(steps[:depth]))
        except ModuleNotFoundError:
            break
    for step in steps[depth - 1 :] if getattr(found, "__name__", "") != name else []:
        found = getattr(found, step)
    assert found is not None


def test_every_room_has_its_line() -> None:
    rooms = {path.name for path in (ROOT / "forecast").iterdir() if (path / "__init__.py").is_file()}
    rooms |= {path.stem for path in (ROOT / "forecast").glob("*.py") if path.stem != "__init__"}
    table = ARCHITECTURE.partition("## Rooms")[2].partition("## Where")[0]
    listed = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert listed == rooms


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_is_short(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert len(text.encode()) < 2000
    assert text.startswith(f"# {record.name[:4]}. ")
    assert [line for line in text.splitlines() if line.startswith("## ")][:3] == [
        "## Context",
        "## Decision",
        "## Consequences",
    ]


def test_the_list_of_decisions_is_complete() -> None:
    listed = re.findall(
        r"\]\((\d{4}[\w-]*\.md)\)", (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    )
    assert sorted(listed) == sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(paper: Path) -> None:
    broken = [link for link in LINK.findall(paper.read_text(encoding="utf-8")) if not (paper.parent / link).exists()]
    assert not broken


BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def lines_of(paper: Path) -> list[str]:
    """The lines of a paper's code blocks."""
    return [line for block in BLOCK.findall(paper.read_text(encoding="utf-8")) for line in block.splitlines()]


def commands_of(paper: Path) -> list[list[str]]:
    """Words after `forecast` in the code blocks of a paper, whatever runs it."""
    found = []
    for line in lines_of(paper):
        before, is_there, after = line.partition("forecast ")
        if is_there and (not before.strip() or before.rstrip().endswith((" api", " worker"))):
            found.append(shlex.split(after, comments=True))
    return found


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_code_blocks_are_there_with_their_options(paper: Path) -> None:
    """Those of README.md are run as well (tests/tour/test_readme.py)."""
    for words in commands_of(paper):
        command: Any = typer.main.get_command(app)
        while hasattr(command, "commands"):
            assert words, f"{command.name} needs a command"
            name = words.pop(0)
            assert name in command.commands, f"there is no command {name!r}"
            command = command.commands[name]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
        assert not unknown, f"{command.name} has no {unknown}"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_targets_of_make_are_there(paper: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = [line.split()[1] for line in lines_of(paper) if re.match(r"make [a-z]", line)]
    named += re.findall(r"`make ([a-z-]+)", paper.read_text(encoding="utf-8"))
    assert not set(named) - targets
