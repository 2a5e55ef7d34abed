"""The page of the interface: everything that /openapi.json has, and nothing from another host."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient


def test_every_operation_has_its_place(keyless: TestClient) -> None:
    page = keyless.get("/docs")
    assert page.status_code == 200
    document = keyless.get("/openapi.json").json()
    operations = [found["operationId"] for path in document["paths"].values() for found in path.values()]
    assert len(operations) > 50
    assert sorted(re.findall(r'<details id="(\w+)">', page.text)) == sorted(operations)


def test_fields_are_told_with_their_words(keyless: TestClient) -> None:
    text = keyless.get("/docs").text
    assert "<code>next_cursor</code>" in text
    assert "UUID" in text
    assert "Example of an answer" in text


def test_no_other_host_is_asked(keyless: TestClient) -> None:
    page = keyless.get("/docs")
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
