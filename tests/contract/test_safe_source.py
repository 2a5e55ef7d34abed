"""What our sources never do, read from their syntax trees: nothing that was sent to us may ever be run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("forecast", "api", "workers", "priors")

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle", "telnetlib"}
CALLS = {"eval", "exec", "compile", "__import__"}
ATTRIBUTES = {
    ("yaml", "load"),
    ("yaml", "load_all"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("os", "system"),
    ("os", "popen"),
    ("subprocess", "getoutput"),
    ("tempfile", "mktemp"),
    ("pd", "read_pickle"),
    ("pandas", "read_pickle"),
    ("hashlib", "md5"),
    ("hashlib", "sha1"),
    ("random", "choice"),
}
KEYWORDS = {"shell", "allow_pickle", "verify"}
"""`shell=True`, `allow_pickle=True`; and `verify=False`, which would take any certificate."""

ALLOWED = {
    # Writes the sampler's callback from a template of its own; nothing that anybody sends is in it.
    "forecast/inference/callback.py": {"exec()", "compile()"},
}


def sources() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


def faults(text: str) -> Iterator[str]:
    """Every place that does what must not be done."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (
                f"line {node.lineno}: import {name.name}" for name in node.names if name.name.split(".")[0] in MODULES
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield f"line {node.lineno}: from {node.module} import"
        elif isinstance(node, ast.Call):
            yield from _faults_of_call(node)


def _faults_of_call(node: ast.Call) -> Iterator[str]:
    called = node.func
    if isinstance(called, ast.Name) and called.id in CALLS:
        yield f"line {node.lineno}: {called.id}()"
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        pair = called.value.id, called.attr
        if pair in ATTRIBUTES:
            yield f"line {node.lineno}: {'.'.join(pair)}()"
    for keyword in node.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg in KEYWORDS and value is (keyword.arg != "verify"):
            yield f"line {node.lineno}: {keyword.arg}={value}"


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_source_runs_nothing_that_was_sent(file: Path) -> None:
    allowed = ALLOWED.get(file.relative_to(ROOT).as_posix(), set())
    found = [fault for fault in faults(file.read_text(encoding="utf-8")) if fault.partition(": ")[2] not in allowed]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "import yaml\nyaml.load(text)",
        "subprocess.run(command, shell=True)",
        "np.load(file, allow_pickle=True)",
        "httpx2.Client(verify=False)",
        "os.system('ls')",
    ],
)
def test_each_of_them_would_be_found(code: str) -> None:
    assert len(list(faults(code))) == 1


def test_templates_escape_everything() -> None:
    for file in (ROOT / "api" / "templates").glob("*.html"):
        text = file.read_text()
        assert "|safe" not in text.replace(" ", ""), file.name
        assert "autoescape false" not in text, file.name
        assert " onclick=" not in text, file.name
        assert "javascript:" not in text, file.name
