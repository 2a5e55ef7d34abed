"""What rows of judgments and track records may not mean: one person in several spellings, certainty, and repetition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from forecast.study.reading.problems import shown
from forecast.study.rows.judgment_rows import Statements
from forecast.study.rows.judgments import Judgment, TrackRecord
from forecast.study.rows.option_statements import OptionStatement
from forecast.study.rows.row_reader import row_place

_MOST_LISTED: Final = 5
"""Rows in one message."""
_LOOKALIKES: Final = str.maketrans("аеорсухіјѕкмнтвαορεικν", "aeopcyxijskmhtbaopeikv")
"""Letters of other scripts that look like Latin ones, in small letters."""
_ACCENTED: Final = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")
"""Scripts whose marks people leave out; elsewhere they are vowels or other consonants."""
_SIGNS: Final = "#@&%*\N{ONE DOT LEADER}"
"""Marks of punctuation that tell names apart."""
_POINT: Final = re.compile(r"(?<=\d)[.,](?=\d)")

type Question = tuple[str, str]
type Statement = Judgment | TrackRecord


def questions_of_statements(statements: Statements, table_files: Mapping[str, str]) -> Iterator[Question]:
    """Everything that is asked of single rows; `table_files` names the CSV file of a table, for messages."""
    tables: dict[str, Sequence[Statement]] = {
        "judgments": statements.judgments,
        "track_records": statements.track_records,
    }
    yield from _spellings(tables, statements.option_statements, table_files)
    for table, rows in tables.items():
        yield from _certainties(table, rows, table_files.get(table))
        yield from _repetitions(table, rows, table_files.get(table))


def _spellings(
    tables: Mapping[str, Sequence[Statement]], options: Sequence[OptionStatement], files: Mapping[str, str]
) -> Iterator[Question]:
    """Names that differ in case, spaces, marks, the order of words or look-alike letters alone."""
    placed: dict[str, list[str]] = {}
    for about_options in options:
        place = row_place(files.get("judgments"), "judgments", about_options.rows[0])
        placed.setdefault(about_options.expert, []).append(place)
    for table, rows in tables.items():
        for statement in rows:
            placed.setdefault(statement.expert, []).append(row_place(files.get(table), table, statement.row))
    written: dict[str, dict[str, list[str]]] = {}
    for name, places in placed.items():
        written.setdefault(person(name), {})[name] = places
    for names in written.values():
        if len(names) > 1:
            listed = [f"{shown(name)} ({_listed(places)})" for name, places in names.items()]
            asked = (
                f"are {'; '.join(listed)} one person? They count as {len(names)} experts with errors of their own; write one "
                "name alike in all rows, or tell the names further apart"
            )
            yield "one_person", asked


def person(name: str) -> str:
    """The words of a name, sorted and joined, without case, accents, punctuation and other scripts' look-alikes.

    What tells names apart stays: vowel signs and marks of scripts that are not written without them, the signs of `C++` and
    `C#`, and the point of 1.5.
    """
    plain = _POINT.sub("\N{ONE DOT LEADER}", _without_accents(unicodedata.normalize("NFKD", name).casefold()))
    kept = "".join(map(_kept, plain.translate(_LOOKALIKES)))
    return "".join(sorted(kept.split())) or name


def _without_accents(name: str) -> str:
    """A decomposed name without the marks of letters that keep their sound, roughly, without them."""
    kept, is_accented = [], False
    for letter in name:
        if not unicodedata.combining(letter):
            is_accented = unicodedata.name(letter, "").startswith(_ACCENTED)
        elif is_accented:
            continue
        kept.append(letter)
    return "".join(kept)


def _kept(letter: str) -> str:
    """What a character adds to a name: itself, nothing, or the end of a word."""
    category = unicodedata.category(letter)
    if category == "Cf" or letter in "'’":
        return ""
    if letter.isalnum() or letter in _SIGNS or category[0] == "M" or category in ("Sm", "Sc", "So"):
        return letter
    return " "


def _certainties(table: str, rows: Sequence[Statement], file: str | None) -> Iterator[Question]:
    """Statements of 1 that may be one per cent: the question did not come true, as far as is known, and no other statement says
    that it is likelier than not."""
    said: dict[str, list[Statement]] = {}
    for statement in rows:
        said.setdefault(statement.question, []).append(statement)
    for members in said.values():
        certain = [statement for statement in members if statement.probability == 1.0]
        others = [statement.probability for statement in members if statement.probability < 1.0]
        came_true = any(isinstance(statement, TrackRecord) and statement.outcome for statement in members)
        if not certain or came_true or (others and sum(others) > 0.5 * len(others)):
            continue
        listed = _listed([f"{shown(each.expert)} ({row_place(file, table, each.row)})" for each in certain])
        beside = f"; others say {', '.join(f'{p:g}' for p in others[:_MOST_LISTED])}" if others else ""
        asked = (
            f"is one per cent meant by the 1 of {listed} for {shown(certain[0].question)}? It is read as certainty{beside}; "
            "one per cent is 0.01"
        )
        yield "certainty", asked


def _repetitions(table: str, rows: Sequence[Statement], file: str | None) -> Iterator[Question]:
    """Rows of one expert about one question on one day."""
    same: dict[tuple[str, str, tuple[date | None, ...]], list[Statement]] = {}
    for statement in rows:
        same.setdefault((statement.expert, statement.question, _days(statement)), []).append(statement)
    for (expert, question, (on, *_)), members in same.items():
        if len(members) < 2:
            continue
        said = list(dict.fromkeys(f"{member.probability:g}" for member in members))
        places = _listed([row_place(file, table, member.row) for member in members])
        day = f" on {on}" if on is not None else ""
        if len(said) == 1:
            asked = f"{shown(expert)} says {said[0]} of {shown(question)} {len(members)} times{day} ({places}); leave one row"
        else:
            asked = (
                f"{shown(expert)} says {' and '.join(said[:_MOST_LISTED])} of {shown(question)}{day} ({places}); their mean on "
                "the log odds is used: which of them holds?"
            )
        yield "repeated_statement", asked


def _days(statement: Statement) -> tuple[date | None, ...]:
    return (statement.on, statement.known_at) if isinstance(statement, Judgment) else (statement.on,)


def _listed(places: Iterable[str]) -> str:
    """Places, the first ones by name."""
    every = list(places)
    more = f" and {len(every) - _MOST_LISTED} more" if len(every) > _MOST_LISTED else ""
    return ", ".join(every[:_MOST_LISTED]) + more
