"""What tests read of a page: its elements, its text, and the way to get it."""

from __future__ import annotations

from html.parser import HTMLParser

from fastapi.testclient import TestClient

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\u202e{{ 7 * 7 }}'
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "li", "p", "span", "h1", "h2", "h3", "dt", "dd", "a"}:
            self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


def plain(text: str) -> str:
    """Text with single spaces, as a person reads it."""
    return " ".join(text.replace("\u00a0", " ").split())


def get(client: TestClient, path: str) -> str:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text
