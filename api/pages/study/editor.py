"""The page on which a study is written: checked line by line, looked at under its priors alone, stored and forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from api.pages.shared.page import PageContext
from api.root_path import here


@dataclass(frozen=True)
class Example:
    """A study that comes with the package."""

    name: str
    url: str
    """Where its files are."""


@dataclass(frozen=True)
class KeyHelp:
    """A key of the document and what it is for."""

    key: str
    said: str


@dataclass(frozen=True, kw_only=True)
class EditorPage(PageContext):
    """A new study, or another version of one that is stored."""

    template: ClassVar[str] = "editor.html"

    heading: str
    study: str | None
    """The stored one that is changed."""
    text: str
    examples: tuple[Example, ...]
    keys: tuple[KeyHelp, ...]


KEYS = (
    KeyHelp("study", "id: small letters, digits and hyphens"),
    KeyHelp("title", "what readers see"),
    KeyHelp("as_of", "the date up to which evidence is used"),
    KeyHelp("period", "day, week, month, quarter or year"),
    KeyHelp("horizon", "how many periods ahead"),
    KeyHelp("outcomes", "what is uncertain: event, binary or threshold, each with resolution and prior"),
    KeyHelp("reference_classes", "comparable historical cases, as rows or a table beside the document"),
    KeyHelp("indicators, factors", "monthly warning signs and the hidden states that drive them"),
    KeyHelp("judgments, track_records", "stated probabilities, and how their authors have done"),
    KeyHelp("experts", "how far experts may err, before their track records are read"),
    KeyHelp("links, dependence", "how outcomes act on one another"),
    KeyHelp("changes", "rates or odds that change on stated days, such as the end of a notice period"),
    KeyHelp(
        "scenarios", "expressions over outcomes: and, or, not, by(outcome, date), before(a, b), at_least(2, a, b, c)"
    ),
)

BEGINNING = """\
study: my-study
title: What is asked
as_of: {today}
period: month
horizon: 24
outcomes:
  - id: agreement
    title: An agreement is signed
    kind: event
    resolution:
      criteria: Both governments have signed the text.
      source: Their official gazettes.
    prior:
      distribution: {{probability: {{median: 0.2, low: 0.05, high: 0.5}}, by: 24}}
      source: The desk
      rationale: One in five such rounds came to a signature within two years.
scenarios:
  - id: within_a_year
    title: It is signed within a year
    when: by(agreement, 12)
"""
"""A study that can be forecast as it stands."""


def build_editor(
    *, today: str, examples: tuple[str, ...], study: str | None = None, text: str | None = None
) -> EditorPage:
    """The page.

    Parameters
    ----------
    today
        ISO date, for the beginning that is offered.
    examples
        Names of the studies that come with the package.
    study, text
        Id and document of the stored study that is changed.
    """
    return EditorPage(
        page_title="New study" if study is None else f"Change {study}",
        heading="A new study" if study is None else f"Another version of {study}",
        study=study,
        text=BEGINNING.format(today=today) if text is None else text,
        examples=tuple(Example(name, here(f"/v1/examples/{name}")) for name in examples),
        keys=KEYS,
    )
