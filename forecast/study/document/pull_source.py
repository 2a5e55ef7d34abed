"""The `sources` block: tables elsewhere that are fetched again and again, and whose rows become evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SkipValidation, WithJsonSchema

from forecast.errors import FieldError
from forecast.study.document.due_rule import MAX_CRON_CHARACTERS, Rule, read_rule
from forecast.study.document.evidence_kind import COLUMNS, EvidenceKind
from forecast.study.document.fields import Block, Id, Text, field_error
from forecast.study.reading.suggest import nearest_hint, unknown_name
from forecast.study.reading.table import Cell, canonical_cell

MAX_SOURCES: Final = 50
MAX_ADDRESS: Final = 2_000
LEAST_SECONDS: Final = 60.0
"""Between two fetches of one source."""
SCHEMES: Final = ("https", "http", "file")
_CELL: Final[dict[str, Any]] = {"type": ["string", "number", "boolean", "null"]}


def _cell(value: object) -> Cell:
    try:
        return canonical_cell(value)
    except ValueError as error:
        raise field_error(str(error)) from None


OneCell = Annotated[Cell, SkipValidation, BeforeValidator(_cell), WithJsonSchema(_CELL)]
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]


class PullSource(Block):
    """A CSV or JSON table at an address; installations say which hosts and folders may be asked."""

    id: Id
    """Id of the source."""
    url: Annotated[str, Field(min_length=1, max_length=MAX_ADDRESS)]
    """`https://...`, or `file:` with a path below the folder that the installation allows."""
    kind: EvidenceKind = EvidenceKind.OBSERVATIONS
    """Kind of evidence that its rows become."""
    columns: Annotated[dict[str, ColumnName], Field(max_length=20)] = {}
    """Column name of this format -> the table's; other columns count when they have a name of this format."""
    values: Annotated[dict[str, OneCell], Field(max_length=20)] = {}
    """Cells that are the same in every row, by column name, such as the indicator."""
    records: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Path of the list of rows in a JSON document, such as `data.items`; absent: the document itself is the list."""
    cron: Annotated[str, Field(max_length=MAX_CRON_CHARACTERS)] = "0 5 * * *"
    """When it is fetched: minute, hour, day of month, month, day of week."""
    timezone: Annotated[str, Field(max_length=64)] = "UTC"
    """IANA time zone of `cron`."""
    note: Text | None = None
    """Free text about the source."""

    def rule(self, anchor: datetime) -> Rule:
        """When it is fetched."""
        rule, errors = read_rule(self.cron, None, self.timezone, anchor, least_seconds=LEAST_SECONDS)
        if rule is None:
            raise ValueError(f"{errors[0]}; expected a source of a study that has been checked")
        return rule


def source_errors(sources: Iterable[PullSource], indicators: Iterable[str]) -> list[FieldError]:
    """Everything wrong with sources that their fields alone cannot say."""
    names = tuple(indicators)
    errors: list[FieldError] = []
    for index, source in enumerate(sources):
        path = f"sources[{index}]"
        errors += _address_errors(path, source.url)
        # Any anchor will do: a rule that is due too often is so at all times.
        _, found = read_rule(
            source.cron, None, source.timezone, datetime(2024, 1, 1, tzinfo=UTC), least_seconds=LEAST_SECONDS
        )
        errors += [FieldError(f"{path}.{error.path}", error.code, error.message) for error in found]
        errors += _column_errors(path, source)
        indicator = source.values.get("indicator")
        if source.kind is EvidenceKind.OBSERVATIONS and indicator is not None:
            errors += unknown_name(f"{path}.values.indicator", str(indicator), names, "an indicator")
    return errors


def _address_errors(path: str, url: str) -> Iterable[FieldError]:
    def error(seen: str) -> FieldError:
        message = f"{seen}; expected https://host/table.csv, or file:table.csv; correct the address"
        return FieldError(f"{path}.url", "address", message)

    if any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
        yield error("an address with spaces or control characters")
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        yield error(f"{url[:80]!r} is no address")
        return
    if parts.scheme not in SCHEMES:
        yield error(f"{url[:80]!r} begins with {parts.scheme or 'nothing'}")
    elif parts.username is not None or parts.password is not None:
        yield error("an address with a user name or password, which every reader of the study would see")
    elif parts.scheme == "file" and (host or not parts.path):
        yield error(f"{url[:80]!r} names {'another machine' if host else 'no file'}")
    elif parts.scheme != "file" and not host:
        yield error(f"{url[:80]!r} names no host")


def _column_errors(path: str, source: PullSource) -> Iterable[FieldError]:
    known = COLUMNS[source.kind]
    blocks: Mapping[str, Iterable[str]] = {"columns": source.columns, "values": source.values}
    for block, names in blocks.items():
        for name in names:
            if name not in known:
                message = f"unknown column; expected one of {', '.join(known)}; {nearest_hint(name, known)}"
                yield FieldError(f"{path}.{block}.{name[:60]}", "unknown_column", message)
    for name in source.columns.keys() & source.values.keys():
        message = "also one of `values`; expected it once; remove one"
        yield FieldError(f"{path}.columns.{name[:60]}", "twice", message)
