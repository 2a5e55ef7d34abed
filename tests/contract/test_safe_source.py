"""What our sources never do: nothing that was sent to us may ever be run.

Most of it ruff finds wherever it is (tests/contract/test_code_style.py runs it). Here is that its rules are switched on,
and off only where this file says so; and what it has no rule for, read from the syntax trees.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("forecast", "api", "workers", "priors")

FOUND_BY_RUFF = {
    "S102": "exec('1')",
    "S301": "import pickle\npickle.loads(data)",
    "S302": "import marshal\nmarshal.loads(data)",
    "S306": "import tempfile\ntempfile.mktemp()",
    "S307": "eval('1')",
    "S311": "import random\nrandom.choice(words)",
    "S324": "import hashlib\nhashlib.md5(data)",
    "S501": "import httpx\nhttpx.Client(verify=False)",
    "S506": "import yaml\nyaml.load(text)",
    "S602": "import subprocess\nsubprocess.run(command, shell=True)",
    "S604": "start(command, shell=True)",
    "S605": "import os\nos.system(command)",
}
SWITCHED_OFF: set[tuple[str, str]] = set()
"""(file, rule) where a line says `noqa`."""

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle", "telnetlib"}
CALLS = {"compile", "__import__"}
ATTRIBUTES = {("yaml", "unsafe_load"), ("yaml", "full_load"), ("pd", "read_pickle"), ("pandas", "read_pickle")}
KEYWORDS = {"allow_pickle": True, "verify": False}
"""ruff knows `verify=False` of other libraries than ours for HTTP."""
ALLOWED: dict[str, set[str]] = {}


def sources() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


def faults(text: str) -> Iterator[str]:
    """Every place that does what must not be done and ruff has no rule for."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (f"import {name.name}" for name in node.names if name.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield f"from {node.module} import"
        elif isinstance(node, ast.Call):
            yield from _faults_of_call(node)


def _faults_of_call(node: ast.Call) -> Iterator[str]:
    called = node.func
    if isinstance(called, ast.Name) and called.id in CALLS:
        yield f"{called.id}()"
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        pair = called.value.id, called.attr
        if pair in ATTRIBUTES:
            yield f"{'.'.join(pair)}()"
    for keyword in node.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg in KEYWORDS and value is KEYWORDS[keyword.arg]:
            yield f"{keyword.arg}={value}"


def test_no_source_runs_what_was_sent() -> None:
    found = {
        name: rest
        for file in sources()
        if (name := file.relative_to(ROOT).as_posix())
        and (rest := set(faults(file.read_text(encoding="utf-8"))) - ALLOWED.get(name, set()))
    }
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "compile('1', 'x', 'eval')",
        "np.load(file, allow_pickle=True)",
        "httpx2.Client(verify=False)",
        "yaml.full_load(text)",
    ],
)
def test_each_of_them_would_be_found(code: str) -> None:
    assert len(list(faults(code))) == 1


def test_ruff_finds_the_rest_in_every_package(tmp_path: Path) -> None:
    """With the rules of pyproject.toml, in a file that lies where ours do."""
    said: dict[str, set[str]] = {}
    for package in PACKAGES:
        for code, text in FOUND_BY_RUFF.items():
            file = tmp_path / package / f"{code}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text + "\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--output-format=json", "--no-cache", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    for problem in json.loads(done.stdout):
        said.setdefault(Path(problem["filename"]).relative_to(tmp_path).as_posix(), set()).add(problem["code"])
    missed = [
        f"{p}/{code}.py" for p in PACKAGES for code in FOUND_BY_RUFF if code not in said.get(f"{p}/{code}.py", ())
    ]
    assert missed == []


def test_its_rules_are_switched_off_only_where_it_says_here() -> None:
    off = {
        (file.relative_to(ROOT).as_posix(), code)
        for file in sources()
        for words in re.findall(r"noqa(?::\s*([A-Z0-9, ]+))?", file.read_text(encoding="utf-8"))
        for code in (re.findall(r"[A-Z]+[0-9]+", words) or ["all"])
        if code == "all" or code in FOUND_BY_RUFF
    }
    assert off == SWITCHED_OFF


def test_templates_escape_everything() -> None:
    for file in (ROOT / "api" / "templates").glob("*.html"):
        text = file.read_text()
        assert "|safe" not in text.replace(" ", ""), file.name
        assert "autoescape false" not in text, file.name
        assert " onclick=" not in text, file.name
        assert "javascript:" not in text, file.name
