"""What the set-up says on a machine that it is not for: what was seen, what is expected, what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = ("/root/.pyenv /opt/pyenv /usr/local/pyenv", "/usr/local/bin /usr/bin /opt/homebrew/bin")
"""Where the set-up looks beside PATH; a machine that has nothing has nothing there."""
TOOLS = (
    "awk",
    "basename",
    "bash",
    "cat",
    "cut",
    "dirname",
    "flock",
    "grep",
    "head",
    "readlink",
    "rm",
    "sed",
    "sort",
    "tail",
)


def run(folder: Path, programs: Mapping[str, str]) -> str:
    """What the set-up says where PATH has nothing but some tools and these programs, which print something each."""
    project, path = folder / "project" / ".ci", folder / "bin"
    project.mkdir(parents=True)
    path.mkdir()
    text = (ROOT / ".ci" / "bootstrap").read_text()
    for places in ELSEWHERE:
        assert places in text
        text = text.replace(places, str(folder / "nothing"))
    (project / "bootstrap").write_text(text)
    for tool in TOOLS:
        (path / tool).symlink_to(shutil.which(tool) or f"/usr/bin/{tool}")
    for name, said in {"uname": "Linux", **programs}.items():
        (path / name).write_text(f"#!{path}/bash\nprintf '%s\\n' '{said}'\n")
        (path / name).chmod(0o755)
    found = subprocess.run(
        [path / "bash", project / "bootstrap"],
        env={"PATH": str(path), "HOME": str(folder), "LANG": os.environ.get("LANG", "C.UTF-8")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert found.returncode == 1, found.stdout + found.stderr
    assert not (folder / "project" / ".venv").exists()
    return " ".join(found.stderr.split())


@pytest.mark.parametrize(
    ("programs", "seen", "to_do"),
    [
        ({}, "No Python 3.12, 3.13 or 3.14 was found (seen: none at all)", "pyenv install 3.13"),
        ({"python3": "3.11 yes gnu /usr/bin/python3.11"}, "(seen: 3.11 at /usr/bin/python3.11)", "pyenv install 3.13"),
        ({"python3.15": "3.15 yes gnu /usr/bin/python3.15"}, "Python 3.15 at /usr/bin/python3.15 is too new", "3.13"),
        ({"python3": "3.13 yes musl /usr/bin/python3.13"}, "is built for musl, as on Alpine", "python:3.13-slim"),
        ({"python3.14": "3.14 no gnu /usr/bin/python3.14"}, "cannot make virtual environments", "python3.14-venv"),
        ({"uname": "MINGW64_NT-10.0-22631"}, "This is Windows (MINGW64_NT-10.0-22631)", "wsl --install"),
    ],
)
def test_a_machine_that_it_is_not_for_is_told_so(
    programs: Mapping[str, str], seen: str, to_do: str, tmp_path: Path
) -> None:
    said = run(tmp_path, programs)
    assert seen in said
    assert "Expected:" in said
    assert to_do in said.partition("To do:")[2]
