"""Cells of a binary outcome: successes of trials, or yes and no."""

from __future__ import annotations

from forecast.study.document.cases import Trial
from forecast.study.document.fields import TRUTHS
from forecast.study.rows.case_layout import TrialColumns
from forecast.study.rows.row_reader import RowReader


def read_trial(reader: RowReader, index: int, columns: TrialColumns, *, is_shared: bool) -> Trial | None:
    """What a row says of a binary outcome; None for nothing, or for what is wrong.

    Parameters
    ----------
    is_shared
        Whether the class serves other outcomes as well, so that a blank says nothing of this one.
    """
    column = columns.successes
    trials = reader.number(index, columns.trials, low=0.0, default=1.0, whole=True)
    cell = reader.rows[index].get(column)
    if cell is None and is_shared:
        return None
    if isinstance(cell, str) and cell.lower() in TRUTHS:
        successes: float | None = TRUTHS[cell.lower()]
        if trials is not None and trials > 1.0:
            message = (
                f"{cell!r} for {trials:g} trials; expected how many of them succeeded; write the number, or name a "
                "column of trials for this outcome in `trial_columns`"
            )
            reader.fail(index, column, "word_for_count", message)
    else:
        successes = reader.number(index, column, low=0.0, whole=True)
    if successes is None or trials is None:
        return None
    if successes > trials:
        message = f"{successes:g} successes in {trials:g} trials; expected at most as many; correct one of them"
        reader.fail(index, column, "too_many_successes", message)
    return Trial(successes, trials) if trials > 0.0 else None
