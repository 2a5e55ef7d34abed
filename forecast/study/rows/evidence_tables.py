"""The rows of a checked study as typed evidence, as of its date."""

from __future__ import annotations

from forecast.study.document.cases import Case
from forecast.study.document.document import Study
from forecast.study.document.evidence import TableBlock
from forecast.study.document.quantity import Quantity
from forecast.study.rows.counts import Observation, read_observations
from forecast.study.rows.judgment_rows import read_statements
from forecast.study.rows.judgments import Judgment, TrackRecord, latest_judgments, merge_track_records
from forecast.study.rows.observations import Resolved, read_resolutions
from forecast.study.rows.option_statements import OptionStatement, latest_statements
from forecast.study.rows.quantity_rows import HistoricalValue, StatedQuantile, read_quantiles, read_values
from forecast.study.rows.row_reader import RowReader
from forecast.study.rows.thresholds import decided_by_counts


def resolve_cases(study: Study) -> tuple[Case, ...]:
    """The historical cases known on the as-of date, by reference class in the order of their tables.

    Cases known later are left out; a spell that ended later, or has no end yet, is censored on the as-of date, and one
    without time at risk before it is left out.
    """
    return study.cases


def resolve_observations(study: Study) -> dict[str, tuple[Observation, ...]]:
    """The counts known on the as-of date by indicator, in order of time."""
    return {
        indicator.id: read_observations(_reader(indicator, f"indicators[{index}]"), study.calendar)
        for index, indicator in enumerate(study.indicators)
    }


def resolve_judgments(study: Study) -> tuple[Judgment, ...]:
    """The judgments known on the as-of date about days still to come, one per expert and question.

    What the expert said last counts, see `latest_judgments`.
    """
    return latest_judgments(read_statements(study, {}).judgments)


def resolve_option_statements(study: Study) -> tuple[OptionStatement, ...]:
    """The judgments of categorical outcomes known on the as-of date, one per expert and outcome: what was said last."""
    return latest_statements(read_statements(study, {}).option_statements)


def resolve_track_records(study: Study) -> tuple[TrackRecord, ...]:
    """The experts' track records up to the as-of date, one per expert and question, see `merge_track_records`."""
    return merge_track_records(read_statements(study, {}).track_records)


def resolve_resolutions(study: Study) -> tuple[Resolved, ...]:
    """The resolutions known on the as-of date."""
    if study.resolutions is None:
        return ()
    return read_resolutions(_reader(study.resolutions, "resolutions"), study.outcomes, study.as_of)


def resolve_values(study: Study) -> tuple[HistoricalValue, ...]:
    """Values of quantities in historical cases, known on the as-of date."""
    return () if study.values is None else read_values(_reader(study.values, "values"), _quantities(study), study.as_of)


def resolve_quantiles(study: Study) -> tuple[StatedQuantile, ...]:
    """Quantiles that experts stated, of each expert and quantity those of the last day."""
    if study.quantiles is None:
        return ()
    return read_quantiles(_reader(study.quantiles, "quantiles"), _quantities(study), study.as_of)


def _quantities(study: Study) -> dict[str, Quantity]:
    return {quantity.id: quantity for quantity in study.quantities}


def settled_outcomes(study: Study) -> dict[str, Resolved]:
    """Outcomes known on the as-of date to have turned out yes or no, by what became known last.

    One that was found ambiguous or annulled is as open as before. Where no row speaks of a threshold outcome, the counts do.
    """
    latest: dict[str, Resolved] = {}
    for resolved in resolve_resolutions(study):
        if resolved.outcome not in latest or latest[resolved.outcome].known_at <= resolved.known_at:
            latest[resolved.outcome] = resolved
    counts = any(outcome.indicator for outcome in study.outcomes)
    counted = decided_by_counts(study, resolve_observations(study)) if counts else {}
    stated = {outcome: found for outcome, found in latest.items() if found.resolution in ("yes", "no")}
    return stated | {outcome: found for outcome, found in counted.items() if outcome not in latest}


def _reader(block: TableBlock, path: str) -> RowReader:
    return RowReader(block.table_rows, path, None, leaves_out=block.leaves_out)
