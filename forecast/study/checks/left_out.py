"""Every row of a valid study that its numbers do not depend on, in words: asked by `check`, and noted in the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from forecast.study.document.document import Study
from forecast.study.document.prior import OutcomeKind
from forecast.study.rows.case_rows import cases_left_out
from forecast.study.rows.counts import read_observations
from forecast.study.rows.evidence_tables import settled_outcomes
from forecast.study.rows.judgment_rows import read_statements
from forecast.study.rows.judgments import Judgment, TrackRecord
from forecast.study.rows.left_out import LeftOut, left_out_words
from forecast.study.rows.observations import Resolved, read_resolutions
from forecast.study.rows.option_cases import option_cases_left_out
from forecast.study.rows.option_statements import latest_statements
from forecast.study.rows.quantity_rows import read_quantiles, read_values
from forecast.study.rows.row_reader import RowReader
from forecast.study.rows.settling import decided, is_contradicted


def rows_left_out(study: Study) -> tuple[str, ...]:
    """One sentence for each table and reason."""
    return left_out_words(
        [*_cases(study), *_counts(study), *_statements(study), *_resolutions(study), *_numbers(study)]
    )


def _cases(study: Study) -> Iterator[LeftOut]:
    for index, group in enumerate(study.reference_classes):
        path = f"reference_classes[{index}]"
        served = study.outcome(group.outcomes[0])
        if served.options is not None:
            yield from option_cases_left_out(group, served, study.calendar, path, study.table_files.get(path))
            continue
        binary = [name for name in group.outcomes if study.outcome(name).kind is OutcomeKind.BINARY]
        yield from cases_left_out(group, binary, study.calendar, path, study.table_files.get(path))


def _counts(study: Study) -> Iterator[LeftOut]:
    for index, indicator in enumerate(study.indicators):
        path = f"indicators[{index}]"
        reader = RowReader(indicator.table_rows, path, study.table_files.get(path), leaves_out=indicator.leaves_out)
        read_observations(reader, study.calendar)
        yield from reader.left_out


def _statements(study: Study) -> Iterator[LeftOut]:
    found = read_statements(study, study.table_files)
    yield from found.left_out
    settled = settled_outcomes(study)
    closed = _decided(study, settled)
    open_ones = []
    for judgment in found.judgments:
        if judgment.outcome in closed:
            why = f"about {judgment.outcome}, {closed[judgment.outcome]}, so not used"
            yield LeftOut("judgments", study.table_files.get("judgments"), judgment.row, why)
        elif is_contradicted(judgment, study, settled):
            why = f"given {judgment.condition}, which is known not to be so, so not used"
            yield LeftOut("judgments", study.table_files.get("judgments"), judgment.row, why)
        else:
            open_ones.append(judgment)
    latest = latest_statements(found.option_statements)
    for statement in found.option_statements:
        first = next(iter(statement.probabilities))
        why = "the same expert said something later on the same outcome"
        if first in closed:
            why = f"about {statement.outcome}, which is known to have turned out, so not used"
        if first in closed or statement not in latest:
            for row in statement.rows:
                yield LeftOut("judgments", study.table_files.get("judgments"), row, why)
    days = [(judgment.on, judgment.known_at) for judgment in open_ones]
    yield from _overtaken(study, "judgments", open_ones, days)
    records = found.track_records
    yield from _overtaken(study, "track_records", records, [(record.on or date.min, date.min) for record in records])


def _overtaken[Stated: (Judgment, TrackRecord)](
    study: Study, table: str, statements: Sequence[Stated], days: Sequence[tuple[date, date]]
) -> Iterator[LeftOut]:
    """Statements after which the same expert said something else on the same question."""
    latest: dict[tuple[str, str], tuple[date, date]] = {}
    for said, day in zip(statements, days, strict=True):
        about = said.expert, said.question
        latest[about] = max(latest.get(about, day), day)
    for said, day in zip(statements, days, strict=True):
        if day < latest[said.expert, said.question]:
            yield LeftOut(
                table,
                study.table_files.get(table),
                said.row,
                "the same expert said something later on the same question",
            )


def _decided(study: Study, settled: Mapping[str, Resolved]) -> dict[str, str]:
    """Outcomes about which nothing is open, and why."""
    return {
        name: f"which is known to have turned out {settled[name].resolution}" if by == name else f"which {by} excluded"
        for name, by in decided(study, settled).items()
    }


def _resolutions(study: Study) -> Iterator[LeftOut]:
    if study.resolutions is None:
        return
    block = study.resolutions
    file = study.table_files.get("resolutions")
    reader = RowReader(block.table_rows, "resolutions", file, leaves_out=block.leaves_out)
    read_resolutions(reader, study.outcomes, study.as_of)
    yield from reader.left_out


def _numbers(study: Study) -> Iterator[LeftOut]:
    quantities = {quantity.id: quantity for quantity in study.quantities}
    for name, block, read in (("values", study.values, read_values), ("quantiles", study.quantiles, read_quantiles)):
        if block is not None:
            reader = RowReader(block.table_rows, name, study.table_files.get(name), leaves_out=block.leaves_out)
            read(reader, quantities, study.as_of)
            yield from reader.left_out
