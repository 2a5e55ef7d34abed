"""Writes docs/openapi.json, the description of the interface as an installation with default settings serves it.

``python -m tests.contract.openapi`` writes it; tests/contract/test_openapi.py holds it true.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from api.app import create_app
from forecast.runtime.settings import Settings

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
COMMAND: Final = "python -m tests.contract.openapi"


def interface() -> dict[str, Any]:
    """The description as an object."""
    with TemporaryDirectory() as home:
        return create_app(Settings(home=Path(home), root_path="")).openapi()


def text(document: dict[str, Any]) -> str:
    """The description as the file holds it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(interface()), encoding="utf-8")
