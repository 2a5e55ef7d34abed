"""No text reaches a reader with a placeholder in it, as one does from an f-string without its f."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(file for room in ("forecast", "api", "workers", "priors") for file in (ROOT / room).rglob("*.py"))
PLACEHOLDER = re.compile(r"(?<!%)\{([a-z_]\w*)[\w.]*(?:![rsa])?(?::[^\s{}]*)?\}")
"""Not `{key: value}`, which shows how YAML is written, and not the `%{y}` of a figure."""
FILLED_BY_LIBRARIES = {"message": "pydantic's errors", "task": "rich's columns"}


def left_open(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string with a placeholder that nothing in its module fills."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    filled = {
        keyword.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        for keyword in node.keywords
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        is_route = node.value.startswith("/")
        if not is_route and set(PLACEHOLDER.findall(node.value)) - filled - set(FILLED_BY_LIBRARIES):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    ("source", "is_open"),
    [
        ('note("the {outcome} is open")', True),
        ('note(f"the {outcome} is " "open by {day:%B}")', True),
        ('note(f"the {{outcome}} is open")', True),
        ('note(f"the {outcome} is open")', False),
        ('note("the {outcome} is open".format(outcome=outcome))', False),
        ('note("write {column: cell}")', False),
        ('get("/jobs/{job_id}")', False),
    ],
)
def test_a_forgotten_f_is_found(source: str, is_open: bool) -> None:
    assert bool(list(left_open(source))) == is_open


def test_no_message_is_left_with_a_placeholder() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {text}"
        for file in SOURCES
        for line, text in left_open(file.read_text(encoding="utf-8"))
    ]
    assert found == []
